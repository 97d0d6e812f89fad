"""
RP-Initiated Logout 1.0 (O31): an application asks that the session of this browser end.

It ends at once where the application shows an ID token of this very session; else the person is
asked. The browser goes back only to an address that is registered for that application.
``logout_hint`` and ``ui_locales`` (section 2) are taken and decide nothing: a hint that proves nothing
must end nothing, and pages have one language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.base.errors import PageError
from idp.base.texts import phrase, words_of
from idp.base.work import Work
from idp.oidc import answer, client_facts, hints, jose, session_ids
from idp.oidc.authorize.identify import well_formed
from idp.oidc.client_facts import ClientFacts
from idp.oidc.jose import Purpose, Unverified
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider
from idp.signon.session import CurrentSession

KIND = "oidc.logout"
KEPT = ("client_id", "post_logout_redirect_uri", "state")
"""What the page that asks the person hands on."""
_ADVICE = "Go back to the application. To sign out here, use “Sign out” of your applications page."


@dataclass(frozen=True, slots=True)
class ReturnTo:
    """
    Where the browser may go after a logout. Only `read` makes one, from a client and one of its own
    registered addresses: holding it is the proof.
    """

    redirect_uri: str
    state: str | None

    @property
    def url(self) -> str:
        return answer.with_query(self.redirect_uri, [("state", self.state)] if self.state is not None else [])


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A logout that an application asks for. ``certain``: no question to the person is needed."""

    client: ClientFacts | None
    return_to: ReturnTo | None
    certain: bool
    kept: dict[str, str]


def read(work: Work, provider: Provider, sent: Parameters, session: CurrentSession | None) -> LogoutRequest:
    """
    Return what is asked for, and whether the person must be asked first.

    Args:
        session: of this browser, with this provider's organization.

    Raises:
        PageError: a hint that is no ID token of ours, an unknown client, or an address that it
            has not registered; nothing is ended and nobody is sent anywhere.
    """
    if sent.repeated:
        raise _fault("repeated-parameter", "The application asked twice in one request.", "a parameter is repeated")
    hint = sent.get("id_token_hint")
    said = _hint(work, provider, hint) if hint is not None else {}
    client = _client(work, provider, sent.get("client_id"), said.get("aud"))
    address = sent.get("post_logout_redirect_uri")
    return_to = None if address is None else _return_to(client, address, sent.get("state"))
    certain = (
        client is not None
        and session is not None
        and bool(said)
        and said.get("sid") == session_ids.of(work, client, session.id)
    )
    kept = {name: sent.values[name] for name in KEPT if sent.get(name)}
    if client is not None:
        kept["client_id"] = client.client_id
    return LogoutRequest(client, return_to, certain, kept)


def keep(wanted: LogoutRequest) -> dict[str, str]:
    """Return what is to be kept of a logout while the other applications are told."""
    return wanted.kept


def again(work: Work, provider: Provider, kept: Mapping[str, Any]) -> ReturnTo:
    """
    Return where the browser may go of a logout that `keep` kept. The address is proven anew.

    Raises:
        PageError: the client, or the address, is registered no more.
    """
    client = _client(work, provider, kept.get("client_id"), None)
    return _return_to(client, kept.get("post_logout_redirect_uri", ""), kept.get("state"))


def _hint(work: Work, provider: Provider, hint: str) -> dict[str, str]:
    try:
        said = jose.verify(
            hint,
            Purpose.ID_TOKEN_HINT,
            hints.keys(work, provider, hint),
            issuer=provider.issuer,
            is_audience=lambda name: (
                client_facts.at_site(work, provider.organization_id, provider.site_id, name) is not None
            ),
            now=work.now,
        )
    except Unverified as error:
        raise _fault(
            "wrong-hint",
            "The application asked to sign you out in a way that cannot be trusted.",
            phrase("id_token_hint: %(error)s", error=words_of(error)),
            issuer=(jose.unverified_claim(hint, "iss") or "")[:500],
        ) from error
    return {"aud": said["aud"], "sid": said["sid"]}


def _client(work: Work, provider: Provider, stated: str | None, of_hint: str | None) -> ClientFacts | None:
    if stated is not None and of_hint not in (None, stated):
        raise _fault(
            "wrong-hint",
            "The application asked to sign you out in a way that cannot be trusted.",
            "client_id is not the audience of id_token_hint",
        )
    client_id = of_hint or stated
    if client_id is None:
        return None
    client = client_facts.at_site(work, provider.organization_id, provider.site_id, client_id)
    if client is None:
        raise _fault(
            "unknown-client",
            "This application is not known here.",
            phrase("no client %(client_id)s here", client_id=repr(client_id[:80])),
            client_id=client_id[:80],
        )
    return client


def _return_to(client: ClientFacts | None, address: str, state: str | None) -> ReturnTo:
    if client is None or address not in client.post_logout_redirect_uris:
        raise _fault(
            "unregistered-redirect-uri",
            "The application wants you to go on at an address that it has not registered.",
            phrase("post_logout_redirect_uri %(address)s", address=repr(address[:500])),
            client_id=client.client_id if client is not None else "",
            received=address[:500],
        )
    return ReturnTo(address, state if state is not None and well_formed(state) else None)


def _fault(code: str, message: str, cause: str, **facts: str) -> PageError:
    error = PageError(message, code=code, cause=cause, advice=_ADVICE)
    error.facts = facts
    return error
