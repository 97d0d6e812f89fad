"""The web door's table: what each family of errors looks like to a person."""

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from idp.audit.attempts import Trail
from idp.audit.events import AccessDenied
from idp.base.errors import Conflict, Forbidden, IdpError, Invalid, NotFound, PageError, Unavailable
from idp.directory import sites
from idp.signon import lockout
from idp.signon.pending import SignOnLost
from idp.web import context
from idp.web.access_log import route
from idp.web.render import page
from idp.web.security import PROTOCOL, StaleForm

STATUS: dict[type[IdpError], int] = {
    NotFound: 404,
    Conflict: 409,
    PageError: 400,
    Invalid: 422,
    Forbidden: 403,
    Unavailable: 503,
}

_ = str  # marks a sentence that is translated where it is shown
_HTTP_WORDS = {
    400: (_("This request could not be read."), _("Go back and try again.")),
    404: (_("There is no page at this address."), _("Check the address, or begin at your applications.")),
    405: (_("This address cannot be used in that way."), _("Go back and follow a link or a button.")),
    413: (_("What was sent is too large."), _("Send less, or ask your administrator.")),
    415: (_("What was sent has a form that is not taken here."), _("Go back and try again.")),
    429: (_("Too many requests came from your network."), _("Wait a minute, then try again.")),
}

TELL: dict[str, Callable[[IdpError, int, str], Response]] = {}
"""What tells a program, by its endpoint, what HTTP refuses: error, status and reference in, its answer out."""

TELL_BELOW: dict[str, Callable[[IdpError, int, str], Response]] = {}
"""The same by the beginning of a path: what is below it speaks to programs alone, also where there is nothing."""

log = structlog.get_logger("idp.web")


def install(app: Flask) -> None:
    """Answer every error of *app* with a page, and record refusals."""
    app.register_error_handler(IdpError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def status_of(error: IdpError) -> int:
    """Return the HTTP status of *error*'s family."""
    return next((code for family, code in STATUS.items() if isinstance(error, family)), 500)


def _refused(error: IdpError) -> Response:
    status = status_of(error)
    reference = context.request_id()
    if isinstance(error, Forbidden):
        reference = _record(error)
    elif isinstance(error, SignOnLost) and not error.attempt_id:
        reference = _write_down(Trail(kind="sign-on"), error) or reference
    log.info("refused", code=error.code, cause=error.cause, request_id=context.request_id(), route=route())
    template = "errors/lost.html" if isinstance(error, SignOnLost | StaleForm) else "errors/error.html"
    response = page(template, status, error=error, reference=getattr(error, "attempt_id", "") or reference)
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def page_for(error: IdpError, reference: str) -> Response:
    """Return the page for a protocol request that was refused; its attempt is *reference*."""
    response = page("errors/error.html", status_of(error), error=error, reference=reference)
    if status_of(error) == 503:
        response.headers["Retry-After"] = "5"
    return response


def _record(error: IdpError) -> str:
    trail = Trail(kind="page")
    event = AccessDenied(organization_id=None, target_id="", what=f"{request.method} {request.path}"[:200])
    context.save_refusal(trail, error, event)
    return trail.id


def _write_down(trail: Trail, error: IdpError) -> str:
    """Record the refusal of what a stranger sent; return its reference, empty where the network has too many."""
    with context.open_work() as work:
        if not lockout.may_be_written_down(work):
            return ""
    context.save_refusal(trail, error)
    return trail.id


def _http(error: HTTPException) -> Response:
    """
    Answer what HTTP itself refuses.

    At an endpoint of a protocol it is an attempt like any other refusal there, and told in the
    protocol's own way. An address that nobody knows is none: whoever tries addresses at random
    writes no rows; the log has them.
    """
    status = error.code or 500
    message, advice = _HTTP_WORDS.get(status, (_("This request cannot be answered."), _("Go back and try again.")))
    shown = IdpError(message, code=f"http-{status}", advice=advice, cause=_cause(error, status))
    reference, (endpoint, values) = context.request_id(), _meant(error)
    tell = TELL.get(endpoint) if status != 404 else None
    tell = tell or next((told for below, told in TELL_BELOW.items() if request.path.startswith(below)), None)
    if status != 404 and getattr(context.view_of(endpoint), "guard", None) == PROTOCOL:
        reference = _of_protocol(endpoint, values, shown) or reference
    response = (
        tell(shown, status, reference)
        if tell is not None
        else page("errors/error.html", status, error=shown, reference=reference)
    )
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _cause(error: HTTPException, status: int) -> str:
    if status == 413:
        return f"the request is larger than is taken here: {request.content_length or 'unknown'} octets"
    if status == 405:
        return f"{request.method} is not for this address"
    if status == 429:
        return error.description or ""
    return f"HTTP {status}"


def _meant(error: HTTPException) -> tuple[str, dict[str, Any]]:
    """Return endpoint and variable parts of this request; where the method was wrong, those that another one finds."""
    methods = error.valid_methods if isinstance(error, MethodNotAllowed) else None
    if request.endpoint or not methods:
        return request.endpoint or "", request.view_args or {}
    return context.endpoint_for(sorted(methods)[0])


def _of_protocol(endpoint: str, values: dict[str, Any], error: IdpError) -> str:
    trail = Trail(kind=f"{endpoint.partition('.')[0]}.request")
    slug = values.get("slug")
    if slug is not None:
        with context.open_work(person=False) as work:
            site = sites.facts(work, slug)
        if site is None:
            return ""  # an address that nobody knows, too
        trail.organization_id, trail.site_id = site.organization_id, site.id
    return _write_down(trail, error)


def _unexpected(error: Exception) -> Response:
    log.error("unexpected error", request_id=context.request_id(), route=route(), exc_info=error)
    tell = next((told for below, told in TELL_BELOW.items() if request.path.startswith(below)), None)
    shown = IdpError(
        "Something went wrong on our side.",
        code="internal-error",
        advice="Try again. If it happens again, tell your administrator the reference.",
    )
    if tell is not None:
        return tell(shown, 500, context.request_id())
    return page("errors/error.html", 500, error=shown, reference=context.request_id())
