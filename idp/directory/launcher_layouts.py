"""Layouts of the launcher: what administrators lay out, for the members of a group or for everyone."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from idp.audit.events import LayoutChanged, LayoutCreated, LayoutDeleted, LayoutRanked
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access, names, queries
from idp.directory.launcher_models import LauncherLayout
from idp.directory.models import Application, Group
from idp.policy import launcher
from idp.policy.launcher import Layout, Section
from idp.policy.permissions import Permission, require

EVERYONE = "everyone"
_MOST_LAYOUTS = 100


def layouts(work: Work, organization: str) -> list[LauncherLayout]:
    """
    Return the layouts of an organization; of those that are for a person, the first one counts.

    Raises:
        NotFound: no such organization that this actor may see.
    """
    owner = queries.organization(work, organization)
    query = queries.visible(work, LauncherLayout, Permission.ORGANIZATION_READ).where(
        LauncherLayout.organization_id == owner.id
    )
    return sorted(work.tx.session.scalars(query), key=order_of)


def layout(work: Work, organization: str, layout_id: str) -> LauncherLayout:
    """
    Raises:
        NotFound: no such organization or layout that this actor may see.
    """
    found = next((one for one in layouts(work, organization) if one.id == layout_id), None)
    if found is None:
        raise NotFound(phrase("There is no layout “%(layout_id)s”.", layout_id=layout_id[:80]), field="layout")
    return found


def named(work: Work, found: Sequence[LauncherLayout]) -> dict[str, str]:
    """Return whom each layout is for, by the layout's id: a group's name (its id, to who may read no groups), or everyone."""
    wanted = {one.group_id for one in found if one.group_id is not None}
    query = queries.visible(work, Group, Permission.GROUP_READ).where(
        Group.organization_id.in_({one.organization_id for one in found}), Group.id.in_(wanted)
    )
    groups = {one.id: one.name for one in work.tx.session.scalars(query)} if wanted else {}
    return {one.id: EVERYONE if one.group_id is None else groups.get(one.group_id, one.group_id) for one in found}


def create(
    work: Work, organization: str, *, group: str | None, sections: Sequence[Section], overrides: bool = False
) -> LauncherLayout:
    """
    Lay out the launcher of whoever is in *group*; None: of everyone.

    It counts after the layouts of other groups that are there already, and before that of everyone.

    Args:
        group: its id or name.
        sections: each with the ids of its applications, in order.
        overrides: it goes before what a person has arranged; else it is only where they begin.

    Raises:
        NotFound: no such organization, group or application that this actor may see.
        Forbidden: the actor may not edit the organization.
        Invalid: a name cannot be used or is there twice, an application is in two places, or there are too many.
        Conflict: there is a layout for them already, or there are as many as there may be.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.ORGANIZATION_EDIT, owner.id)
    of = None if group is None else queries.group(work, group, organization_id=owner.id)
    there = layouts(work, organization)
    called = EVERYONE if of is None else of.name
    if any(one.group_id == (None if of is None else of.id) for one in there):
        raise Conflict(
            phrase("There is a layout for %(called)s already.", called=called), field="group", advice="Change that one."
        )
    if len(there) >= _MOST_LAYOUTS:
        raise Conflict(phrase("An organization has at most %(most_layouts)s layouts.", most_layouts=_MOST_LAYOUTS))
    made = LauncherLayout(
        organization_id=owner.id,
        id=new_id("lay"),
        group_id=None if of is None else of.id,
        rank=1 + max((one.rank for one in there), default=0),
        overrides=overrides,
        sections=launcher.write(_checked(work, owner.id, sections)),
        created_at=work.now,
    )
    work.tx.session.add(made)
    record(
        work,
        LayoutCreated(
            organization_id=owner.id,
            target_id=made.id,
            group=called,
            sections=[str(one["name"]) for one in made.sections],
            overrides=overrides,
        ),
    )
    _settle(work)
    return made


def edit(
    work: Work,
    organization: str,
    layout_id: str,
    *,
    sections: Sequence[Section] | None = None,
    overrides: bool | None = None,
    if_version: int | None = None,
) -> LauncherLayout:
    """
    Change a layout; what is None stays as it is.

    Args:
        if_version: the version of the layout that the change was made for.

    Raises:
        NotFound: no such organization, layout or application that this actor may see.
        Forbidden: the actor may not edit the organization.
        Invalid: a name cannot be used or is there twice, an application is in two places, or there are too many.
        ChangedMeanwhile: somebody else has changed the layout since.
    """
    found = layout(work, organization, layout_id)
    require(work, Permission.ORGANIZATION_EDIT, found.organization_id)
    if if_version is not None and if_version != found.version:
        raise ChangedMeanwhile(found.id)
    wanted: dict[str, Any] = {"overrides": overrides}
    if sections is not None:
        wanted["sections"] = launcher.write(
            _checked(work, found.organization_id, sections, launcher.read(found.sections))
        )
    changes = {part: value for part, value in wanted.items() if value is not None and value != getattr(found, part)}
    if not changes:
        return found
    before = {part: _said(getattr(found, part)) for part in changes}
    for part, value in changes.items():
        setattr(found, part, value)
    record(
        work,
        LayoutChanged(
            organization_id=found.organization_id,
            target_id=found.id,
            group=named(work, [found])[found.id],
            before=before,
            after={part: _said(value) for part, value in changes.items()},
        ),
    )
    _settle(work)
    return found


def order(work: Work, organization: str, layout_ids: Sequence[str]) -> list[LauncherLayout]:
    """
    Say which layout counts for a person who is in several groups: the first one of these. That of everyone is last.

    Args:
        layout_ids: every layout of the organization.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not edit the organization.
        ChangedMeanwhile: these are not all of its layouts, each once.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.ORGANIZATION_EDIT, owner.id)
    there = {one.id: one for one in layouts(work, organization)}
    if sorted(layout_ids) != sorted(there):
        raise ChangedMeanwhile
    for rank, layout_id in enumerate(layout_ids, 1):
        there[layout_id].rank = rank
    ordered = sorted(there.values(), key=order_of)
    called = named(work, ordered)
    record(
        work,
        LayoutRanked(organization_id=owner.id, target_id=owner.id, order=[called[one.id] for one in ordered]),
    )
    _settle(work)
    return ordered


def delete(work: Work, organization: str, layout_id: str, *, if_version: int | None = None) -> LauncherLayout:
    """
    Delete a layout. What people have arranged stays.

    Raises:
        NotFound: no such organization or layout that this actor may see.
        Forbidden: the actor may not edit the organization.
        ChangedMeanwhile: somebody else has changed the layout since.
    """
    found = layout(work, organization, layout_id)
    require(work, Permission.ORGANIZATION_EDIT, found.organization_id)
    if if_version is not None and if_version != found.version:
        raise ChangedMeanwhile(found.id)
    called = named(work, [found])[found.id]
    work.tx.session.delete(found)
    record(work, LayoutDeleted(organization_id=found.organization_id, target_id=found.id, group=called))
    _settle(work)
    return found


def of_account(work: Work, organization_id: str, account_id: str) -> Layout | None:
    """Return the layout that counts for an account, as it was within the last second, or None."""

    def read() -> tuple[tuple[str | None, Layout], ...]:
        query = select(LauncherLayout).where(LauncherLayout.organization_id == organization_id)
        found = sorted(work.tx.session.scalars(query), key=order_of)
        return tuple((one.group_id, Layout(launcher.read(one.sections), one.overrides)) for one in found)

    every = work.tx.memory.recall(("launcher-layouts", organization_id), read)
    if not every:
        return None
    groups = access.group_ids_of(work, organization_id, account_id)
    return next((one for group_id, one in every if group_id is None or group_id in groups), None)


def applications(work: Work, organization_id: str, ids: Sequence[str]) -> dict[str, Application]:
    """Return those of the applications *ids* that there are, and that the actor may see, by id."""
    if not ids:
        return {}
    query = queries.visible(work, Application, Permission.APPLICATION_READ).where(
        Application.organization_id == organization_id, Application.id.in_(ids), Application.deleted_at.is_(None)
    )
    return {one.id: one for one in work.tx.session.scalars(query)}


def order_of(one: LauncherLayout) -> tuple[bool, int, str]:
    """Return where a layout is in the order in which they count."""
    return one.group_id is None, one.rank, one.id


def _checked(
    work: Work, organization_id: str, sections: Sequence[Section], there: Sequence[Section] = ()
) -> tuple[Section, ...]:
    """Return *sections* with clean names. An application that has a place *there* already may have gone since."""
    if len(sections) > launcher.MOST_SECTIONS:
        raise Invalid(
            phrase("A launcher has at most %(most_sections)s sections.", most_sections=launcher.MOST_SECTIONS),
            field="sections",
        )
    clean = tuple(Section(section_name(one.name), one.applications) for one in sections)
    if len({names.name_key(one.name) for one in clean}) < len(clean):
        raise Invalid("Two sections have the same name.", field="sections")
    ids = [application for one in clean for application in one.applications]
    if len(ids) > launcher.MOST_PLACES:
        raise Invalid(
            phrase("A layout has places for at most %(most_places)s applications.", most_places=launcher.MOST_PLACES),
            field="sections",
        )
    if len(set(ids)) < len(ids):
        raise Invalid("An application is in two places.", field="sections")
    known = {application for one in there for application in one.applications}
    new = [one for one in ids if one not in known]
    gone = set(new) - set(applications(work, organization_id, new))
    if gone:
        raise NotFound(phrase("There is no application “%(value)s”.", value=min(gone)[:80]), field="sections")
    return clean


def section_name(value: str) -> str:
    """
    Return *value* as the name of a section.

    Raises:
        Invalid: it cannot be one.
    """
    return names.words(value, longest=launcher.LONGEST_NAME, field="section")


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(f"{one['name']} ({len(one['applications'])})" for one in value) or "nothing"


def _settle(work: Work) -> None:
    work.tx.session.flush()
    work.tx.after_commit(work.tx.memory.forget)


def find_applications(work: Work, organization_id: str, words: str, *, limit: int = 20) -> list[Application]:
    """Return live applications of the organization whose name holds *words*, by name, at most *limit*."""
    query = (
        queries.visible(work, Application, Permission.APPLICATION_READ)
        .where(
            Application.organization_id == organization_id,
            Application.deleted_at.is_(None),
            Application.name.icontains(words, autoescape=True),
        )
        .order_by(Application.name, Application.id)
        .limit(limit)
    )
    return list(work.tx.session.scalars(query)) if words else []
