"""Lists of a group, as pages and as files: what it opens, what it is inside of, what is inside of it."""

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response

from idp.base.work import Work
from idp.directory import group_mentions, group_rights, nesting, queries
from idp.directory.models import AccessGrant, Application, Group
from idp.web.console import lists
from idp.web.console.desk import Desk, at_desk
from idp.web.console.lists import After, At
from idp.web.security import administrator

pages = Blueprint("console_group_lists", __name__, url_prefix="/admin/groups/<group_id>")

Opened = tuple[Application, AccessGrant, Group]


def _opens(work: Work, at: At, after: After, limit: int) -> list[Opened]:
    around = group_rights.groups_by_id(work, at.organization_id, nesting.above(work, at.organization_id, at.of.id))
    every = group_mentions.visible_applications(work, [at.of, *around])
    return lists.part([one for one in every if lists.begins(one[0].name, at.chosen["q"])], _place, after, limit)


def _place(one: Opened) -> tuple[str, str, str]:
    return one[0].name, one[0].id, one[1].id


def _cells(work: Work, at: At, rows: Sequence[Opened]) -> Iterator[Sequence[object]]:
    for application, grant, by in rows:
        yield application.id, application.name, by.id, by.name, grant.valid_from, grant.valid_to, grant.reason


OPENS = lists.Listing(
    name="group-applications",
    file="console_group_lists.opens_as_csv",
    read=_opens,
    key=_place,
    heads=("application_id", "application", "by_group_id", "by_group", "since", "until", "reason"),
    cells=_cells,
    filters={"q": lists.text},
)


def _nested(name: str, *, inside: bool) -> lists.Listing[Group]:
    return lists.Listing(
        name=name,
        file=f"console_group_lists.{name.replace('-', '_')}_as_csv",
        read=lambda work, at, after, limit: lists.part(
            nesting.nested(work, at.of, inside=inside), lambda one: (one.name_key, one.id), after, limit
        ),
        key=lambda one: (one.name_key, one.id),
        heads=("id", "name", "description", "filled"),
        cells=lambda work, at, rows: ((one.id, one.name, one.description, one.kind) for one in rows),
        cursor=f"{name}_after",
    )


AROUND = _nested("groups-around", inside=True)
WITHIN = _nested("groups-within", inside=False)


@pages.get("/opens.csv")
@administrator
@at_desk
def opens_as_csv(work: Work, desk: Desk, group_id: str) -> Response:
    """Send what a group opens as a CSV file, streamed."""
    return OPENS.as_csv(work, desk, _group(work, desk, group_id))


@pages.get("/around.csv")
@administrator
@at_desk
def groups_around_as_csv(work: Work, desk: Desk, group_id: str) -> Response:
    """Send the groups that a group is inside of as a CSV file, streamed."""
    return AROUND.as_csv(work, desk, _group(work, desk, group_id))


@pages.get("/within.csv")
@administrator
@at_desk
def groups_within_as_csv(work: Work, desk: Desk, group_id: str) -> Response:
    """Send the groups inside of a group as a CSV file, streamed."""
    return WITHIN.as_csv(work, desk, _group(work, desk, group_id))


def _group(work: Work, desk: Desk, group_id: str) -> Group:
    return queries.group(work, group_id, organization_id=desk.organization.id)
