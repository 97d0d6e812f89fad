"""What speaks of a group, so that it cannot simply go, or be called otherwise."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, or_, select

from idp.base.work import Work
from idp.directory import access, group_rights, memberships, nesting, queries
from idp.directory.group_models import GroupRule
from idp.directory.joining_models import JoinRule
from idp.directory.launcher_models import LauncherLayout
from idp.directory.models import AccessGrant, Application, Group
from idp.directory.told_models import ProvisioningTarget
from idp.policy import conditions, expressions, rules
from idp.policy.access import documents
from idp.policy.models import AccessPolicy, AccessPolicyVersion, ReleasePolicy
from idp.policy.patterns import matches
from idp.policy.permissions import Permission, require

_GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class Farewell:
    """What deleting a group comes to; ``named_by`` is what forbids it."""

    group: Group
    members: int
    opened: tuple[str, ...]
    parents: tuple[str, ...]
    named_by: tuple[str, ...]


def would_delete(work: Work, group: str, *, organization: str) -> Farewell:
    """
    Return what `groups.delete` would come to. Nothing changes.

    Raises:
        NotFound: no such organization or group that this actor may see.
        Forbidden: the actor may not edit groups there.
    """
    owner = queries.organization(work, organization)
    target = queries.group(work, group, organization_id=owner.id)
    require(work, Permission.GROUP_EDIT, target.organization_id)
    return Farewell(
        target,
        memberships.count(work, target),
        tuple(one.name for one in applications(work, target)),
        tuple(one.name for one in nesting.nested(work, target, inside=True)),
        tuple(mentions(work, target)),
    )


def mentions(work: Work, group: Group) -> list[str]:
    """Return what keeps a group from being deleted, each as what it is called."""
    found = [
        f"the default groups of “{name}”"
        for _, name in group_rights.defaults_among(work, group.organization_id, [group.id])
    ]
    if group_rights.with_roles(work, group.organization_id, [group.id]):
        found.append("the roles of administrators that it carries")
    found += (f"the access policy “{name}”" for name in _access_policies(work, group))
    found += (f"the rule of the group “{name}”" for name in _group_rules(work, group))
    if _released(work, group, lambda text: matches(text, group.name)):
        found.append("a release rule")
    found += (f"the rule on who may join from {one.domain}" for one in _join_rules(work, group))
    if work.tx.session.scalar(
        select(LauncherLayout.id).where(
            LauncherLayout.organization_id == group.organization_id, LauncherLayout.group_id == group.id
        )
    ):
        found.append("a layout of the launcher")
    found += (f"the provisioning of “{name}”" for name in _targets(work, group))
    return found


def _targets(work: Work, group: Group) -> list[str]:
    query = (
        select(Application.name, ProvisioningTarget.group_ids, ProvisioningTarget.pushed_group_ids)
        .join(
            ProvisioningTarget,
            (ProvisioningTarget.organization_id == Application.organization_id)
            & (ProvisioningTarget.application_id == Application.id),
        )
        .where(ProvisioningTarget.organization_id == group.organization_id, Application.deleted_at.is_(None))
        .order_by(Application.name)
    )
    return [row.name for row in work.tx.session.execute(query) if group.id in (*row.group_ids, *row.pushed_group_ids)]


def release_turns_on(work: Work, group: Group, name: str) -> bool:
    """Say whether a release rule makes a difference between the name that the group has and *name*."""
    return _released(work, group, lambda text: matches(text, group.name) != matches(text, name))


def applications(work: Work, group: Group) -> list[Application]:
    """Return the applications that the group opens by grants of its own, by name."""
    query = (
        select(Application)
        .join(
            AccessGrant,
            (AccessGrant.organization_id == Application.organization_id)
            & (AccessGrant.application_id == Application.id),
        )
        .where(
            AccessGrant.organization_id == group.organization_id,
            AccessGrant.subject_kind == access.GROUP,
            AccessGrant.subject_id == group.id,
            AccessGrant.valid_from <= work.now,
            or_(AccessGrant.valid_to.is_(None), AccessGrant.valid_to > work.now),
            Application.deleted_at.is_(None),
        )
        .order_by(Application.name, Application.id)
        .distinct()
    )
    return list(work.tx.session.scalars(query))


def visible_applications(work: Work, groups: Sequence[Group]) -> list[tuple[Application, AccessGrant, Group]]:
    """Return what groups of one organization open by grants of theirs, as far as the actor may see, by name."""
    if not groups:
        return []
    rows = work.tx.session.execute(
        queries.visible(work, Application, Permission.APPLICATION_READ)
        .add_columns(AccessGrant, Group)
        .join(
            AccessGrant,
            (AccessGrant.organization_id == Application.organization_id)
            & (AccessGrant.application_id == Application.id),
        )
        .join(Group, (Group.organization_id == AccessGrant.organization_id) & (Group.id == AccessGrant.subject_id))
        .where(
            AccessGrant.organization_id == groups[0].organization_id,
            AccessGrant.subject_kind == access.GROUP,
            AccessGrant.subject_id.in_([one.id for one in groups]),
            AccessGrant.valid_from <= work.now,
            or_(AccessGrant.valid_to.is_(None), AccessGrant.valid_to > work.now),
            Application.deleted_at.is_(None),
        )
        .order_by(Application.name, Application.id, Group.name_key)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _access_policies(work: Work, group: Group) -> list[str]:
    """Return the names of policies of which a version that counts, or is fallen back to, names the group."""
    query = (
        select(AccessPolicy.name, AccessPolicyVersion.rules)
        .join(
            AccessPolicyVersion,
            (AccessPolicyVersion.organization_id == AccessPolicy.organization_id)
            & (AccessPolicyVersion.policy_id == AccessPolicy.id)
            & (AccessPolicyVersion.number.in_([AccessPolicy.current, AccessPolicy.confirmed])),
        )
        .where(AccessPolicy.organization_id == group.organization_id)
        .order_by(AccessPolicy.name)
    )
    return list(
        dict.fromkeys(
            name
            for name, document in work.tx.session.execute(query)
            if group.id in documents.named(documents.rules_from_json(document))["group"]
        )
    )


def _group_rules(work: Work, group: Group) -> list[str]:
    query = (
        select(Group.name, GroupRule.condition)
        .join(GroupRule, (GroupRule.organization_id == Group.organization_id) & (GroupRule.group_id == Group.id))
        .where(GroupRule.organization_id == group.organization_id)
        .order_by(Group.name_key)
    )
    return [
        name for name, condition in work.tx.session.execute(query) if group.id in conditions.parse(condition).groups
    ]


def _join_rules(work: Work, group: Group) -> list[JoinRule]:
    query = select(JoinRule).where(JoinRule.organization_id == group.organization_id).order_by(JoinRule.domain)
    return [one for one in work.tx.session.scalars(query) if group.id in one.groups]


def released_elsewhere(work: Work, organization_id: str, names: Iterable[str], applications: Iterable[str]) -> bool:
    """
    Say whether a rule that releases groups speaks of one of *names*, and is of others than *applications* alone.

    Args:
        names: what groups are called.
        applications: the ids of applications; what their own rules say does not count.
    """
    query = select(ReleasePolicy.rules).where(
        ReleasePolicy.organization_id == organization_id, ReleasePolicy.subject_id.not_in(list(applications))
    )
    texts = {text for text in _spoken(work, query) if text.strip("*")}
    return any(matches(text, name) for name in names for text in texts)


def _released(work: Work, group: Group, speaks: Callable[[str], bool]) -> bool:
    """Say whether a text in a rule that releases groups speaks of it; those that speak of any group do not count."""
    query = select(ReleasePolicy.rules).where(ReleasePolicy.organization_id == group.organization_id)
    return any(speaks(text) for text in _spoken(work, query) if text.strip("*"))


def _spoken(work: Work, query: Select[Any]) -> Iterable[str]:
    for written in work.tx.session.scalars(query):
        yield from _texts(rules.rules_from_json(written))


def _texts(written: Iterable[rules.Rule]) -> Iterable[str]:
    for one in written:
        if _GROUPS not in one.reads():
            continue
        yield from one.only
        yield from one.rename
        if one.source == rules.EXPRESSION:
            yield from expressions.texts(one.value)
