"""The groups of the organization: the list, each one, who is in it, what it is inside of, what it opens."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import (
    default_groups,
    group_lists,
    group_mentions,
    group_rights,
    groups,
    history,
    memberships,
    nesting,
    provisioned,
    queries,
    reaching,
    rights,
    sizes,
)
from idp.directory.models import Group
from idp.directory.provisioning_models import ProvisioningClient
from idp.policy.permissions import Permission, require
from idp.web.console import confirming, lists, seen
from idp.web.console import group_lists as group_lists_
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.guarding import guarded
from idp.web.console.lists import At
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.security import administrator

pages = Blueprint("console_groups", __name__, url_prefix="/admin/groups")

_PLACE = "groups"
_MANY = 10
"""From so many on, it is asked before people enter or leave together."""


def _cells(work: Work, at: At, rows: Sequence[Group]) -> Iterator[Sequence[object]]:
    counts = group_lists.counts(work, at.organization_id, [one.id for one in rows])
    yield from ((one.id, one.name, one.description, one.kind, counts.get(one.id, 0)) for one in rows)


LIST = lists.Listing(
    name="groups",
    file="console_groups.as_csv",
    read=lambda work, at, after, limit: group_lists.page(
        work, at.organization_id, after=after, limit=limit, starting=at.chosen["q"], kind=at.chosen["kind"]
    ),
    key=lambda one: (one.name_key, one.id),
    heads=("id", "name", "description", "filled", "members"),
    cells=_cells,
    filters={"q": lists.text, "kind": lists.one_of(group_rights.KINDS)},
)
MEMBERS = lists.Listing(
    name="members",
    file="console_groups.members_as_csv",
    read=lambda work, at, after, limit: memberships.members(
        work, at.of, after=None if after is None else (after[0], after[1]), starting=at.chosen["q"], limit=limit
    ),
    key=lambda one: (one.account.email_key, one.account.id),
    heads=("id", "email", "name", "source", "of", "since"),
    cells=lambda work, at, rows: (
        (one.account.id, one.account.email, one.account.name, source.kind, source.of, source.since)
        for one in rows
        for source in one.sources
    ),
    filters={"q": lists.text},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List groups by name; ``q`` is the beginning of one, ``kind`` narrows the list to who fills them."""
    found = LIST.page(work, desk)
    shown = [one.id for one in found.rows]
    return console_page(
        work,
        desk,
        "console/groups/index.html",
        place=_PLACE,
        listed=found,
        counts=group_lists.counts(work, desk.organization.id, shown, most=sizes.MANY),
        countable=sizes.MANY,
    )


@pages.get("/export.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the groups that the address asks for as a CSV file, streamed."""
    require(work, Permission.GROUP_READ, desk.organization.id)
    return LIST.as_csv(work, desk)


@pages.get("/<group_id>/members.csv")
@administrator
@at_desk
def members_as_csv(work: Work, desk: Desk, group_id: str) -> Response:
    """Send who is in a group as a CSV file, streamed; a line for each source."""
    return MEMBERS.as_csv(work, desk, _group(work, desk, group_id))


@pages.get("/new")
@administrator
@at_desk
def new(work: Work, desk: Desk) -> Response:
    """Ask what a new group is called."""
    return console_page(work, desk, "console/groups/new.html", place=_PLACE)


@pages.post("/new")
@administrator
@at_desk(again=new)
def create(work: Work, desk: Desk) -> Response:
    """Create a group."""
    made = groups.create(
        work,
        request.form.get("name", ""),
        organization=desk.organization.slug,
        description=request.form.get("description", ""),
    )
    return done(work, desk, _("Created. Nobody is in it yet."), "console_groups.show", group_id=made.id)


@pages.get("/<group_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, group_id: str) -> Response:
    """Show who is in a group, and every source that says so."""
    group = _group(work, desk, group_id)
    return _shown(work, desk, group, "members", listed=MEMBERS.page(work, desk, group))


@pages.get("/<group_id>/edit")
@administrator
@at_desk
def edit(work: Work, desk: Desk, group_id: str) -> Response:
    """Ask what a group is called, and what it is for."""
    return console_page(work, desk, "console/groups/edit.html", place=_PLACE, group=_group(work, desk, group_id))


@pages.post("/<group_id>/edit")
@administrator
@at_desk(again=edit)
def save(work: Work, desk: Desk, group_id: str) -> Response:
    """Change what a group is called, and what it is for."""
    changed = groups.edit(
        work,
        group_id,
        organization=desk.organization.slug,
        name=request.form.get("name", ""),
        description=request.form.get("description", ""),
        if_version=lists.version(),
    )
    return done(work, desk, _("Saved."), "console_groups.show", group_id=changed.id)


@pages.post("/<group_id>/add")
@administrator
@at_desk(again=show)
def add(work: Work, desk: Desk, group_id: str) -> Response:
    """Put accounts into a group, by their addresses."""
    wanted = request.form.get("accounts", "").replace(",", " ").replace(";", " ").split()
    if not wanted:
        raise Invalid("Say whom to add.", field="accounts", advice="Write their e-mail addresses.")
    asked = _asked(work, desk, group_id, "add", [("accounts", " ".join(wanted))], len(dict.fromkeys(wanted)))
    if asked is not None:
        return asked
    with guarded(work, desk):
        outcomes = groups.add_all(work, group_id, wanted, organization=desk.organization.slug)
    unknown = [one.reference for one in outcomes if one.error is not None]
    if unknown:
        raise Invalid(
            phrase("There is no account “%(unknown)s”. Nobody was added.", unknown=unknown[0][:80]),
            field="accounts",
            advice="Check the address.",
        )
    count = sum(one.changed for one in outcomes)
    return done(work, desk, _("%(count)s added.", count=count), "console_groups.show", group_id=group_id)


@pages.post("/<group_id>/remove")
@administrator
@at_desk(again=show)
def remove(work: Work, desk: Desk, group_id: str) -> Response:
    """Take accounts out of a group."""
    chosen = request.form.getlist("account")
    if not chosen:
        raise Invalid("Choose whom to take out of the group.", field="account")
    asked = _asked(work, desk, group_id, "remove", [("account", one) for one in chosen], len(set(chosen)))
    if asked is not None:
        return asked
    with guarded(work, desk):
        outcomes = groups.remove_all(work, group_id, chosen, organization=desk.organization.slug)
    refused = [one.error for one in outcomes if one.error is not None]
    words = _("%(count)s taken out.", count=sum(one.changed for one in outcomes))
    if refused:
        words = f"{words} {refused[0].message} {refused[0].advice}"
    return done(work, desk, words, "console_groups.show", group_id=group_id)


@pages.get("/<group_id>/inside")
@administrator
@at_desk
def inside(work: Work, desk: Desk, group_id: str) -> Response:
    """Show the groups that a group is inside of, and those inside of it."""
    group = _group(work, desk, group_id)
    return _shown(
        work,
        desk,
        group,
        "inside",
        parents=group_lists_.AROUND.page(work, desk, group),
        children=group_lists_.WITHIN.page(work, desk, group),
    )


@pages.get("/<group_id>/nest")
@administrator
@at_desk(again=inside)
@fresh
def ask_to_nest(work: Work, desk: Desk, group_id: str) -> Response:
    """Say what putting a group inside of another one does, and to how many."""
    inner = _group(work, desk, group_id)
    outer = _group(work, desk, lists.filters("parent")["parent"])
    rights.require_into(work, outer)
    count = reaching.group(work, inner) - reaching.both(work, inner, outer)
    says = [
        ngettext(
            "%(num)s person comes into “%(outer)s” at once, and gets what that opens; so does whoever comes into “%(inner)s” later.",
            "%(num)s people come into “%(outer)s” at once, and get what that opens; so does whoever comes into “%(inner)s” later.",
            count,
        )
        % {"num": count, "inner": inner.name, "outer": outer.name},
        *_carries(work, outer),
    ]
    question = confirming.Question(
        title=_("Put %(inner)s inside of %(outer)s?", inner=inner.name, outer=outer.name),
        says=says,
        button=_("Put it inside"),
        action=url_for("console_groups.nest", group_id=inner.id),
        back=(url_for("console_groups.inside", group_id=inner.id), inner.name),
        carried=[("parent", outer.id)],
        version=_nesting_mark(work, inner),
    )
    return confirming.ask(work, desk, question, place=_PLACE)


@pages.post("/<group_id>/nest")
@administrator
@at_desk(again=inside)
@fresh
def nest(work: Work, desk: Desk, group_id: str) -> Response:
    """Put a group inside of another one."""
    seen.unchanged(group_id, _nesting_mark(work, _group(work, desk, group_id)))
    with guarded(work, desk):
        inner, outer = groups.nest(
            work, group_id, request.form.get("parent", "").strip(), organization=desk.organization.slug
        )
    words = _("%(inner)s is inside of %(outer)s now.", inner=inner.name, outer=outer.name)
    return done(work, desk, words, "console_groups.inside", group_id=group_id)


@pages.get("/<group_id>/unnest")
@administrator
@at_desk(again=inside)
@fresh
def ask_to_unnest(work: Work, desk: Desk, group_id: str) -> Response:
    """Say what taking a group out of another one does, and to how many."""
    of = _group(work, desk, group_id)
    child, parent = _pair(group_id, lists.filters("child", "parent"))
    inner, outer = _group(work, desk, child), _group(work, desk, parent)
    rights.require_into(work, outer)
    count = reaching.only_through(work, inner, outer)
    says = [
        ngettext(
            "%(num)s person leaves “%(outer)s” at once, and loses what they have only through it.",
            "%(num)s people leave “%(outer)s” at once, and lose what they have only through it.",
            count,
        )
        % {"num": count, "outer": outer.name},
        *_carries(work, outer),
    ]
    question = confirming.Question(
        title=_("Take %(inner)s out of %(outer)s?", inner=inner.name, outer=outer.name),
        says=says,
        button=_("Take it out"),
        action=url_for("console_groups.unnest", group_id=of.id),
        back=(url_for("console_groups.inside", group_id=of.id), of.name),
        carried=[("child", inner.id), ("parent", outer.id)],
        version=_nesting_mark(work, of),
        danger=True,
    )
    return confirming.ask(work, desk, question, place=_PLACE)


@pages.post("/<group_id>/unnest")
@administrator
@at_desk(again=inside)
@fresh
def unnest(work: Work, desk: Desk, group_id: str) -> Response:
    """Take a group out of another one; ``child`` and ``parent`` say which, and one of them is this group."""
    child, parent = _pair(group_id, request.form)
    seen.unchanged(group_id, _nesting_mark(work, _group(work, desk, group_id)))
    with guarded(work, desk):
        inner, outer = groups.unnest(work, child, parent, organization=desk.organization.slug)
    words = _("%(inner)s is not inside of %(outer)s any more.", inner=inner.name, outer=outer.name)
    return done(work, desk, words, "console_groups.inside", group_id=group_id)


@pages.get("/<group_id>/opens")
@administrator
@at_desk
def opens(work: Work, desk: Desk, group_id: str) -> Response:
    """Show what a group opens: by grants of its own, by groups around it, and as a default group."""
    group = _group(work, desk, group_id)
    return _shown(
        work,
        desk,
        group,
        "opens",
        listed=group_lists_.OPENS.page(work, desk, group),
        default_of=default_groups.of_group(work, group),
    )


@pages.get("/<group_id>/history")
@administrator
@at_desk
def past(work: Work, desk: Desk, group_id: str) -> Response:
    """Show what was done to a group."""
    group = _group(work, desk, group_id)
    return _shown(work, desk, group, "history", entries=history.of_target(work, desk.organization.id, group.id))


@pages.get("/<group_id>/delete")
@administrator
@at_desk
@fresh
def farewell(work: Work, desk: Desk, group_id: str) -> Response:
    """Say what deleting a group does, and to how many."""
    found = group_mentions.would_delete(work, group_id, organization=desk.organization.slug)
    return console_page(work, desk, "console/groups/delete.html", place=_PLACE, group=found.group, farewell=found)


@pages.post("/<group_id>/delete")
@administrator
@at_desk(again=farewell)
@fresh
def delete(work: Work, desk: Desk, group_id: str) -> Response:
    """Delete a group for good."""
    with guarded(work, desk):
        gone = groups.delete(work, group_id, organization=desk.organization.slug, if_version=lists.version())
    return done(work, desk, _("The group %(name)s is deleted.", name=gone.name), "console_groups.index")


def _asked(
    work: Work, desk: Desk, group_id: str, act: str, carried: list[tuple[str, str]], count: int
) -> Response | None:
    """
    Return the page to show before people enter or leave: where the group gives roles, and where they are many.

    None: it may be done now.
    """
    group = _group(work, desk, group_id)
    rights.require_into(work, group)
    carries = _carries(work, group)
    if not carries and count < _MANY:
        return None
    unproven = confirming.second_step(work, desk)
    if unproven is not None or request.form.get("confirmed") == "yes":
        return unproven
    values = {"num": count, "group": group.name}
    if act == "add":
        title = _("Add them to %(group)s?", group=group.name)
        said = ngettext(
            "%(num)s account enters “%(group)s” at once, and gets what that opens.",
            "%(num)s accounts enter “%(group)s” at once, and get what that opens.",
            count,
        )
    else:
        title = _("Take them out of %(group)s?", group=group.name)
        said = ngettext(
            "%(num)s account leaves “%(group)s” at once, and loses what it has only through it.",
            "%(num)s accounts leave “%(group)s” at once, and lose what they have only through it.",
            count,
        )
    question = confirming.Question(
        title=title,
        says=[said % values, *carries],
        button=_("Add them") if act == "add" else _("Take them out"),
        action=url_for(f"console_groups.{act}", group_id=group.id),
        back=(url_for("console_groups.show", group_id=group.id), group.name),
        carried=[*carried, ("confirmed", "yes")],
        danger=act != "add",
    )
    return confirming.ask(work, desk, question, place=_PLACE)


def _carries(work: Work, group: Group) -> list[str]:
    """Return the sentence on a group that gives roles of administrators; none: it gives none."""
    held = rights.roles_of_group(work, group)
    if not held:
        return []
    said = ngettext(
        "Whoever is in “%(group)s” holds %(num)s role of administrators by it.",
        "Whoever is in “%(group)s” holds %(num)s roles of administrators by it.",
        len(held),
    )
    return [said % {"num": len(held), "group": group.name}]


def _pair(group_id: str, sent: Mapping[str, str]) -> tuple[str, str]:
    child, parent = sent.get("child", ""), sent.get("parent", "")
    if group_id not in (child, parent):
        raise Invalid("This form cannot be read.", advice="Load the page again.")
    return child, parent


def _nesting_mark(work: Work, group: Group) -> int:
    around = [[one.id for one in nesting.nested(work, group, inside=inside)] for inside in (True, False)]
    return seen.mark(*map(sorted, around))


def _group(work: Work, desk: Desk, group_id: str) -> Group:
    return queries.group(work, group_id, organization_id=desk.organization.id)


def _shown(work: Work, desk: Desk, group: Group, tab: str, **values: Any) -> Response:
    keeper = provisioned.keeper_of_group(work, group) if group.kind == group_rights.PROVISIONED else None
    return console_page(
        work,
        desk,
        f"console/groups/{tab}.html",
        place=_PLACE,
        group=group,
        may_fill=group.kind != group_rights.PROVISIONED and rights.may_change_members(work, group),
        keeper=keeper,
        inner=_sources(work, group, keeper) if tab == "members" else {},
        **values,
    )


def _sources(work: Work, group: Group, keeper: ProvisioningClient | None) -> dict[str, str]:
    """Return what the sources of a group's members are called, by their ids: groups inside, and a directory."""
    inner = {one.id: one.name for one in nesting.nested(work, group, inside=False)}
    return inner if keeper is None else {**inner, keeper.id: keeper.name}
