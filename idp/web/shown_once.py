"""
What is shown on the page after a POST and kept nowhere: recovery codes, what a sign-out ended.

It travels in a cookie, sealed for one purpose and one owner and good for ten minutes, so that
the answer to the POST can be a redirect and the page survives a reload and the back button.
"""

from datetime import datetime, timedelta

import orjson
from flask import Response, request

from idp.base.errors import Unavailable
from idp.web import context

_LIVES = timedelta(minutes=10)
_LONGEST = 3800


def show(response: Response, purpose: str, owner: str, values: tuple[str, ...], now: datetime) -> Response:
    """Let the pages that follow *response* read *values*, for *owner* (an account, or a browser)."""
    content = orjson.dumps([(now + _LIVES).isoformat(), *values])
    sealed = context.installation().database.vault.seal(content, _place(purpose, owner))
    if len(sealed) <= _LONGEST:
        response.set_cookie(
            _cookie(),
            sealed,
            path="/",
            secure=context.settings().secure,
            httponly=True,
            samesite="Lax",
            max_age=int(_LIVES.total_seconds()),
        )
    return response


def shown(purpose: str, owner: str, now: datetime) -> tuple[str, ...]:
    """Return what was to be shown for *purpose* to *owner*; nothing if there is none, or no more."""
    sealed = request.cookies.get(_cookie(), "")
    if not sealed or len(sealed) > _LONGEST:
        return ()
    try:
        content = orjson.loads(context.installation().database.vault.open_(sealed, _place(purpose, owner)))
    except (Unavailable, ValueError):
        return ()
    until, *values = content
    return tuple(values) if now < datetime.fromisoformat(until) else ()


def is_there() -> bool:
    """Say whether the browser has brought something that was to be shown."""
    return bool(request.cookies.get(_cookie()))


def forget(response: Response) -> Response:
    """Take what was shown from the browser."""
    response.delete_cookie(_cookie(), path="/", secure=context.settings().secure, httponly=True, samesite="Lax")
    return response


def _cookie() -> str:
    return "__Host-ostiary_shown" if context.settings().secure else "ostiary_shown"


def _place(purpose: str, owner: str) -> str:
    return f"shown-once:{purpose}:{owner}"
