"""Imports: a file of accounts, what it would do, doing it, and undoing it."""

from flask import Blueprint, Response, request

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import history, imports
from idp.directory.imports import APPLIED, APPLYING, PREVIEWED, UNDOING
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


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List imports, the newest first, and ask for a file."""
    found = lists.listed(
        desk,
        "imports",
        {},
        lambda key, limit: imports.imports(
            work, organization_id=desk.organization.id, after=joining_words.after(key), limit=limit
        ),
        lambda one: (one.created_at.isoformat(), one.id),
    )
    return console_page(
        work,
        desk,
        "console/imports/index.html",
        place=_PLACE,
        listed=found,
        columns=importing.COLUMNS,
        most=importing.MOST_ROWS,
    )


@pages.post("")
@administrator
@at_desk(again=index)
def upload(work: Work, desk: Desk) -> Response:
    """Read a file, and show what it would do."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("Choose a file first.", field="file")
    octets = file.stream.read(importing.LONGEST + 1)
    made = imports.preview(work, octets, organization=desk.organization.slug, file_name=file.filename)
    return done(
        work, desk, _("Nothing was done yet: look at what it would do."), "console_imports.show", import_id=made.id
    )


@pages.get("/<import_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, import_id: str) -> Response:
    """Show an import row by row: what it would do, what it did, and why not."""
    found = imports.get(work, import_id, organization_id=desk.organization.id)
    chosen = lists.filters("action", "outcome")
    listed = lists.listed(
        desk,
        f"import-{found.id}",
        chosen,
        lambda key, limit: imports.rows(
            work,
            found,
            action=chosen["action"],
            outcome=chosen["outcome"],
            after=0 if key is None else int(key[0]),
            limit=limit,
        ),
        lambda one: (one.number,),
    )
    named = imports.group_names(
        work, desk.organization.id, {group for one in listed.rows for group in one.after.get("groups", ())}
    )
    counts = imports.done(work, found)
    return console_page(
        work,
        desk,
        "console/imports/show.html",
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
