"""One act on many things that were ticked in a list: what will happen and to how many, and then the run that does it."""

from collections.abc import Sequence

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import application_lists
from idp.signon import bulk_objects
from idp.web.console.application_page import application_of
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.languages import gettext as _
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_bulk_objects", __name__, url_prefix="/admin/bulk")

_LISTS = {
    bulk_objects.DISABLE: ("applications", "console_applications.index"),
    bulk_objects.ENABLE: ("applications", "console_applications.index"),
    bulk_objects.WITHDRAW: ("applications", "console_application_access.index"),
    bulk_objects.APPROVE: ("requests", "console_requests.index"),
    bulk_objects.DENY: ("requests", "console_requests.index"),
    bulk_objects.RUN_RULES: ("groups", "console_groups.index"),
    bulk_objects.CHECK: ("domains", "console_domains.index"),
}
"""The entry of the navigation that each act belongs to, and the list that it comes from."""
_LONGEST = 100


@pages.get("/choose")
@administrator
@at_desk
def choose(work: Work, desk: Desk) -> Response:
    """Take what was ticked in a list, and go on to the page that says what will happen: an address that outlives a proof."""
    act, of, ids = _sent()
    return redirect("console_bulk_objects.ask", act=act, chosen=",".join(ids), **({"of": of} if of else {}))


@pages.get("")
@administrator
@at_desk
@fresh
def ask(work: Work, desk: Desk) -> Response:
    """Say what will happen, to what and to how many, and ask."""
    act, of, ids = _sent()
    if act not in _LISTS:
        raise Invalid("Choose what to do.", field="act", advice="Go back to the list and choose.")
    named = bulk_objects.chosen(work, act, organization_id=desk.organization.id, ids=ids, of=of)
    losing = 0
    if act == bulk_objects.WITHDRAW:
        losing = application_lists.losing(work, application_of(work, desk, of), *named, most=None)
    place, endpoint = _LISTS[act]
    return console_page(
        work,
        desk,
        "console/bulk/ask.html",
        place=place,
        chosen_act=act,
        of=of,
        named=named,
        count=len(named),
        gone=len(set(ids)) - len(named),
        losing=losing,
        back=url_for(endpoint, application_id=of) if of else url_for(endpoint),
    )


@pages.post("")
@administrator
@at_desk(again=ask)
@fresh
def start(work: Work, desk: Desk) -> Response:
    """Begin."""
    act, of, ids = _sent()
    run = bulk_objects.start(
        work, act, organization_id=desk.organization.id, ids=ids, of=of, answer=request.form.get("answer", "")
    )
    return done(work, desk, _("It has begun. You may leave this page."), "console_runs.show", run_id=run.id)


def _sent() -> tuple[str, str, Sequence[str]]:
    """Return the act, of what object the list is, and the ids that were ticked."""
    given = request.form if request.method == "POST" else request.args
    ticked = [one for said in given.getlist("chosen") for one in said.split(",")][: bulk_objects.MOST_CHOSEN + 1]
    return given.get("act", "")[:_LONGEST], given.get("of", "")[:_LONGEST], ticked
