"""
One log line for every request: which route, what came of it, how long it took, under which id.

The route's rule stands for the address (``/signin/<handle>``): handles and queries are not logged (T18).
"""

from flask import Flask, Response, g, request
from flask.globals import request_ctx

from idp.base import clock
from idp.base.logging import write_line
from idp.web import context

_NO_ROUTE = "(none)"


def install(app: Flask) -> None:
    """Log every request of *app* once it is answered."""
    app.before_request(_begin)
    app.after_request(_end)


def route() -> str:
    """Return the rule of the route that this request is for, without what its variable parts were."""
    rule = request.url_rule
    return _NO_ROUTE if rule is None else rule.rule


def _begin() -> None:
    g.began = clock.monotonic()


def _end(response: Response) -> Response:
    asked = request_ctx.request
    rule = asked.url_rule
    write(
        asked.method,
        _NO_ROUTE if rule is None else rule.rule,
        response.status_code,
        g.get("began"),
        ip=context.client_ip(),
        request_id=context.request_id(),
    )
    return response


def write(method: str, route: str, status: int, began: float | None, *, ip: str, request_id: str) -> None:
    """Write the line of one request that *began* at that moment of `clock.monotonic` and has just been answered."""
    write_line(
        "idp.access",
        "request",
        method=method,
        route=route,
        status=status,
        milliseconds=None if began is None else round((clock.monotonic() - began) * 1000, 2),
        ip=ip,
        request_id=request_id,
    )
