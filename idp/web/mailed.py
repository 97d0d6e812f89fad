"""
Links that came by mail: the token leaves the address at once and waits in a cookie, a short while.

So no page with a token in its address is ever shown: nothing of it gets into histories, logs of others or a
Referer (threats A17). Reading a link changes nothing: scanners of mail read them, too.
"""

from contextlib import suppress

from flask import Response, request

from idp.base.work import Work
from idp.signon import joining, mail_links, not_me
from idp.signon.mail_links import LinkOver
from idp.web import context
from idp.web.render import redirect

_SECONDS = 1800
_LONGEST = 64
BLUEPRINTS = frozenset({"recover", "account_email", "not_me", "join"})
"""Where links of mails lead."""


def strip(token: str, endpoint: str) -> Response:
    """Put *token* into the cookie and go on to the page *endpoint*, which has an address without it."""
    response = redirect(endpoint)
    response.set_cookie(
        _cookie(),
        token[:_LONGEST] if token.isascii() else "",
        path="/",
        secure=context.settings().secure,
        httponly=True,
        samesite="Lax",
        max_age=_SECONDS,
    )
    return response


def held() -> str:
    """Return the token that waits in this browser; nothing is known of it yet."""
    return request.cookies.get(_cookie(), "")[:_LONGEST]


def organization_of(work: Work) -> str:
    """Return the id of the organization that the link waiting in this browser is of; empty: of none that is good."""
    token = held()
    found = mail_links.find(work, token, *mail_links.PURPOSES)
    if found is not None:
        return found.organization_id
    for look in (not_me.find, joining.find):
        with suppress(LinkOver):
            return look(work, token).organization_id
    return ""


def forget(response: Response) -> Response:
    """Take the token from the browser."""
    response.delete_cookie(_cookie(), path="/", secure=context.settings().secure, httponly=True, samesite="Lax")
    return response


def _cookie() -> str:
    return "__Host-ostiary_link" if context.settings().secure else "ostiary_link"
