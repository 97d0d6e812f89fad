"""How the web door tells the applications of a session that it is over: the table of tellers, and at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache

import structlog

from idp.base.errors import IdpError, Unavailable
from idp.base.work import ANONYMOUS, Origin, Work
from idp.oidc import logout_tokens
from idp.saml.logout import telling
from idp.settings import Settings
from idp.signon import backchannel
from idp.signon.logout import Started
from idp.signon.teller import Post, Tellers
from idp.web import context

_PATIENCE = 0.7

log = structlog.get_logger("idp.logout")


def tellers() -> Tellers:
    """Return how each protocol tells its applications."""
    return _tellers(context.settings().base_url)


def at_once(started: Started | None, *, wait: float = _PATIENCE) -> None:
    """
    Tell whoever can be called from here. Call it after the commit of the transaction that ended the session.

    It goes on beside this request: an application may have to ask us something (our keys) before it can
    answer, and this worker must be free for that. After *wait* seconds the page of steps says the rest.
    """
    if started is None or not started.id:
        return
    shared = context.installation()
    origin = Origin("web", context.client_ip(), context.request_id())
    table = tellers()

    @contextmanager
    def open_work() -> Iterator[Work]:
        with shared.database.transaction() as tx:
            yield Work(tx, ANONYMOUS, shared.clock(), origin)

    def tell() -> None:
        try:
            backchannel.at_once(open_work, table, started.organization_id, started.id, _post(shared.settings))
        except IdpError as error:  # the outbox goes on with it
            log.warning("not told at once", cause=error.cause, logout=started.id)

    thread = threading.Thread(target=tell, name="logout", daemon=True)
    thread.start()
    with suppress(Unavailable), context.aside():  # too many wait already: what is known by then is said
        thread.join(wait)


def at_once_to_the_end(started: Started | None) -> None:
    """Tell whoever can be called from here, and wait for their answers (at most six seconds)."""
    at_once(started, wait=backchannel.SECONDS + _PATIENCE)


def _post(settings: Settings) -> Post:
    return backchannel.posting(
        tuple(settings.egress.allow_addresses),
        http_loopback=settings.development.allow_http_loopback_applications,
    )


@lru_cache(maxsize=8)
def _tellers(base_url: str) -> Tellers:
    return {**telling.tellers(base_url), **logout_tokens.tellers(base_url)}
