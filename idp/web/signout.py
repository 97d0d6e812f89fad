"""A person's own sign-out: asked once, then done, then said what it did not do."""

from datetime import datetime

from flask import Blueprint, Response

from idp.directory import organizations
from idp.signon import logout
from idp.signon.logout import SignedOut
from idp.web import context, shown_once
from idp.web.context import open_work
from idp.web.render import page, redirect
from idp.web.security import public

pages = Blueprint("signout", __name__, url_prefix="/signout")

_ENDED = "signed-out"


@pages.get("")
@public
def ask() -> Response:
    """Ask whether to sign out."""
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("signout.done")
        name = organizations.by_id(work, session.organization_id).name
        return page("signout/ask.html", email=session.email, organization_name=name)


@pages.post("")
@public
def end() -> Response:
    """End the session of this browser."""
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("signout.done")
        ended = logout.sign_out(work, session, because="signed out")
        now = work.now
    context.drop_session()
    return say_so(ended, now)


def say_so(ended: SignedOut, now: datetime) -> Response:
    """Go to the page that says what was signed out."""
    return shown_once.show(redirect("signout.done"), _ENDED, context.browser(), ended.applications, now)


@pages.get("/done")
@public
def done() -> Response:
    """Say what was signed out, and what may still be signed in elsewhere."""
    with open_work() as work:
        if context.current_session(work) is not None:
            return redirect("signout.ask")
        return page("signout/done.html", applications=shown_once.shown(_ENDED, context.browser(), work.now))
