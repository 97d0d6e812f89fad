"""
Who may knock at a route, form tokens, and the headers of every answer.

Each view carries one guard; a view without one stops the start (threats D5):

    public      anyone; forms need a token
    signed_in   a person with a session that policies still take; forms need a token
    administrator   a person who administers something, with a session that the console takes; forms need a token
    protocol    a protocol peer; the protocol's own checks guard it
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

from flask import Flask, Response, g, request
from flask.globals import request_ctx
from werkzeug.exceptions import MethodNotAllowed

from idp.base.crypto import equal
from idp.base.errors import Forbidden
from idp.base.work import Work
from idp.signon import pending
from idp.signon.session import CurrentSession
from idp.web import context
from idp.web.door import Answer

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC, SIGNED_IN, ADMINISTRATOR, PROTOCOL = "public", "signed_in", "administrator", "protocol"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NO_GUARD = frozenset({"static"})


def public(view: View) -> View:
    """Anyone may call this view."""
    return _guarded(view, PUBLIC)


def signed_in(view: View) -> View:
    """Only a person with a session may call this view; others are asked to sign in first."""
    return _guarded(view, SIGNED_IN)


def administrator(view: View) -> View:
    """Only a person who administers something may call this view; what they may do there, the verbs decide."""
    return _guarded(view, ADMINISTRATOR)


def protocol(view: View) -> View:
    """A protocol peer calls this view; no form token, the protocol has its own checks."""
    return _guarded(view, PROTOCOL)


def acts(view: View) -> View:
    """This view does something when it is asked by GET, so it is not asked by HEAD (RFC 9110 sections 9.2.1, 9.3.2)."""

    @wraps(view)
    def answered(*args: Any, **values: Any) -> Any:
        if request.method == "HEAD":
            adapter = request_ctx.url_adapter
            methods = set() if adapter is None else {*adapter.allowed_methods()}
            raise MethodNotAllowed(sorted(methods - {"HEAD"}))
        return view(*args, **values)

    return cast(View, answered)


def _guarded(view: View, guard: str) -> View:
    view.guard = guard  # type: ignore[attr-defined]
    return view


@dataclass(frozen=True, slots=True)
class Entrance:
    """
    How the pages behind a guard are entered.

    Args:
        is_open: whether this session will do.
        ask: answers to someone without a session that will do.
    """

    is_open: Callable[[Work, CurrentSession | None], bool]
    ask: Callable[[], Response]


def install(app: Flask, entrances: Mapping[str, Entrance]) -> None:
    """Put the guards before every view of *app* and the headers on every answer; *entrances* by their guard."""

    def check() -> Response | None:
        return _check(entrances)

    app.before_request(check)
    app.after_request(_headers)


def check_guards(app: Flask) -> None:
    """
    Raises:
        RuntimeError: a route does not state who may call it.
    """
    bare = [n for n, view in app.view_functions.items() if n not in _NO_GUARD and not hasattr(view, "guard")]
    if bare:
        raise RuntimeError(f"these views state no guard: {', '.join(sorted(bare))}")


def csrf_token() -> str:
    """Return the token that every form of this browser carries."""
    key = context.installation().database.vault.derived("form-token")
    return hmac.new(key, context.browser().encode("ascii"), hashlib.sha256).hexdigest()


def _check(entrances: Mapping[str, Entrance]) -> Response | None:
    view = context.current_view()
    guard = getattr(view, "guard", None)
    if guard is None or guard == PROTOCOL:
        return None
    if request.method not in _SAFE:
        _check_form()
    entrance = entrances.get(guard)
    if entrance is not None:
        with context.open_work() as work:
            good_enough = entrance.is_open(work, context.current_session(work))
        if not good_enough:
            return entrance.ask()
    return None


def _check_form() -> None:
    sent_from = request.headers.get("Sec-Fetch-Site", "same-origin")
    if sent_from not in ("same-origin", "none") or context.known_browser() is None:
        raise _stale("a cross-site form, or no browser cookie")
    if not equal(request.form.get("csrf_token", ""), csrf_token()):
        raise _stale("the form token does not match")


class StaleForm(Forbidden):
    """
    A form without its token. On the page of a sign-on, ``application_name`` and ``start_again_url`` say
    where to begin anew: as much as any browser is told that has the sign-on's address (`pending.SignOnLost`).
    """

    def __init__(self, cause: str, application_name: str, start_again_url: str) -> None:
        super().__init__(
            "This form is too old, or it did not come from our page.",
            code="form-token",
            advice="Go back, load the page again, and send the form once more. Cookies must be allowed.",
            cause=cause,
        )
        self.application_name, self.start_again_url = application_name, start_again_url


def _stale(cause: str) -> StaleForm:
    application_name = start_again_url = ""
    if _on_a_page_of_a_sign_on():
        with context.open_work(person=False) as work:
            application_name, start_again_url = pending.where_to_begin(work, (request.view_args or {})["handle"])
    return StaleForm(cause, application_name, start_again_url)


def allow_form_action(*sources: str) -> None:
    """Let forms of this answer lead to *sources* (CSP ``form-action``), beside ourselves."""
    g.form_action = [*g.get("form_action", []), *(s for s in sources if s)]


def allow_framing(*sources: str) -> None:
    """Let pages of *sources* hold this answer in a frame (CSP ``frame-ancestors``); nobody else may."""
    g.frame_ancestors = sources


def allow_frames(*sources: str) -> None:
    """Let this page hold frames of *sources* (CSP ``frame-src``)."""
    g.frame_src = sources


def headers_in_a_sign_on(form_action: tuple[str, ...], *, secure: bool) -> list[tuple[str, str]]:
    """
    Return the headers of a page of a protocol that is made without Flask; those that every such page has.

    Args:
        form_action: as for `allow_form_action`.
        secure: our base URL is https.
    """
    policy = _policy(form_action, (), _NOBODY)
    first = [("Content-Security-Policy", policy), ("Cache-Control", "no-store"), ("Vary", "Cookie"), *_OF_A_SIGN_ON]
    return [*first, *_OVER_HTTPS] if secure else first


def _headers(response: Response) -> Response:
    here, headers = g._get_current_object(), response.headers
    if "Content-Security-Policy" not in headers:
        policy = _policy(
            tuple(here.get("form_action", ())), here.get("frame_src", ()), here.get("frame_ancestors", _NOBODY)
        )
        headers.add("Content-Security-Policy", policy)
    if "Cache-Control" not in headers:
        headers.add("Cache-Control", "no-store")
        headers["Vary"] = "Cookie"
    assert isinstance(response, Answer)  # every application here is a Door
    response.add_constants(_OF_A_SIGN_ON if _in_a_sign_on() else _OF_ANY_OTHER)
    if context.settings().secure:
        response.add_constants(_OVER_HTTPS)
    headers.add("X-Request-Id", context.request_id())
    return response


def _in_a_sign_on() -> bool:
    """
    Say whether an application may have opened this page in a pop-up window that must keep its opener:
    the answer goes back through it (ADR 28). Every answer on the way counts, redirects too.
    """
    return getattr(context.current_view(), "guard", None) == PROTOCOL or _on_a_page_of_a_sign_on()


def _on_a_page_of_a_sign_on() -> bool:
    """The pages of a sign-on (`/signin/<handle>`) are in blueprints of their own: ``signin``, ``signin_pass`` …"""
    return (request.blueprint or "").partition("_")[0] == "signin"


_SELF, _NOBODY = "'self'", ("'none'",)
_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
_OF_A_SIGN_ON = (*_ALWAYS, ("Cross-Origin-Opener-Policy", "unsafe-none"))
_OF_ANY_OTHER = (*_ALWAYS, ("Cross-Origin-Opener-Policy", "same-origin"))
_OVER_HTTPS = (("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),)


@lru_cache(maxsize=512)
def _policy(form_action: tuple[str, ...], frame_src: tuple[str, ...], frame_ancestors: tuple[str, ...]) -> str:
    frames = f"frame-src {' '.join(frame_src)}; " if frame_src else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        f"{frames}form-action {' '.join((_SELF, *form_action))}; base-uri 'none'; "
        f"frame-ancestors {' '.join(frame_ancestors)}"
    )
