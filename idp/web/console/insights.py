"""Insights: who has a second step and which, who no longer comes, accounts for emergencies, what waits and what is unused."""

from flask import Blueprint, Response

from idp.base.errors import NotFound
from idp.base.work import Work
from idp.directory import account_lists
from idp.policy.permissions import Permission, require
from idp.signon import insights
from idp.web.console import lists
from idp.web.console.accounts import acts_of, may_act_on_all
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.security import administrator

pages = Blueprint("console_insights", __name__, url_prefix="/admin/insights")

_PLACE = "insights"
PEOPLE = lists.Listing(
    name="people",
    file="console_insights.people_csv",
    read=lambda work, at, after, limit: insights.people(
        work,
        at.organization_id,
        at.of,
        after=after,
        limit=limit,
        starting=at.chosen["q"],
        kind=at.chosen["kind"],
    ),
    key=lambda one: (one.email_key, one.id),
    heads=("email", "name", "kind", "created_at"),
    cells=lambda work, at, rows: ((one.email, one.name, one.kind, one.created_at) for one in rows),
    filters={"q": lists.text, "kind": lists.one_of(account_lists.KINDS)},
)


UNUSED = lists.Listing(
    name="unused-applications",
    file="console_insights.unused_as_csv",
    read=lambda work, at, after, limit: insights.unused_applications(
        work, at.organization_id, after=after, limit=limit
    ),
    key=lambda one: (one.name, one.id),
    heads=("id", "name", "protocol", "created"),
    cells=lambda work, at, rows: ((one.id, one.name, one.protocol, one.created_at) for one in rows),
)


@pages.get("/unused.csv")
@administrator
@at_desk
def unused_as_csv(work: Work, desk: Desk) -> Response:
    """Send the applications that nobody uses as a CSV file, streamed."""
    require(work, Permission.AUDIT_READ, desk.organization.id)
    return UNUSED.as_csv(work, desk)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """Show the numbers, and what follows from them."""
    organization_id = desk.organization.id
    return console_page(
        work,
        desk,
        "console/insights/index.html",
        place=_PLACE,
        coverage=insights.coverage(work, organization_id),
        emergencies=insights.emergencies(work, organization_id),
        reporting=insights.reporting_rules(work, organization_id) if desk.may(Permission.POLICY_READ) else [],
        unused=UNUSED.page(work, desk),
        is_counted=insights.is_counted(work, organization_id),
        inactive_days=insights.INACTIVE_DAYS,
        unused_days=insights.UNUSED_DAYS,
    )


@pages.get("/people/<which>")
@administrator
@at_desk
def people(work: Work, desk: Desk, which: str) -> Response:
    """List the people of one number."""
    _known(which)
    return console_page(
        work,
        desk,
        "console/insights/people.html",
        place=_PLACE,
        which=which,
        listed=PEOPLE.page(work, desk, which),
        acts=acts_of(desk),
        may_act_on_all=may_act_on_all(desk),
        inactive_days=insights.INACTIVE_DAYS,
    )


@pages.get("/people/<which>/people.csv")
@administrator
@at_desk
def people_csv(work: Work, desk: Desk, which: str) -> Response:
    """Send the people of one number as a CSV file, streamed."""
    _known(which)
    return PEOPLE.as_csv(work, desk, which)


def _known(which: str) -> None:
    if which not in insights.LISTS:
        raise NotFound("There is no such list.", field="list")
