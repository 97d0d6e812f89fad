"""The web door's table: what each family of errors looks like to a person."""

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from idp.audit.attempts import Trail
from idp.audit.events import AccessDenied
from idp.base.errors import Conflict, Forbidden, IdpError, Invalid, NotFound, PageError, Unavailable
from idp.signon.pending import SignOnLost
from idp.web import context
from idp.web.access_log import route
from idp.web.render import page

STATUS: dict[type[IdpError], int] = {
    NotFound: 404,
    Conflict: 409,
    PageError: 400,
    Invalid: 422,
    Forbidden: 403,
    Unavailable: 503,
}

_HTTP_WORDS = {
    400: ("This request could not be read.", "Go back and try again."),
    404: ("There is no page at this address.", "Check the address, or begin at your applications."),
    405: ("This address cannot be used in that way.", "Go back and follow a link or a button."),
    413: ("What was sent is too large.", "Send less, or ask your administrator."),
    415: ("What was sent has a form that is not taken here.", "Go back and try again."),
    429: ("Too many requests came from your network.", "Wait a minute, then try again."),
}

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
    log.info("refused", code=error.code, cause=error.cause, request_id=context.request_id(), route=route())
    template = "errors/lost.html" if isinstance(error, SignOnLost) else "errors/error.html"
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


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    message, advice = _HTTP_WORDS.get(status, ("This request cannot be answered.", "Go back and try again."))
    shown = IdpError(message, code=f"http-{status}", advice=advice)
    response = page("errors/error.html", status, error=shown, reference=context.request_id())
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    log.error("unexpected error", request_id=context.request_id(), route=route(), exc_info=error)
    shown = IdpError(
        "Something went wrong on our side.",
        code="internal-error",
        advice="Try again. If it happens again, tell your administrator the reference.",
    )
    return page("errors/error.html", 500, error=shown, reference=context.request_id())
