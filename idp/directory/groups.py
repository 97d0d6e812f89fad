"""Verbs on groups and their members."""

from sqlalchemy import func, select

from idp.audit.events import GroupCreated, MemberAdded, MemberRemoved
from idp.audit.log import record
from idp.base.errors import Conflict
from idp.base.ids import new_id
from idp.base.work import Work
from idp.directory import names, queries, rights
from idp.directory.models import Group, Membership
from idp.policy.permissions import Permission, require

MANUAL = "manual"


def create(work: Work, name: str, *, organization: str) -> Group:
    """
    Create an empty group.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not create groups there.
        Invalid: the name cannot be used.
        Conflict: the organization has a group of that name.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.GROUP_CREATE, owner.id)
    name = names.name(name)
    key = names.name_key(name)
    if work.tx.session.scalar(
        select(func.count()).select_from(Group).where(Group.organization_id == owner.id, Group.name_key == key)
    ):
        raise Conflict(f"There is a group “{name}” already.", field="name")
    group = Group(organization_id=owner.id, id=new_id("grp"), name=name, name_key=key, created_at=work.now)
    work.tx.session.add(group)
    work.tx.session.flush()
    record(work, GroupCreated(organization_id=owner.id, target_id=group.id, name=name))
    return group


def add(work: Work, group: str, account: str, *, organization: str, source: str = MANUAL) -> Membership:
    """
    Make an account a member of a group from now on, by *source*.

    Raises:
        NotFound: no such organization, group or account that this actor may see.
        Forbidden: the actor may not change members of this group (`rights.require_into`).
        Conflict: it is a member by that source already.
    """
    owner = queries.organization(work, organization)
    target = queries.group(work, group, organization_id=owner.id)
    member = queries.account(work, account, organization_id=owner.id)
    rights.require_into(work, target)
    already = (
        select(func.count())
        .select_from(Membership)
        .where(
            Membership.organization_id == owner.id,
            Membership.group_id == target.id,
            Membership.account_id == member.id,
            Membership.source == source,
            Membership.valid_to.is_(None) | (Membership.valid_to > work.now),
        )
    )
    if work.tx.session.scalar(already):
        raise Conflict(f"“{member.email}” is in “{target.name}” already.")
    membership = Membership(
        organization_id=owner.id,
        id=new_id("mem"),
        group_id=target.id,
        account_id=member.id,
        source=source,
        valid_from=work.now,
    )
    work.tx.session.add(membership)
    record(
        work,
        MemberAdded(
            organization_id=owner.id, target_id=target.id, group=target.name, account_id=member.id, source=source
        ),
    )
    return membership


def remove(work: Work, group: str, account: str, *, organization: str) -> Membership:
    """
    Take an account out of a group.

    Raises:
        NotFound: no such organization, group or account that this actor may see.
        Forbidden: the actor may not change members there.
        Conflict: it is not in the group.
    """
    owner = queries.organization(work, organization)
    target = queries.group(work, group, organization_id=owner.id)
    member = queries.account(work, account, organization_id=owner.id)
    rights.require_into(work, target)
    found = work.tx.session.scalar(
        select(Membership).where(
            Membership.organization_id == owner.id,
            Membership.group_id == target.id,
            Membership.account_id == member.id,
            Membership.source == MANUAL,
            Membership.valid_to.is_(None),
        )
    )
    if found is None:
        raise Conflict(f"“{member.email}” is not in “{target.name}”.")
    found.valid_to = work.now
    record(work, MemberRemoved(organization_id=owner.id, target_id=target.id, group=target.name, account_id=member.id))
    work.tx.session.flush()
    return found
