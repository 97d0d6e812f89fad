"""Imports: a file of accounts, what it would do, doing it, and undoing it."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, request, url_for

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import history, import_reading, imports
from idp.directory.imports import APPLIED, APPLYING, PREVIEWED, READING, UNDOING
from idp.policy import importing
from idp.policy.importing import Action
from idp.signon import account_imports
from idp.web import context
from idp.web.console import joining_words, lists
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_imports", __name__, url_prefix="/admin/imports")

UPLOADS = {"/admin/imports": importing.LONGEST + 64 * 1024}
"""The path that takes files, and how long a body may be there."""
_PLACE = "imports"


LIST = lists.Listing(
    name="imports",
    file="console_imports.as_csv",
    read=lambda work, at, after, limit: imports.imports(
        work,
        organization_id=at.organization_id,
        state=at.chosen["state"],
        after=joining_words.after(after),
        limit=limit,
    ),
    key=lambda one: (one.created_at.isoformat(), one.id),
    heads=("id", "file", "state", *(action.value for action in Action), "by", "at", "applied", "undone"),
    cells=lambda work, at, found: (
        (
            *(one.id, one.file_name, one.state, *(one.counts.get(action.value, 0) for action in Action)),
            *(one.created_by_name, one.created_at, one.applied_at, one.undone_at),
        )
        for one in found
    ),
    filters={"state": lists.one_of(imports.STATES)},
)
ROWS = lists.Listing(
    name="import-rows",
    file="console_imports.rows_as_csv",
    read=lambda work, at, after, limit: imports.rows(
        work,
        at.of,
        action=at.chosen["action"],
        outcome=at.chosen["outcome"],
        after=0 if after is None else int(after[0]),
        limit=limit,
    ),
    key=lambda one: (one.number,),
    heads=("line", "email", "action", "outcome", "problem", "account_id", "before", "after"),
    cells=lambda work, at, found: (
        (
            *(one.number, one.email, one.action, one.outcome, one.problem, one.account_id),
            *(_told(one.before), _told(one.after)),
        )
        for one in found
    ),
    filters={"action": lists.one_of(Action), "outcome": lists.one_of(imports.OUTCOMES)},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List imports, the newest first, and ask for a file; ``state`` narrows the list."""
    return console_page(
        work,
        desk,
        "console/imports/index.html",
        place=_PLACE,
        listed=LIST.page(work, desk),
        columns=importing.COLUMNS,
        most=importing.MOST_ROWS,
    )


@pages.get("/imports.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the imports that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


@pages.get("/<import_id>/rows.csv")
@administrator
@at_desk
def rows_as_csv(work: Work, desk: Desk, import_id: str) -> Response:
    """Send the rows of an import that the address asks for as a CSV file, streamed."""
    return ROWS.as_csv(work, desk, imports.get(work, import_id, organization_id=desk.organization.id))


@pages.post("")
@administrator
@at_desk(again=index)
def upload(work: Work, desk: Desk) -> Response:
    """Read a file, and show what it would do; a long one is read by a run."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("Choose a file first.", field="file")
    octets = file.stream.read(importing.LONGEST + 1)
    made, run = import_reading.begin(work, octets, organization=desk.organization.slug, file_name=file.filename)
    if run is not None:
        return done(work, desk, _("It has begun. You may leave this page."), "console_runs.show", run_id=run.id)
    return done(
        work, desk, _("Nothing was done yet: look at what it would do."), "console_imports.show", import_id=made.id
    )


@pages.get("/<import_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, import_id: str) -> Response:
    """Show an import row by row: what it would do, what it did, and why not."""
    found = imports.get(work, import_id, organization_id=desk.organization.id)
    listed = ROWS.page(work, desk, found)
    named = imports.group_names(
        work, desk.organization.id, {group for one in listed.rows for group in one.after.get("groups", ())}
    )
    counts = imports.done(work, found)
    reading = found.options.get("run_id", "") if found.state == READING else ""
    return console_page(
        work,
        desk,
        "console/imports/show.html",
        reading=url_for("console_runs.show", run_id=reading) if reading else "",
        place=_PLACE,
        found=found,
        listed=listed,
        group_names=named,
        outcomes=counts,
        total=sum(counts.values()),
        todo=counts.get("", 0) if found.state == APPLYING else counts.get("created", 0) + counts.get("changed", 0),
        running=found.state in (APPLYING, UNDOING),
        actions=[*Action],
        may_apply=found.state == PREVIEWED and counts.get("", 0) > 0,
        may_undo=found.state == APPLIED,
        entries=history.of_target(work, desk.organization.id, found.id) if desk.may("audit:read") else [],
    )


@pages.get("/<import_id>/apply")
@administrator
@at_desk
@fresh
def apply(work: Work, desk: Desk, import_id: str) -> Response:
    """Say what would happen, and ask whether it shall."""
    found = imports.get(work, import_id, organization_id=desk.organization.id)
    sends = bool(context.settings().mail.smtp_url)
    return console_page(work, desk, "console/imports/apply.html", place=_PLACE, found=found, sends=sends)


@pages.post("/<import_id>/apply")
@administrator
@at_desk(again=apply)
@fresh
def applied(work: Work, desk: Desk, import_id: str) -> Response:
    """Do what was shown."""
    invite = request.form.get("invite") == "on" and bool(context.settings().mail.smtp_url)
    found = account_imports.apply(work, import_id, organization_id=desk.organization.id, invite=invite)
    words = _("The import is done.") if found.state == APPLIED else _("The import goes on by itself.")
    return done(work, desk, words, "console_imports.show", import_id=found.id)


@pages.get("/<import_id>/undo")
@administrator
@at_desk
@fresh
def undo(work: Work, desk: Desk, import_id: str) -> Response:
    """Say what would be taken back, and ask whether it shall."""
    found = imports.get(work, import_id, organization_id=desk.organization.id)
    counts = imports.done(work, found)
    return console_page(work, desk, "console/imports/undo.html", place=_PLACE, found=found, outcomes=counts)


@pages.post("/<import_id>/undo")
@administrator
@at_desk(again=undo)
@fresh
def undone(work: Work, desk: Desk, import_id: str) -> Response:
    """Take the import back."""
    found = account_imports.undo(work, import_id, organization_id=desk.organization.id)
    words = _("The undoing goes on by itself.") if found.state == UNDOING else _("The import is undone.")
    return done(work, desk, words, "console_imports.show", import_id=found.id)


def _told(values: Mapping[str, Any]) -> str:
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode() if values else ""
