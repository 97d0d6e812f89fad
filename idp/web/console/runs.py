"""Long work: what is going on, how far it has come, and the button that stops it."""

from flask import Blueprint, Response, url_for

from idp.base.work import Work
from idp.directory import history, import_reading, runs
from idp.directory.console_models import Run
from idp.signon import group_rule_runs
from idp.web.console import lists
from idp.web.console.desk import Desk, at_desk, console_page, done
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_runs", __name__, url_prefix="/admin/runs")

_PLACE = "runs"


LIST = lists.Listing(
    name="runs",
    file="console_runs.as_csv",
    read=lambda work, at, after, limit: runs.page(
        work, at.organization_id, after=after, limit=limit, state=at.chosen["state"]
    ),
    key=lambda one: (one.created_at.isoformat(), one.id),
    heads=("id", "what", "state", "done", "failed", "total", "asked_for_by", "begun", "ended", "findings"),
    cells=lambda work, at, rows: (
        (
            *(one.id, one.title, one.state, one.done, one.failed, one.total, one.created_by_name),
            *(one.created_at, one.finished_at, "; ".join(one.findings)),
        )
        for one in rows
    ),
    filters={"state": lists.one_of(runs.STATES)},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List long work, the newest first; ``state`` narrows the list."""
    found = LIST.page(work, desk)
    return console_page(work, desk, "console/runs/index.html", place=_PLACE, listed=found, title_of=runs.title)


@pages.get("/runs.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the long work that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


@pages.get("/<run_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, run_id: str) -> Response:
    """Show how far one has come; the page looks again by itself while it goes on."""
    run = runs.get(work, desk.organization.id, run_id)
    return console_page(
        work,
        desk,
        "console/runs/show.html",
        place=_PLACE,
        run=run,
        title_of=runs.title,
        goes_on=run.state in runs.OPEN,
        result=_result(run),
        entries=history.of_target(work, desk.organization.id, run.id, limit=20),
        may_stop=run.created_by == desk.actor.id or desk.may("organization:edit"),
    )


def _result(run: Run) -> str:
    """Return the address of the page that shows what the run has found out; empty: there is none (yet)."""
    if run.state != runs.FINISHED:
        return ""
    if run.kind == import_reading.KIND:
        return url_for("console_imports.show", import_id=run.parameters["import_id"])
    if run.kind != group_rule_runs.PREVIEW:
        return ""
    return url_for("console_group_rules.previewed", group_id=run.parameters["group_id"], run_id=run.id)


@pages.post("/<run_id>/stop")
@administrator
@at_desk
def stop(work: Work, desk: Desk, run_id: str) -> Response:
    """Stop one before its next part."""
    run = runs.stop(work, desk.organization.id, run_id)
    return done(
        work, desk, _("It stops before its next part. What was done stays done."), "console_runs.show", run_id=run.id
    )
