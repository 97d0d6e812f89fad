"""/requests: asking for access to applications, and what became of it."""

from flask import Blueprint, Response, request

from idp.base.errors import Conflict, Invalid
from idp.base.work import Work
from idp.directory import access_requests, organizations
from idp.signon.session import CurrentSession
from idp.web import context
from idp.web.context import open_work
from idp.web.launcher import administers
from idp.web.render import page, redirect
from idp.web.security import signed_in

pages = Blueprint("own_requests", __name__)

_LONGEST = 4096


@pages.get("/requests")
@signed_in
def index() -> Response:
    """Show what may be asked for, and what was; ``application`` is the one that is chosen already."""
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("launcher.index")
        return _page(work, session, request.args.get("application", "")[:64])


@pages.post("/requests")
@signed_in
def ask() -> Response:
    """Ask for access to an application."""
    chosen, reason = request.form.get("application", "")[:64], request.form.get("reason", "")[:_LONGEST]
    try:
        with open_work() as work:
            access_requests.ask(work, chosen, reason)
    except (Invalid, Conflict) as error:
        with open_work() as work:
            session = context.current_session(work)
            if session is None:
                return redirect("launcher.index")
            return _page(work, session, chosen, reason=reason, problem=error)
    return redirect("own_requests.index", done="asked")


@pages.post("/requests/<request_id>/withdraw")
@signed_in
def withdraw(request_id: str) -> Response:
    """Take a request back."""
    with open_work() as work:
        access_requests.withdraw(work, request_id)
    return redirect("own_requests.index", done="withdrawn")


def _page(
    work: Work, session: CurrentSession, chosen: str, *, reason: str = "", problem: Invalid | Conflict | None = None
) -> Response:
    where, who = session.organization_id, session.account_id
    status = 200 if problem is None else 422 if isinstance(problem, Invalid) else 409
    return page(
        "requests/index.html",
        status,
        organization_name=organizations.by_id(work, where).name,
        administers=administers(work, session),
        requestable=[one for one in access_requests.requestable(work, where, who) if one.pending is None],
        asked=access_requests.own(work, where, who),
        chosen=chosen,
        reason=reason,
        problem=problem,
        done=request.args.get("done", ""),
    )
