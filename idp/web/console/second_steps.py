"""The people who have set up no second step: the list, and the file."""

from collections.abc import Iterator

from flask import Blueprint, Response

from idp.base.work import Work
from idp.policy.permissions import Permission
from idp.signon import account_export, bulk_acts, coverage
from idp.web.console import exports, lists
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.security import administrator

pages = Blueprint("console_second_steps", __name__, url_prefix="/admin/accounts/without-second-step")

_COLUMNS = ("name", "email", "kind", "last_active", "created")


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List the people who can sign in and have no second step; ``q`` is the beginning of an address."""
    chosen = lists.filters("q")
    found = lists.listed(
        desk,
        "without-second-step",
        chosen,
        lambda after, limit: coverage.lacking(
            work, desk.organization.id, after=after, limit=limit, starting=chosen["q"]
        ),
        lambda one: (one.email_key, one.id),
    )
    return console_page(
        work,
        desk,
        "console/accounts/without_second_step.html",
        place="accounts",
        listed=found,
        acts=[act for act, permission in bulk_acts.ACTS.items() if desk.may(permission)],
        may_export=desk.may(Permission.ACCOUNT_EXPORT),
    )


@pages.get("/export.csv")
@administrator
@at_desk
def export(work: Work, desk: Desk) -> Response:
    """Download the list; that is noted in the audit log as any export of accounts is."""
    chosen = lists.filters("q")
    owner = account_export.begin(work, desk.organization.slug)

    def rows(reading: Work) -> Iterator[tuple[object, ...]]:
        for one in coverage.each_lacking(reading, owner.id, starting=chosen["q"]):
            active = one.last_active_at.isoformat() if one.last_active_at else ""
            yield one.name, one.email, one.kind, active, one.created_at.isoformat()

    return exports.as_csv(desk, f"without-second-step-{owner.slug}", _COLUMNS, rows)
