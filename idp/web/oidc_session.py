"""The frame that tells applications whether a session has changed. No decisions."""

from flask import Blueprint, Response

from idp.web import context
from idp.web.context import open_work
from idp.web.oidc_io import BELOW, provider_at
from idp.web.render import page
from idp.web.security import allow_framing, protocol

pages = Blueprint("oidc_session", __name__)


@pages.get(f"{BELOW}/oauth2/session")
@protocol
def check_session(slug: str) -> Response:
    """
    ``check_session_iframe`` (OpenID Connect Session Management 1.0 section 3.3).

    Any page that is served safely may hold it: it shows nothing, takes no click, and its script answers only
    whoever brings a session state that was made for that very origin and client. The origins of all the
    clients of a site would not fit into a header.
    """
    with open_work(person=False) as work:
        provider_at(work, slug)
    plain = context.settings().development.allow_http_loopback_applications
    allow_framing("https:", *(("http://127.0.0.1:*", "http://[::1]:*", "http://localhost:*") if plain else ()))
    response = page("oidc/session.html", cookie=context.state_cookie())
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
