"""Insights: who has a second step and which, who no longer comes, accounts for emergencies, what waits and what is unused."""

from flask import Blueprint, Response

from idp.base.errors import NotFound
from idp.base.work import Work
from idp.directory import account_lists
from idp.policy.permissions import Permission
from idp.signon import insights
from idp.web.console import lists
from idp.web.console.accounts import acts_of
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.security import administrator

pages = Blueprint("console_insights", __name__, url_prefix="/admin/insights")

_PLACE = "insights"
_LISTS = (insights.WITHOUT, insights.WITH, insights.INACTIVE, insights.GUESTS, insights.BREAK_GLASS)
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
        unused=insights.unused_applications(work, organization_id),
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
    if which not in _LISTS:
        raise NotFound("There is no such list.", field="list")
