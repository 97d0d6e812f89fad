"""Applications that are told of accounts: all of them, and how that goes."""

from collections.abc import Iterator

from flask import Blueprint, Response

from idp.base.work import Work
from idp.provisioning.targets import lists as targets
from idp.web.console import exports, lists
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.security import administrator

pages = Blueprint("console_provisioning_targets", __name__, url_prefix="/admin/provisioning/targets")

_PLACE = "provisioning-targets"


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List them by name; ``q`` is the beginning of one, ``state`` narrows the list."""
    chosen = lists.filters("q", "state")
    listed = lists.listed(
        desk,
        "provisioning-targets",
        chosen,
        lambda after, limit: targets.targets(
            work, desk.organization.id, after=after, limit=limit, starting=chosen["q"], state=chosen["state"]
        ),
        lambda one: (one.application.name, one.application.id),
    )
    counts = targets.counts(work, desk.organization.id, [one.target.id for one in listed.rows])
    return console_page(
        work,
        desk,
        "console/provisioning/targets.html",
        place=_PLACE,
        listed=listed,
        counts=counts,
        states=tuple(targets.CONDITIONS),
    )


@pages.get("/export.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the applications that the address asks for as a CSV file, streamed."""
    chosen = lists.filters("q", "state")

    def rows(opened: Work) -> Iterator[tuple[object, ...]]:
        after: tuple[str, str] | None = None
        while found := targets.targets(
            opened, desk.organization.id, after=after, limit=200, starting=chosen["q"], state=chosen["state"]
        ):
            counts = targets.counts(opened, desk.organization.id, [one.target.id for one in found])
            for one in found:
                known = counts[one.target.id]
                yield (
                    *(one.application.id, one.application.name, one.target.endpoint, one.state, one.target.error),
                    *(known.get(state, 0) for state in _COUNTED),
                )
            after = (found[-1].application.name, found[-1].application.id)

    return exports.as_csv(desk, "told-applications", ("id", "name", "endpoint", "state", "error", *_COUNTED), rows)


_COUNTED = ("there", "waiting", "held", "failed", "gone")
