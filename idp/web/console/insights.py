"""Insights: who has a second step and which, who no longer comes, accounts for emergencies, what waits and what is unused."""

from flask import Blueprint, Response

from idp.base.errors import NotFound
from idp.base.work import Work
from idp.policy.permissions import Permission
from idp.signon import insights
from idp.web.console import exports, lists
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.security import administrator

pages = Blueprint("console_insights", __name__, url_prefix="/admin/insights")

_PLACE = "insights"
_LISTS = (insights.WITHOUT, insights.WITH, insights.INACTIVE, insights.GUESTS, insights.BREAK_GLASS)
_AT_ONCE = 1000


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
    found = lists.listed(
        desk,
        f"insights-{which}",
        {},
        lambda after, limit: insights.people(work, desk.organization.id, which, after=after, limit=limit),
        lambda one: (one.email_key, one.id),
    )
    return console_page(
        work,
        desk,
        "console/insights/people.html",
        place=_PLACE,
        which=which,
        listed=found,
        inactive_days=insights.INACTIVE_DAYS,
    )


@pages.get("/people/<which>/people.csv")
@administrator
@at_desk
def people_csv(work: Work, desk: Desk, which: str) -> Response:
    """Send the people of one number as a CSV file, streamed."""
    _known(which)
    insights.people(work, desk.organization.id, which, limit=1)  # refuses before the answer has begun

    def rows(opened: Work) -> exports.Rows:
        after = None
        while found := insights.people(opened, desk.organization.id, which, after=after, limit=_AT_ONCE):
            for one in found:
                yield one.email, one.name, one.kind, one.created_at.isoformat()
            after = found[-1].email_key, found[-1].id
            opened.tx.session.expunge_all()

    return exports.as_csv(desk, f"people-{which}", ("email", "name", "kind", "created_at"), rows)


def _known(which: str) -> None:
    if which not in _LISTS:
        raise NotFound("There is no such list.", field="list")
