"""OpenID Connect logout below ``/sites/<slug>/oauth2/logout``: URL in, one call, answer out. No decisions."""

from flask import Blueprint, Response, make_response, request

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.errors import PageError
from idp.oidc import addresses, logout
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider
from idp.signon import logout as signon_logout
from idp.signon import logout_steps
from idp.signon.logout import Attended, Starter
from idp.web import context, signout, telling
from idp.web.context import open_work
from idp.web.errors import page_for
from idp.web.oidc_io import BELOW, browser_parameters, came_without_cookies, provider_at, sent_on
from idp.web.render import page, redirect
from idp.web.security import acts, allow_form_action, protocol, public

pages = Blueprint("oidc_logout", __name__)


@pages.route(f"{BELOW}/oauth2/logout", methods=["GET", "POST"])
@protocol
@acts
def end_session(slug: str) -> Response:
    """RP-Initiated Logout 1.0 section 2: at once, or after asking the person."""
    trail = Trail(kind=logout.KIND)
    try:
        sent = browser_parameters()
        if came_without_cookies():
            return sent_on("logout", slug, sent.values, sent.repeated)
        return _logout(slug, sent, trail, asked=False)
    except PageError as error:
        context.save_refusal(trail, error)
        return page_for(error, trail.id)


@pages.post(f"{BELOW}/oauth2/logout/confirm")
@public
def logout_confirmed(slug: str) -> Response:
    """The person said yes."""
    trail = Trail(kind=logout.KIND)
    try:
        sent = Parameters({name: request.form[name] for name in logout.KEPT if name in request.form})
        return _logout(slug, sent, trail, asked=True)
    except PageError as error:
        context.save_refusal(trail, error)
        return page_for(error, trail.id)


def _logout(slug: str, sent: Parameters, trail: Trail, *, asked: bool) -> Response:
    with open_work() as work:
        of = provider_at(work, slug, trail)
        session = context.current_session(work)
        if session is not None and session.organization_id != of.organization_id:
            session = None  # another organization's is none of this provider's business
        wanted = logout.read(work, of, sent, session)
        if session is None:
            return _go_on(wanted) if wanted.return_to is not None else redirect("signout.done")
        if not (wanted.certain or asked):
            return _ask(of, wanted, session.email)
        started = signon_logout.start(
            work,
            telling.tellers(),
            session.organization_id,
            {session.id: session.account_id},
            because="signed out by an application",
            attended=Attended(context.browser()),
            starter=_starter(slug, wanted),
        )
        trail.application_id = wanted.client.application_id if wanted.client is not None else None
        trail.account_id = session.account_id
        trail.passed("session", session_id=session.id, asked=asked)
        trail.succeeded()
        attempts.save(work, trail)
    context.drop_session()
    if wanted.return_to is None:
        return signout.go_on(started)
    telling.at_once(started)
    with open_work() as work:
        if not signon_logout.is_complete(work, started):
            return redirect("signout.steps", handle=started.handle)
    return _go_on(wanted)


@pages.get(f"{BELOW}/oauth2/logout/done/<handle>")
@protocol
@acts
def logout_done(slug: str, handle: str) -> Response:
    """Go back to the application that started a logout, once the others have been told."""
    trail = Trail(kind=logout.KIND)
    try:
        with open_work() as work:
            of = provider_at(work, slug, trail)
            resumed = logout_steps.resume(work, handle, context.browser(), request.path.rpartition("/")[0])
            if resumed is None:
                return redirect("signout.steps", handle=handle)
            return _leave_to(logout.again(work, of, resumed.protocol_state))
    except PageError as error:
        context.save_refusal(trail, error)
        return page_for(error, trail.id)


def _starter(slug: str, wanted: logout.LogoutRequest) -> Starter | None:
    if wanted.client is None:
        return None
    return Starter(
        wanted.client.application_id,
        resume_url=f"/sites/{slug}/oauth2/logout/done" if wanted.return_to is not None else "",
        protocol_state=logout.keep(wanted),
        proven=wanted.certain,
        told_too=True,  # Front- and Back-Channel Logout 1.0 tell every client of the session, also the one that asks
    )


def _ask(of: Provider, wanted: logout.LogoutRequest, email: str) -> Response:
    if wanted.return_to is not None:
        allow_form_action(addresses.origin(wanted.return_to.redirect_uri))
    return page(
        "oidc/logout.html",
        site=of.site,
        organization_name=of.site.organization_name,
        application=wanted.client.name if wanted.client is not None else "",
        email=email,
        kept=wanted.kept,
    )


def _go_on(wanted: logout.LogoutRequest) -> Response:
    assert wanted.return_to is not None
    return _leave_to(wanted.return_to)


def _leave_to(return_to: logout.ReturnTo) -> Response:
    response = make_response("", 303)
    response.headers["Location"] = return_to.url
    response.headers["Cache-Control"] = "no-store"
    return response
