"""Access requests: what people have asked to open, and deciding on it."""

from flask import Blueprint, Response, request

from idp.base.work import Work
from idp.directory import access_requests, default_groups, history, rights
from idp.policy.permissions import Permission
from idp.web.console import confirming, joining_words, lists
from idp.web.console.desk import Desk, at_desk, console_page, done
from idp.web.console.guarding import guarded
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_requests", __name__, url_prefix="/admin/requests")

_PLACE = "requests"


LIST = lists.Listing(
    name="access-requests",
    file="console_requests.as_csv",
    read=lambda work, at, after, limit: access_requests.queue(
        work,
        at.organization_id,
        state=at.chosen["state"] or access_requests.PENDING,
        after=joining_words.after(after),
        limit=limit,
    ),
    key=lambda one: (one.request.created_at.isoformat(), one.request.id),
    heads=(
        "id",
        "email",
        "application_id",
        "application",
        "reason",
        "state",
        "asked",
        "decided_by",
        "decided",
        "answer",
    ),
    cells=lambda work, at, rows: (
        (
            *(one.request.id, one.account.email, one.application.id, one.application.name, one.request.reason),
            *(one.request.state, one.request.created_at, one.request.decided_by, one.request.decided_at),
            one.request.answer,
        )
        for one in rows
    ),
    filters={"state": lists.one_of(access_requests.STATES)},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List requests: those that wait the oldest first, others the newest; ``state`` says which."""
    return console_page(work, desk, "console/requests/index.html", place=_PLACE, listed=LIST.page(work, desk))


@pages.get("/requests.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the requests that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


@pages.get("/<request_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, request_id: str) -> Response:
    """Show a request, to decide on it."""
    found = access_requests.get(work, request_id, organization_id=desk.organization.id)
    at = {"site_id": found.application.site_id, "application_id": found.application.id}
    own = desk.session.account_id == found.account.id
    return console_page(
        work,
        desk,
        "console/requests/show.html",
        place=_PLACE,
        asked=found,
        own=own,
        may_decide=not own and desk.may(Permission.REQUEST_DECIDE, **at),
        may_put_in=default_groups.may_put_in(work, found.application),
        may_give=not own and desk.may(Permission.APPLICATION_GRANT, **at),
        entries=history.of_target(work, desk.organization.id, found.request.id) if desk.may("audit:read") else [],
    )


@pages.post("/<request_id>")
@administrator
@at_desk(again=show)
def decide(work: Work, desk: Desk, request_id: str) -> Response:
    """Give what was asked for, or refuse it."""
    where, answer = desk.organization.id, request.form.get("answer", "")
    if request.form.get("act") == "approve":
        until = joining_words.until()
        application = access_requests.get(work, request_id, organization_id=where).application
        if until is None and any(
            rights.roles_of_group(work, one) for one in default_groups.defaults(work, application)
        ):
            unproven = confirming.second_step(work, desk)
            if unproven is not None:
                return unproven
        with guarded(work, desk):
            found = access_requests.approve(work, request_id, organization_id=where, answer=answer, until=until)
        words = _("%(name)s may now open %(application)s.", name=found.account.name, application=found.application.name)
    else:
        found = access_requests.deny(work, request_id, answer, organization_id=where)
        words = _("%(name)s is told that it was denied.", name=found.account.name)
    return done(work, desk, words, "console_requests.index")
