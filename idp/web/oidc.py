"""The authorization endpoint below ``/sites/<slug>/oauth2``: URL in, one call, answer out. No decisions."""

from flask import Blueprint, Response, make_response

from idp.audit.attempts import Trail
from idp.base.errors import PageError
from idp.oidc import answer
from idp.oidc.authorize import respond
from idp.oidc.authorize.request import kept
from idp.oidc.authorize.request_uri import Brought, ObjectWanted
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import Wanted
from idp.signon.door import Interact
from idp.signon.pending import SignOnLost
from idp.web import context
from idp.web.context import open_work
from idp.web.errors import page_for
from idp.web.oidc_io import (
    BELOW,
    Missing,
    bringing,
    browser_parameters,
    came_without_cookies,
    fetches_client_keys,
    provider_at,
    sent_on,
)
from idp.web.render import page, redirect
from idp.web.security import acts, allow_form_action, protocol

pages = Blueprint("oidc", __name__)


@pages.route(f"{BELOW}/oauth2/authorize", methods=["GET", "POST"])
@protocol
@acts
def authorize(slug: str) -> Response:
    """The authorization endpoint (RFC 6749 section 3.1)."""
    trail = Trail(kind=respond.KIND)
    try:
        sent = browser_parameters()
        if came_without_cookies():
            return sent_on("authorize", slug, kept(sent), sent.repeated)
        return bringing(trail, lambda brought: _begun(slug, sent, trail, brought))
    except PageError as error:
        context.save_refusal(trail, error)
        return page_for(error, trail.id)


def _begun(slug: str, sent: Parameters, trail: Trail, brought: Brought) -> Response:
    with open_work() as work:
        of = provider_at(work, slug, trail)
        context.count_beginning(work)
        found = respond.begin(
            work,
            of,
            sent,
            session=context.current_session(work),
            browser=context.browser(),
            browser_state=context.browser_state(work),
            trail=trail,
            brought=brought,
        )
        if isinstance(found, Wanted | ObjectWanted):
            raise Missing(found)
        if isinstance(found, Interact):
            return redirect("signin.dispatch", handle=found.handle)
    return _leave(of, found)


@pages.get(f"{BELOW}/oauth2/resume/<handle>")
@protocol
@acts
@fetches_client_keys
def resume(slug: str, handle: str) -> Response:
    """Where a sign-on comes back to when the person is done."""
    trail = Trail(kind=respond.KIND)
    try:
        with open_work() as work:
            of = provider_at(work, slug, trail)
            found = respond.resume(
                work,
                of,
                handle,
                session=context.current_session(work),
                browser=context.browser(),
                browser_state=context.browser_state(work),
            )
    except SignOnLost:
        raise  # its own page offers to begin anew
    except PageError as error:
        context.save_refusal(trail, error)
        return page_for(error, trail.id)
    return _leave(of, found)


def _leave(of: Provider, found: answer.Answer) -> Response:
    """Send an answer to where it was proven to belong."""
    if isinstance(found, answer.Redirect):
        response = make_response("", 303)  # RFC 9700 section 4.12
        response.headers["Location"] = found.url
        response.headers["Cache-Control"] = "no-store"
        return response
    allow_form_action(found.origin)
    return page(
        "oidc/form_post.html", site=of.site, application=found.application, action=found.action, fields=found.fields
    )
