"""How work is made for a web request: the transaction, who acts, when, from where; and our four cookies."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from ssl import SSLSocket
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, current_app, g, request  # noqa: TID251 (this is the one place)
from werkzeug.exceptions import TooManyRequests

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import Event, SignOnRefused
from idp.audit.log import record
from idp.base import certificates
from idp.base.db import Database
from idp.base.errors import IdpError
from idp.base.ids import TOKEN_BODY_LENGTH, new_id
from idp.base.places import Places
from idp.base.work import ANONYMOUS, Actor, Origin, Work, nowhere
from idp.settings import ProxySettings, Settings
from idp.signon import lockout
from idp.signon import session as session_
from idp.signon.browser_state import browser_state as browser_state_of
from idp.signon.session import CurrentSession

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_EXTENSION = "ostiary"
_LONGEST_USER_AGENT = 512
_LONGEST_CERTIFICATE = 512
_A_YEAR = 31536000
_SECURE_COOKIES = ("__Host-ostiary_session", "__Host-ostiary_browser", "__Host-ostiary_devices")
_COOKIES_ON_LOOPBACK = ("ostiary_session", "ostiary_browser", "ostiary_devices")

log = structlog.get_logger("idp.web")


@dataclass(frozen=True, slots=True)
class Installation:
    """What every request shares."""

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    places: Places = field(default_factory=Places)


def install(app: Flask, installation: Installation) -> None:
    """Make *installation* known to the requests of *app*."""
    app.extensions[_EXTENSION] = installation
    app.after_request(_write_cookies)


def installation() -> Installation:
    """Return what every request shares."""
    return current_app.extensions[_EXTENSION]  # type: ignore[no-any-return]


def installation_of(app: Flask) -> Installation:
    """Return what every request of *app* shares."""
    return app.extensions[_EXTENSION]  # type: ignore[no-any-return]


def aside() -> AbstractContextManager[None]:
    """Let others work while this request waits for somebody outside; see `Door.aside`."""
    network = lockout.network_of(client_ip())
    return current_app.aside(network)  # type: ignore[attr-defined, no-any-return]  # every application here is a Door


def settings() -> Settings:
    """Return the settings of this installation."""
    return installation().settings


def request_id() -> str:
    """Return the id of this request, as logs and error pages show it."""
    here = g._get_current_object()
    made: str | None = here.get("request_id")
    if made is None:
        made = here.request_id = new_id("req")
    return made


def client_ip() -> str:
    """
    Return the address this request comes from.

    X-Forwarded-For counts only for as many hops as there are trusted proxies, from the right (I1).
    """
    return ip_of(request.environ, settings().proxy.trusted_hops)


def ip_of(environ: "WSGIEnvironment", hops: int) -> str:
    """As `client_ip`, of a request that is not (yet) Flask's, behind so many trusted proxies."""
    direct: str = environ.get("REMOTE_ADDR") or ""
    if hops == 0:
        return direct
    stated = environ.get("HTTP_X_FORWARDED_FOR", "")  # all its lines in one
    forwarded = [part.strip() for part in stated.split(",")] if stated.strip() else []
    return _without_port(forwarded[-hops][:64]) if len(forwarded) >= hops else direct


def _without_port(stated: str) -> str:
    """Some proxies append a port (192.0.2.1:4711, [2001:db8::1]:4711): with it, it would be no address to any rule."""
    if stated.startswith("["):
        return stated[1:].partition("]")[0]
    host, _, port = stated.partition(":")
    return host if "." in host and ":" not in port else stated


def origin(*, person: bool = True) -> Origin:
    """
    Return where this request comes from.

    Args:
        person: a person's browser may have sent it; without, no cookie of devices is looked for.
    """
    environ = request.environ
    return origin_of(environ, installation(), request_id(), _devices(environ) if person else "")


def origin_of(environ: "WSGIEnvironment", shared: Installation, request_id: str, devices: str) -> Origin:
    """
    As `origin`, of a request that is not (yet) Flask's.

    Args:
        devices: its cookie of devices; empty: none.
    """
    places, proxy = shared.places, shared.settings.proxy
    return Origin(
        door="web",
        ip=ip_of(environ, proxy.trusted_hops),
        request_id=request_id,
        user_agent=environ.get("HTTP_USER_AGENT", "")[:_LONGEST_USER_AGENT],
        devices=devices,
        certificate=certificate_of(environ, proxy),
        locate=places.locate if places.known else nowhere,
    )


def _devices(environ: "WSGIEnvironment") -> str:
    made: str | None = g.get("devices")
    if made or "HTTP_COOKIE" not in environ:
        return made or ""
    return request.cookies.get(_devices_cookie(), "")


def certificate_of(environ: "WSGIEnvironment", proxy: ProxySettings) -> str:
    """
    Return the subject of the client certificate that was verified; empty: none.

    Behind proxies the nearest one says it, and nobody else is believed (I1). The name of the header has neither
    hyphen nor underscore, so that no other header comes to be the same variable. Without proxies it is that of
    the connection itself, where the server hands its socket over (gunicorn does).
    """
    if not proxy.trusted_hops:
        return _certificate_of_connection(environ)
    if not proxy.certificate_header:
        return ""
    said: str = environ.get(f"HTTP_{proxy.certificate_header.upper()}", "")
    return said.strip()[:_LONGEST_CERTIFICATE] if said.isprintable() else ""


def _certificate_of_connection(environ: "WSGIEnvironment") -> str:
    """The subject as RFC 4514 writes it; what was not verified is not there (`ssl.SSLSocket.getpeercert`)."""
    connection = environ.get("gunicorn.socket")
    if not isinstance(connection, SSLSocket) or not connection.getpeercert():
        return ""
    presented = connection.getpeercert(binary_form=True)
    return "" if presented is None else certificates.subject(presented)[:_LONGEST_CERTIFICATE]


@contextmanager
def open_work(*, person: bool = True) -> Iterator[Work]:
    """
    Open the unit of work of this request; it commits at the end of the block.

    The actor is the account of the browser's session, if there is one.

    Args:
        person: a person's browser may have sent this request; without, no session is looked for
            (at the addresses that only programs call).
    """
    shared = installation()
    with shared.database.transaction() as tx:
        work = Work(
            tx=tx,
            actor=ANONYMOUS,
            now=shared.clock(),
            origin=origin(person=person),
        )
        session = current_session(work) if person else None
        yield work if session is None else acting(work, session)


def acting(work: Work, session: CurrentSession) -> Work:
    """Return *work* with the account of *session* as its actor."""
    actor = Actor("account", session.account_id, session.email, session.organization_id)
    return Work(work.tx, actor, work.now, work.origin)


def current_session(work: Work) -> CurrentSession | None:
    """Return the live session of this browser, read once per transaction."""
    here = g._get_current_object()  # once: each name asked of `g` looks for it anew
    token = here.get("new_session_token") or request.cookies.get(_session_cookie(), "")
    if not token:
        return None
    held: tuple[object, CurrentSession | None] | None = here.get("held_session")
    if held is None or held[0] is not work.tx:
        found = session_.find(work, token)
        here.held_session = (work.tx, found)
        if found is not None:
            session_.touch(work, found)
        else:
            here.setdefault("browser_state", "")  # it is of a session that is over
        return found
    return held[1]


def organization_of_session(work: Work) -> str:
    """Return the id of the organization that this browser's session is of, without using it; empty: there is none."""
    token = request.cookies.get(_session_cookie(), "")
    found = session_.find(work, token) if token else None
    return "" if found is None else found.organization_id


def keep_session(token: str) -> None:
    """Give the browser the cookie of a session that was started or renewed."""
    g.new_session_token = token
    g.browser_state = ""
    g.pop("held_session", None)


def drop_session() -> None:
    """Take the session's cookie from the browser."""
    g.new_session_token = ""
    g.drop_session = True
    g.browser_state = ""
    g.pop("held_session", None)


def keep_devices(cookie: str) -> None:
    """Give the browser the cookie of the devices that it is known as; an empty one changes nothing."""
    if cookie:
        g.devices = cookie


def browser() -> str:
    """
    Return this browser's binding secret, made and set as a cookie when there is none.

    It signs nobody in: it ties sign-ons in progress and form tokens to one browser.
    """
    here = g._get_current_object()
    if "browser" not in here:
        held = request.cookies.get(_browser_cookie(), "")
        if is_browser(held):
            here.browser = held
        else:
            here.browser = secrets.token_urlsafe(32)
            here.new_browser = True
    return here.browser  # type: ignore[no-any-return]


def known_browser() -> str | None:
    """Return the binding secret that came with this request, None if there was none."""
    held = request.cookies.get(_browser_cookie(), "")
    return held if is_browser(held) else None


def is_browser(held: str) -> bool:
    """Say whether *held* has the form of a browser's binding secret."""
    return len(held) == TOKEN_BODY_LENGTH and held.isascii()


def browser_state(work: Work) -> str:
    """
    Return what applications may see changing of this browser's signing in; its cookie will say the same.

    It is set when an application is answered, and taken away with every sign-in and sign-out.
    """
    state = browser_state_of(installation().database.vault, current_session(work), browser())
    g.browser_state = state
    return state


def state_cookie() -> str:
    """Return the name of the cookie that holds `browser_state`."""
    return "__Host-ostiary_state" if settings().secure else "ostiary_state"


def save_refusal(trail: Trail, error: IdpError, event: Event | None = None) -> None:
    """
    Record a refusal whose transaction was rolled back: the attempt, and an audit entry.

    *event* is what to audit; a `SignOnRefused` where none is given. Of strangers of one network so many in
    a minute are recorded; the log has the others, under the same reference (I10).
    """
    trail.refused(error)
    log.info(
        "refused", reference=trail.id, kind=trail.kind, code=error.code, cause=error.cause, request_id=request_id()
    )
    with open_work() as work:
        if work.actor is ANONYMOUS and lockout.count_refusal(work, settings().throttling) is not None:
            log.info("refused, not recorded", reference=trail.id, kind=trail.kind, code=trail.code)
            return
        attempts.save(work, trail)
        record(
            work,
            event
            or SignOnRefused(
                organization_id=trail.organization_id,
                target_id=trail.application_id or trail.account_id or "",
                attempt_id=trail.id,
                code=trail.code,
            ),
        )


def count_beginning(work: Work) -> None:
    """
    Count a sign-on that is about to begin for somebody without a session.

    Raises:
        TooManyRequests: this network has begun too many within a minute (I10).
    """
    if current_session(work) is not None:
        return
    limits = settings().throttling
    waiting = lockout.count_beginning(work, limits)
    if waiting is not None:
        cause = f"more than {limits.sign_ons_per_minute} sign-ons within a minute were begun from this network"
        raise TooManyRequests(cause, retry_after=waiting.seconds)


def current_view() -> object:
    """Return the view that this request is for, None where there is none."""
    return view_of(request.endpoint or "")


def view_of(endpoint: str) -> object:
    """Return the view of *endpoint*, None where there is none."""
    return current_app.view_functions.get(endpoint)


def takes(endpoint: str, name: str) -> bool:
    """Say whether the address of *endpoint* has the variable part *name*."""
    return any(name in rule.arguments for rule in current_app.url_map.iter_rules(endpoint))


def endpoint_for(method: str) -> tuple[str, dict[str, Any]]:
    """Return the endpoint that this request's address has for *method*, and what its variable parts are."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None  # there is one for every request
    endpoint, values = adapter.match(method=method)
    return endpoint, dict(values)


def endpoint_of(path: str) -> str:
    """
    Return the endpoint of the page of ours at *path*.

    Raises:
        HTTPException: there is none.
    """
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None  # there is one for every request
    endpoint, _ = adapter.match(path_info=path, method="GET")
    return str(endpoint)


def pages_by_pattern() -> dict[str, tuple[str, frozenset[str]]]:
    """Return what answers to GET, by the pattern of its address: the endpoint, and the names of its variable parts."""
    rules = current_app.url_map.iter_rules()
    return {one.rule: (one.endpoint, frozenset(one.arguments)) for one in rules if "GET" in (one.methods or ())}


def _session_cookie() -> str:
    return cookie_names(settings())[0]


def _browser_cookie() -> str:
    return cookie_names(settings())[1]


def _devices_cookie() -> str:
    return cookie_names(settings())[2]


def cookie_names(settings: Settings) -> tuple[str, str, str]:
    """Return the names of the cookies of the session, of the browser, and of its devices."""
    return _SECURE_COOKIES if settings.secure else _COOKIES_ON_LOOPBACK


def _write_cookies(response: Response) -> Response:
    kept = g._get_current_object()
    if "browser_state" in kept:
        _write_state(response, g.browser_state)
    if not ("new_session_token" in kept or "new_browser" in kept or "devices" in kept):
        return response
    # Plain http is allowed on loopback only, and there a cookie cannot be Secure nor __Host- (docs/operate/install.md).
    secure = settings().secure
    if g.get("new_session_token"):
        response.set_cookie(
            _session_cookie(), g.new_session_token, path="/", secure=secure, httponly=True, samesite="Lax"
        )
    elif g.get("drop_session"):
        response.delete_cookie(_session_cookie(), path="/", secure=secure, httponly=True, samesite="Lax")
    if g.get("new_browser"):
        response.set_cookie(
            _browser_cookie(), g.browser, path="/", secure=secure, httponly=True, samesite="Lax", max_age=_A_YEAR
        )
    if g.get("devices"):
        response.set_cookie(
            _devices_cookie(), g.devices, path="/", secure=secure, httponly=True, samesite="Lax", max_age=_A_YEAR
        )
    return response


def _write_state(response: Response, state: str) -> None:
    """
    Set the cookie that `browser_state` says, or take it away.

    It is no secret, signs nobody in, and is read by a script of ours in frames of other sites: hence neither
    HttpOnly nor SameSite=Lax. SameSite=None wants Secure, which browsers take over http from loopback, too
    (Safari does not: there the frame knows nothing).
    """
    name = state_cookie()
    held = request.cookies.get(name, "")
    if state and state != held:
        response.set_cookie(name, state, path="/", secure=True, httponly=False, samesite="None")
    elif not state and held:
        response.delete_cookie(name, path="/", secure=True, httponly=False, samesite="None")
