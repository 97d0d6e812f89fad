"""One act on many accounts: what will happen and to how many, and then the run that does it."""

from collections.abc import Mapping

from flask import Blueprint, Response, request

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.signon import bulk_acts
from idp.signon.bulk_acts import Chosen
from idp.web.console.accounts import LIST, filters_of
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.languages import gettext as _
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_bulk", __name__, url_prefix="/admin/accounts/bulk")

_PLACE = "accounts"
_LONGEST = 200


@pages.get("/choose")
@administrator
@at_desk
def choose(work: Work, desk: Desk) -> Response:
    """Take what was ticked in the list, and go on to the page that says what will happen."""
    ids = request.args.getlist("chosen")[: bulk_acts.MOST_CHOSEN]
    act = request.args.get("act", "")[:_LONGEST]
    if "all" in request.args:
        return redirect("console_bulk.ask", act=act, all=1, **_filters(request.args))
    return redirect("console_bulk.ask", act=act, accounts=",".join(ids))


@pages.get("")
@administrator
@at_desk
@fresh
def ask(work: Work, desk: Desk) -> Response:
    """Say what will happen, to how many, whether it can be undone and who sees it; ask where to, if it leads somewhere."""
    given: Mapping[str, str] = request.form if request.method == "POST" else request.args
    act = given.get("act", "")
    if act not in bulk_acts.ACTS:
        raise Invalid("Choose what to do.", field="act", advice="Go back to the list and choose.")
    return console_page(
        work,
        desk,
        "console/accounts/bulk.html",
        place=_PLACE,
        chosen_act=act,
        given=given,
        count=bulk_acts.count(work, desk.organization.id, _chosen(given)),
        allowed=desk.may(bulk_acts.ACTS[act]),
    )


@pages.post("")
@administrator
@at_desk(again=ask)
@fresh
def start(work: Work, desk: Desk) -> Response:
    """Begin."""
    run = bulk_acts.start(
        work,
        request.form.get("act", ""),
        organization_id=desk.organization.id,
        chosen=_chosen(request.form),
        to=request.form.get("to", "").strip()[:256],
    )
    return done(work, desk, _("It has begun. You may leave this page."), "console_runs.show", run_id=run.id)


def _chosen(given: Mapping[str, str]) -> Chosen:
    if given.get("all"):
        return Chosen(filters={name: value[:_LONGEST] for name, value in filters_of(given).items()})
    return Chosen(tuple(one for one in given.get("accounts", "").split(",") if one))


def _filters(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given[name][:_LONGEST] for name in LIST.filters if given.get(name)}
