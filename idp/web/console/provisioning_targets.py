"""Applications that are told of accounts: all of them, and how that goes."""

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response

from idp.base.work import Work
from idp.provisioning.targets import lists as targets
from idp.web.console import lists
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.console.lists import At
from idp.web.security import administrator

pages = Blueprint("console_provisioning_targets", __name__, url_prefix="/admin/provisioning/targets")

_PLACE = "provisioning-targets"


_COUNTED = ("there", "waiting", "held", "failed", "gone")


def _cells(work: Work, at: At, rows: Sequence[targets.Told]) -> Iterator[Sequence[object]]:
    counts = targets.counts(work, at.organization_id, [one.target.id for one in rows])
    for one in rows:
        known = counts[one.target.id]
        yield (
            *(one.application.id, one.application.name, one.target.endpoint, one.state, one.target.error),
            *(known.get(state, 0) for state in _COUNTED),
        )


LIST = lists.Listing(
    name="told-applications",
    file="console_provisioning_targets.as_csv",
    read=lambda work, at, after, limit: targets.targets(
        work, at.organization_id, after=after, limit=limit, starting=at.chosen["q"], state=at.chosen["state"]
    ),
    key=lambda one: (one.application.name, one.application.id),
    heads=("id", "name", "endpoint", "state", "error", *_COUNTED),
    cells=_cells,
    filters={"q": lists.text, "state": lists.one_of(targets.CONDITIONS)},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List them by name; ``q`` is the beginning of one, ``state`` narrows the list."""
    listed = LIST.page(work, desk)
    return console_page(
        work,
        desk,
        "console/provisioning/targets.html",
        place=_PLACE,
        listed=listed,
        counts=targets.counts(work, desk.organization.id, [one.target.id for one in listed.rows]),
        states=tuple(targets.CONDITIONS),
    )


@pages.get("/export.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the applications that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)
