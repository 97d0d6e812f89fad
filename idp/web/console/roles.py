"""Who administers what: roles given to people and groups, and the roles of the organization's own."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request

from idp.base.errors import Invalid
from idp.base.work import Actor, Work
from idp.directory import held_roles, history, queries, role_assignments, role_holders, roles
from idp.directory.held_roles import Held
from idp.directory.role_assignments import Proposal
from idp.directory.roles import AnyRole
from idp.policy.permissions import Permission, exceeds
from idp.web.console import lists, seen
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.guarding import guarded
from idp.web.console.lists import At
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_roles", __name__, url_prefix="/admin/roles")

_PLACE = "roles"
_MOST_OFFERED = 200
BUILT_IN, OWN = "built-in", "own"
_ASKED = ("role", "whom", "where", "until", "reason")


LIST = lists.Listing(
    name="administrators",
    file="console_roles.as_csv",
    read=lambda work, at, after, limit: held_roles.page(
        work, at.organization_id, after=after, limit=limit, role=_known(work, at), scope=at.chosen["scope"]
    ),
    key=lambda one: (one.assignment.id,),
    heads=("kind", "who", "role", "where", "from", "until"),
    cells=lambda work, at, rows: (
        (one.subject_kind, one.subject, one.role, one.scope_name, *_times(one)) for one in rows
    ),
    filters={"role": lists.text, "scope": lists.one_of(held_roles.SCOPES)},
)
ROLES = lists.Listing(
    name="roles",
    file="console_roles.every_as_csv",
    read=lambda work, at, after, limit: lists.part(
        [
            (number, one)
            for number, one in enumerate(roles.roles(work, organization_id=at.organization_id))
            if not at.chosen["whose"] or at.chosen["whose"] == (OWN if one.own else BUILT_IN)
        ],
        _place_of,
        after,
        limit,
    ),
    key=lambda numbered: _place_of(numbered),
    heads=("key", "name", "whose", "description", "permissions"),
    cells=lambda work, at, rows: (
        (
            *(one.key, one.name, OWN if one.own else BUILT_IN, one.own.description if one.own else ""),
            " ".join(sorted(one.permissions)),
        )
        for _, one in rows
    ),
    filters={"whose": lists.one_of((BUILT_IN, OWN))},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List who administers what; ``role`` and ``scope`` narrow the list."""
    found = LIST.page(work, desk)
    every = roles.roles(work, organization_id=desk.organization.id)
    return console_page(work, desk, "console/roles/index.html", place=_PLACE, listed=found, roles=every)


@pages.get("/roles.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the list that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


@pages.get("/give")
@administrator
@at_desk
def give(work: Work, desk: Desk) -> Response:
    """Ask who is to administer what."""
    return console_page(
        work,
        desk,
        "console/roles/give.html",
        place=_PLACE,
        roles=_offered(work, desk),
        sites=[one for one in queries.sites(work, organization_id=desk.organization.id) if _may_give(desk, one.id)],
        applications=[
            one
            for one in queries.applications(work, organization_id=desk.organization.id, limit=_MOST_OFFERED)
            if _may_give(desk, one.site_id, one.id)
        ],
        asked={**lists.filters(*_ASKED), **{name: request.form[name] for name in _ASKED if name in request.form}},
    )


@pages.get("/give/confirm")
@administrator
@at_desk(again=give)
@fresh
def confirm(work: Work, desk: Desk) -> Response:
    """Say what will happen, and to how many."""
    asked = lists.filters(*_ASKED)
    proposal = role_assignments.preview(work, **_read(desk, asked))
    return console_page(
        work,
        desk,
        "console/roles/confirm.html",
        place=_PLACE,
        asked=asked,
        proposal=proposal,
        count=_count(work, proposal),
        until=_until(asked["until"]),
        permissions=[one for one in Permission if one in proposal.role.permissions],
    )


@pages.post("/give/confirm")
@administrator
@at_desk(again=give)
@fresh
def grant(work: Work, desk: Desk) -> Response:
    """Give the role."""
    asked = {name: request.form.get(name, "").strip() for name in _ASKED}
    with guarded(work, desk):
        role_assignments.grant(work, **_read(desk, asked))
    return done(work, desk, _("%(whom)s has the role now.", whom=asked["whom"]), "console_roles.index")


@pages.get("/assignments/<assignment_id>/withdraw")
@administrator
@at_desk
@fresh
def ask_withdraw(work: Work, desk: Desk, assignment_id: str) -> Response:
    """Say what will happen, and to how many, when a role is withdrawn."""
    held = held_roles.assignment(work, assignment_id, organization_id=desk.organization.id)
    group = (
        queries.group(work, held.subject_id, organization_id=desk.organization.id)
        if held.subject_kind == "group"
        else None
    )
    return console_page(
        work,
        desk,
        "console/roles/withdraw.html",
        place=_PLACE,
        held=held,
        count=1 if group is None else held_roles.people(work, group),
    )


@pages.post("/assignments/<assignment_id>/withdraw")
@administrator
@at_desk(again=ask_withdraw)
@fresh
def withdraw(work: Work, desk: Desk, assignment_id: str) -> Response:
    """Withdraw the role."""
    held = held_roles.assignment(work, assignment_id, organization_id=desk.organization.id)
    with guarded(work, desk):
        role_assignments.withdraw(
            work, assignment_id, organization=desk.organization.slug, reason=request.form.get("reason", "")
        )
    return done(work, desk, _("%(whom)s has the role no more.", whom=held.subject), "console_roles.index")


@pages.get("/all")
@administrator
@at_desk
def every(work: Work, desk: Desk) -> Response:
    """List the roles that can be given; ``whose`` says whether our own, or those that come with Ostiary."""
    return console_page(work, desk, "console/roles/every.html", place=_PLACE, listed=ROLES.page(work, desk))


@pages.get("/all/all.csv")
@administrator
@at_desk
def every_as_csv(work: Work, desk: Desk) -> Response:
    """Send the roles that the address asks for as a CSV file, streamed."""
    return ROLES.as_csv(work, desk)


@pages.get("/all/<role_key>")
@administrator
@at_desk
def show(work: Work, desk: Desk, role_key: str) -> Response:
    """Show what a role holds, and who holds it."""
    role = roles.role(work, role_key, organization_id=desk.organization.id)
    return console_page(
        work,
        desk,
        "console/roles/show.html",
        place=_PLACE,
        role=role,
        permissions=[one for one in Permission if one in role.permissions],
        holders=held_roles.page(work, desk.organization.id, role=role.key),
    )


@pages.get("/all/<role_key>/history")
@administrator
@at_desk
def past(work: Work, desk: Desk, role_key: str) -> Response:
    """Show what was done to a role of the organization's own."""
    role = roles.role(work, role_key, organization_id=desk.organization.id)
    entries = history.of_target(work, desk.organization.id, role.key)
    return console_page(work, desk, "console/roles/history.html", place=_PLACE, role=role, entries=entries)


@pages.get("/new")
@administrator
@at_desk
def new(work: Work, desk: Desk) -> Response:
    """Ask for a role of the organization's own."""
    return _form(work, desk, None)


@pages.post("/new")
@administrator
@at_desk(again=new)
@fresh
def create(work: Work, desk: Desk) -> Response:
    """Create the role."""
    made = roles.create(
        work,
        request.form.get("name", ""),
        organization=desk.organization.slug,
        permissions=request.form.getlist("permissions"),
        description=request.form.get("description", ""),
    )
    return done(work, desk, _("The role was created. Nobody holds it yet."), "console_roles.show", role_key=made.id)


@pages.get("/all/<role_key>/edit")
@administrator
@at_desk
@fresh
def edit(work: Work, desk: Desk, role_key: str) -> Response:
    """Ask for another name and other permissions of a role of the organization's own."""
    return _form(work, desk, roles.own(work, role_key, organization_id=desk.organization.id))


@pages.post("/all/<role_key>/edit")
@administrator
@at_desk(again=edit)
@fresh
def save(work: Work, desk: Desk, role_key: str) -> Response:
    """Change the role; whoever holds it holds the new permissions at once."""
    with guarded(work, desk):
        made = roles.edit(
            work,
            role_key,
            organization=desk.organization.slug,
            name=request.form.get("name", ""),
            description=request.form.get("description", ""),
            permissions=request.form.getlist("permissions"),
            if_version=lists.version(),
        )
    return done(work, desk, _("Saved."), "console_roles.show", role_key=made.id)


@pages.get("/all/<role_key>/delete")
@administrator
@at_desk
@fresh
def ask_delete(work: Work, desk: Desk, role_key: str) -> Response:
    """Say what deleting a role means."""
    role = roles.own(work, role_key, organization_id=desk.organization.id)
    return console_page(work, desk, "console/roles/delete.html", place=_PLACE, role=role)


@pages.post("/all/<role_key>/delete")
@administrator
@at_desk(again=ask_delete)
@fresh
def delete(work: Work, desk: Desk, role_key: str) -> Response:
    """Delete a role that nobody holds."""
    role = roles.own(work, role_key, organization_id=desk.organization.id)
    if role.own is not None:
        seen.unchanged(role.key, role.own.version)
    gone = roles.delete(work, role_key, organization=desk.organization.slug)
    return done(work, desk, _("The role %(name)s was deleted.", name=gone.name), "console_roles.every")


@pages.get("/of/<account_id>")
@administrator
@at_desk
def of_account(work: Work, desk: Desk, account_id: str) -> Response:
    """Show what an account administers, and who may change the account."""
    account = queries.account(work, account_id, organization_id=desk.organization.id)
    held = held_roles.of_account(work, account)
    may = role_holders.who_may(work, Permission.ACCOUNT_EDIT, organization_id=desk.organization.id)
    over = [one for one in may if not exceeds([mine.held for mine in held], Actor("account", roles=(one.held,)))]
    return console_page(
        work, desk, "console/roles/of_account.html", place="accounts", account=account, held=held, holders=over
    )


def _known(work: Work, at: At) -> str:
    """Return the role that the address names; `NotFound` where there is none."""
    return roles.role(work, at.chosen["role"], organization_id=at.organization_id).key if at.chosen["role"] else ""


def _place_of(numbered: tuple[int, AnyRole]) -> tuple[Any, ...]:
    number, role = numbered
    return (0, number, role.key) if role.own is None else (1, role.own.name_key, role.key)


def _times(held: Held) -> tuple[str, str]:
    until = held.assignment.valid_to
    return held.assignment.valid_from.isoformat(), "" if until is None else until.isoformat()


def _form(work: Work, desk: Desk, role: AnyRole | None) -> Response:
    """Offer only what the actor holds: nobody makes a role of more (threats D17)."""
    held = [one for one in Permission if desk.may(one) and one is not Permission.ORGANIZATION_CREATE]
    sent = request.form.getlist("permissions") if request.method == "POST" else None
    chosen = set(sent) if sent is not None else set() if role is None else set(role.permissions)
    return console_page(work, desk, "console/roles/form.html", place=_PLACE, role=role, permissions=held, chosen=chosen)


def _offered(work: Work, desk: Desk) -> list[AnyRole]:
    """Return the roles that the actor may give; of whoever may do so at some places only, those places decide."""
    every = roles.roles(work, organization_id=desk.organization.id)
    if not desk.may(Permission.ROLE_GRANT):
        return every
    return [one for one in every if not exceeds([one.held(desk.organization.id)], desk.actor)]


def _may_give(desk: Desk, site_id: str, application_id: str | None = None) -> bool:
    return desk.may(Permission.ROLE_GRANT, site_id=site_id, application_id=application_id)


def _read(desk: Desk, asked: dict[str, str]) -> dict[str, Any]:
    """
    Return what was asked for as the verb takes it.

    Raises:
        Invalid: something is missing, or cannot be read.
    """
    if not asked["whom"]:
        raise Invalid("Say who gets the role: the address of an account, or the name of a group.", field="whom")
    if not asked["role"]:
        raise Invalid("Choose a role.", field="role")
    kind, _colon, reference = asked["where"].partition(":")
    if kind not in ("organization", "site", "application"):
        raise Invalid("Say where the role is to hold.", field="where")
    return {
        "role": asked["role"],
        "organization": desk.organization.slug,
        "account" if "@" in asked["whom"] else "group": asked["whom"],
        "site": reference if kind == "site" else None,
        "application": reference if kind == "application" else None,
        "reason": asked["reason"],
        "until": _until(asked["until"]),
    }


def _until(typed: str) -> datetime | None:
    if not typed:
        return None
    try:
        return datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("The end is no date.", field="until", advice="Write it like 2027-01-31.") from None


def _count(work: Work, proposal: Proposal) -> int:
    return 1 if proposal.group is None else held_roles.people(work, proposal.group)
