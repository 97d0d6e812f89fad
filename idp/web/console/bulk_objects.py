"""One act on many things of a list: what will happen and to how many, and then the run that does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import application_lists
from idp.oidc.api_tokens import bulk as bulk_tokens
from idp.signon import bulk_object_acts, bulk_objects
from idp.signon.bulk_objects import Act, Chosen
from idp.web.console import (
    application_access,
    applications,
    domains,
    groups,
    invitations,
    lists,
    requests,
    seen,
    tokens,
)
from idp.web.console.application_page import application_of
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.languages import gettext as _
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_bulk_objects", __name__, url_prefix="/admin/bulk")

ACTS: Mapping[str, Act] = {**bulk_object_acts.ACTS, **bulk_tokens.ACTS}
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class _From:
    """The list that acts come from: the entry of the navigation that it belongs to, its page, and what it is."""

    place: str
    endpoint: str
    listing: lists.Listing[Any]


_APPLICATIONS = _From("applications", "console_applications.index", applications.LIST)
_REQUESTS = _From("requests", "console_requests.index", requests.LIST)
_INVITATIONS = _From("invitations", "console_invitations.index", invitations.LIST)
_LISTS = {
    bulk_object_acts.DISABLE: _APPLICATIONS,
    bulk_object_acts.ENABLE: _APPLICATIONS,
    bulk_object_acts.WITHDRAW: _From("applications", "console_application_access.index", application_access.LIST),
    bulk_object_acts.APPROVE: _REQUESTS,
    bulk_object_acts.DENY: _REQUESTS,
    bulk_object_acts.RUN_RULES: _From("groups", "console_groups.index", groups.LIST),
    bulk_object_acts.CHECK: _From("domains", "console_domains.index", domains.LIST),
    bulk_object_acts.RESEND: _INVITATIONS,
    bulk_object_acts.TAKE_BACK: _INVITATIONS,
    bulk_tokens.REVOKE: _From("tokens", "console_tokens.index", tokens.LIST),
}


@pages.get("/choose")
@administrator
@at_desk
def choose(work: Work, desk: Desk) -> Response:
    """Take what was ticked in a list, and go on to the page that says what will happen: an address that outlives a proof."""
    act, chosen = _sent()
    of = {"of": chosen.of} if chosen.of else {}
    if chosen.filters is not None:
        said = {name: value for name, value in chosen.filters.items() if value}
        return redirect("console_bulk_objects.ask", act=act, all="on", **of, **said)
    return redirect("console_bulk_objects.ask", act=act, chosen=",".join(chosen.ids), **of)


@pages.get("")
@administrator
@at_desk
@fresh
def ask(work: Work, desk: Desk) -> Response:
    """Say what will happen, to what and to how many, and ask."""
    name, chosen = _sent()
    act, came = _act(name), _LISTS[name]
    found = bulk_objects.meant(work, act, organization_id=desk.organization.id, chosen=chosen)
    losing = 0
    if name == bulk_object_acts.WITHDRAW:
        ending = found.ids or bulk_objects.every_id(work, act, organization_id=desk.organization.id, chosen=chosen)
        losing = application_lists.losing(work, application_of(work, desk, chosen.of), *ending, most=None)
    said: dict[str, Any] = {key: value for key, value in (chosen.filters or {}).items() if value}
    of = {"application_id": chosen.of} if chosen.of else {}
    return console_page(
        work,
        desk,
        "console/bulk/ask.html",
        place=came.place,
        chosen_act=name,
        chosen=chosen,
        said=said,
        meant=found,
        count=found.count,
        losing=losing,
        back=url_for(came.endpoint, **{**said, **of}),
    )


@pages.post("")
@administrator
@at_desk(again=ask)
@fresh
def start(work: Work, desk: Desk) -> Response:
    """Begin."""
    name, chosen = _sent()
    act = _act(name)
    if chosen.filters is not None:
        seen.as_many(bulk_objects.meant(work, act, organization_id=desk.organization.id, chosen=chosen).count)
    run = bulk_objects.start(
        work, act, organization_id=desk.organization.id, chosen=chosen, answer=request.form.get("answer", "")
    )
    return done(work, desk, _("It has begun. You may leave this page."), "console_runs.show", run_id=run.id)


def _act(name: str) -> Act:
    if name not in ACTS:
        raise Invalid("Choose what to do.", field="act", advice="Go back to the list and choose.")
    return ACTS[name]


def _sent() -> tuple[str, Chosen]:
    """
    Return the act and what is meant: what was ticked, or all that the filters of the list match.

    Raises:
        Invalid: a filter has a value that the list does not know.
    """
    given = request.form if request.method == "POST" else request.args
    act, of = given.get("act", "")[:_LONGEST], given.get("of", "")[:_LONGEST]
    if given.get("all") and act in _LISTS:
        return act, Chosen(filters=_LISTS[act].listing.narrowed_by(given), of=of)
    ticked = [one for said in given.getlist("chosen") for one in said.split(",")][: bulk_objects.MOST_CHOSEN + 1]
    return act, Chosen(tuple(ticked), of=of)
