"""
What membership of a group gives, transitively, and what may therefore not fill it (threats T5).

Who enters a group enters all groups around it; who may put somebody in is decided by `rights.require_into`.
"""

from collections.abc import Collection

from sqlalchemy import or_, select

from idp.base.errors import Conflict
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory.group_models import DefaultGroup
from idp.directory.joining_models import JoinRule
from idp.directory.models import Application, Group, RoleAssignment
from idp.policy.permissions import APPLICATION_ADMINISTRATOR

MANUAL, RULE, PROVISIONED = "manual", "rule", "provisioned"
KINDS = (MANUAL, RULE, PROVISIONED)
"""Who fills a group."""


def refuse_roles(work: Work, group: Group, group_ids: Collection[str], *, why: str) -> None:
    """
    Refuse that *group* gets members whom no administrator has chosen, where one of *group_ids* carries a role.

    Raises:
        Conflict: one of them does; *why* says what it is about.
    """
    carrying = with_roles(work, group.organization_id, group_ids)
    if carrying:
        raise Conflict(
            phrase("%(why)s: “%(name)s” carries an administrator's role.", why=why, name=carrying[0].name),
            code="carries-role",
            advice="Give that role to people, or to a group that administrators fill by hand.",
        )


def with_roles(
    work: Work, organization_id: str, group_ids: Collection[str], *, organization_wide: bool = False
) -> list[Group]:
    """Return those groups that carry a role now or later; with *organization_wide* only roles that hold everywhere."""
    where = [] if not organization_wide else [RoleAssignment.site_id.is_(None), RoleAssignment.application_id.is_(None)]
    query = select(RoleAssignment.group_id).where(
        RoleAssignment.organization_id == organization_id,
        RoleAssignment.group_id.in_(list(group_ids)),
        or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > work.now),
        *where,
    )
    return groups_by_id(work, organization_id, {one for one in work.tx.session.scalars(query) if one is not None})


def administers(work: Work, group: Group, application: Application) -> bool:
    """Say whether a group carries the role of an administrator of an application, for that one alone."""
    query = select(RoleAssignment.id).where(
        RoleAssignment.organization_id == group.organization_id,
        RoleAssignment.group_id == group.id,
        RoleAssignment.role == APPLICATION_ADMINISTRATOR,
        RoleAssignment.application_id == application.id,
        RoleAssignment.valid_from <= work.now,
        or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > work.now),
    )
    return work.tx.session.scalar(query.limit(1)) is not None


def defaults_among(work: Work, organization_id: str, group_ids: Collection[str]) -> list[tuple[Group, str]]:
    """Return those groups that are default groups, each with the name of its application."""
    query = (
        select(Group, Application.name)
        .join(
            DefaultGroup, (DefaultGroup.organization_id == Group.organization_id) & (DefaultGroup.group_id == Group.id)
        )
        .join(
            Application,
            (Application.organization_id == DefaultGroup.organization_id)
            & (Application.id == DefaultGroup.application_id),
        )
        .where(
            DefaultGroup.organization_id == organization_id,
            DefaultGroup.group_id.in_(list(group_ids)),
            Application.deleted_at.is_(None),
        )
        .order_by(Group.name_key, Application.name)
    )
    return [(row[0], row[1]) for row in work.tx.session.execute(query)]


def joined_among(work: Work, organization_id: str, group_ids: Collection[str]) -> list[Group]:
    """Return those groups into which whoever joins the organization comes by itself."""
    rows = work.tx.session.scalars(select(JoinRule.groups).where(JoinRule.organization_id == organization_id))
    return groups_by_id(work, organization_id, {one for row in rows for one in row if one in group_ids})


def groups_by_id(work: Work, organization_id: str, group_ids: Collection[str]) -> list[Group]:
    """Return groups of the organization by name; for checks, whatever the actor may see."""
    if not group_ids:
        return []
    query = select(Group).where(Group.organization_id == organization_id, Group.id.in_(list(group_ids)))
    return list(work.tx.session.scalars(query.order_by(Group.name_key)))
