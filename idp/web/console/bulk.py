"""One act on many accounts: what will happen and to how many, and then the run that does it."""

from collections.abc import Mapping

from flask import Blueprint, Response, request

from idp.base.errors import Invalid
from idp.base.letters import spoken
from idp.base.work import Work
from idp.directory import lifetime
from idp.signon import bulk_account_acts, bulk_acts
from idp.signon.bulk_account_acts import ACTS
from idp.signon.bulk_acts import Chosen
from idp.web.console import seen
from idp.web.console.accounts import LIST, filters_of
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.languages import gettext as _
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_bulk", __name__, url_prefix="/admin/accounts/bulk")

_PLACE = "accounts"
_LONGEST = 200
_LISTS = ("site", "which")
"""Of what other list all are meant: the people of a site, those behind a number of the insights."""


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
    """Say what will happen, to whom, whether it can be undone and who sees it; ask where to, if it leads somewhere."""
    given: Mapping[str, str] = request.form if request.method == "POST" else request.args
    act, chosen = given.get("act", ""), _chosen(given)
    if act not in ACTS:
        raise Invalid("Choose what to do.", field="act", advice="Go back to the list and choose.")
    meant = bulk_acts.meant(work, desk.organization.id, act, chosen)
    return console_page(
        work,
        desk,
        "console/accounts/bulk.html",
        place=_PLACE,
        chosen_act=act,
        given=given,
        meant=meant,
        called=bulk_account_acts.title(act, meant.count),
        allowed=bulk_acts.may_begin(work, desk.organization.id, act, chosen),
        options=ACTS[act].options,
        erased_on=spoken(work.now + lifetime.GRACE),
    )


@pages.post("")
@administrator
@at_desk(again=ask)
@fresh
def start(work: Work, desk: Desk) -> Response:
    """Begin."""
    act, chosen = request.form.get("act", ""), _chosen(request.form)
    if act in ACTS and not chosen.ids:
        seen.as_many(bulk_acts.meant(work, desk.organization.id, act, chosen).count)
    run = bulk_acts.start(
        work,
        act,
        organization_id=desk.organization.id,
        chosen=chosen,
        to=request.form.get("to", "").strip()[:256],
        options=[one for one in bulk_account_acts.OPTIONS if one in request.form],
    )
    return done(work, desk, _("It has begun. You may leave this page."), "console_runs.show", run_id=run.id)


def _chosen(given: Mapping[str, str]) -> Chosen:
    if given.get("all"):
        narrowed = {**filters_of(given), **{name: given.get(name, "") for name in _LISTS}}
        return Chosen(filters={name: value[:_LONGEST] for name, value in narrowed.items()})
    return Chosen(tuple(one for one in given.get("accounts", "").split(",") if one))


def _filters(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given[name][:_LONGEST] for name in (*LIST.filters, *_LISTS) if given.get(name)}
