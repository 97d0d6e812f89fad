"""
Groups of the organization whose names a directory wanted: refused, until an administrator hands them over or renames them.

The directory never takes a group by its name alone: whoever can choose names there would get what it opens (S7). Handed
over, it finds the group by its name (SCIM's filter), and keeps it from then on.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select

from idp.audit.events import GroupHandedOver, MemberRemoved
from idp.audit.log import record
from idp.base.errors import Conflict
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import group_rights, membership_changes, memberships, nesting, queries, rights
from idp.directory.group_rights import MANUAL, PROVISIONED
from idp.directory.models import Group, Membership
from idp.directory.provisioned import SOURCE
from idp.directory.provisioning_models import (
    ProvisionedAccount,
    ProvisionedGroup,
    ProvisioningCall,
    ProvisioningClient,
)
from idp.policy.permissions import Permission, require
from idp.provisioning import clients
from idp.signon import guarding

MOST_MEMBERS = 2_000
"""A group with more is renamed, and filled anew by the directory."""
SHOWN = 20
WHAT = "/Groups"


@dataclass(frozen=True, slots=True)
class Handover:
    """What handing a group over comes to: these members stay, those leave (ids of accounts)."""

    group: Group
    staying: tuple[str, ...]
    leaving: tuple[str, ...]


def wanted(work: Work, of: ProvisioningClient) -> list[Group]:
    """Return the groups of the organization whose names a client wanted of late, as far as the actor may see them, by name."""
    calls = select(ProvisioningCall.target_id).where(
        ProvisioningCall.organization_id == of.organization_id,
        ProvisioningCall.client_id == of.id,
        ProvisioningCall.method == "POST",
        ProvisioningCall.what == WHAT,
        ProvisioningCall.status == 409,
        ProvisioningCall.target_id != "",
    )
    query = queries.visible(work, Group, Permission.GROUP_READ).where(
        Group.organization_id == of.organization_id, Group.deleted_at.is_(None), Group.id.in_(calls), ~_kept()
    )
    return list(work.tx.session.scalars(query.order_by(Group.name_key).limit(SHOWN)))


def would_hand_over(work: Work, reference: str, group: str, *, organization_id: str) -> Handover:
    """
    Return what `hand_over` would come to. Nothing changes.

    Raises:
        IdpError: as `hand_over`.
    """
    client = clients.editable(work, reference, organization_id)
    clients.refuse_excess(work, organization_id)
    target = queries.group(work, group, organization_id=organization_id)
    require(work, Permission.GROUP_EDIT, organization_id)
    rights.require_into(work, target)
    _refuse(work, target)
    return _planned(work, client, target)


def hand_over(work: Work, reference: str, group: str, *, organization_id: str) -> Handover:
    """
    Let a client keep a group that administrators have filled until now: those of its members who are the client's stay.

    Raises:
        NotFound: no such client or group that this actor may see.
        Forbidden: the actor may not manage provisioning, not edit the group or not change its members, or not do all that a
            client may.
        Conflict: it is not filled by hand, gives roles, is a default group, is entered by whoever joins, has groups
            inside or too many members; or it would lock administrators out.
    """
    nesting.hold(work, organization_id)
    found = would_hand_over(work, reference, group, organization_id=organization_id)
    client, target = clients.client(work, reference, organization_id=organization_id), found.group
    with guarding.guarded(work, organization_id):
        membership_changes.enter(work, target, found.staying, SOURCE + client.id)
        for source in memberships.BY_HAND:
            membership_changes.leave(work, target, None, source)
        target.kind = PROVISIONED
        _link(work, client, target)
        work.tx.session.flush()
    for one in found.leaving:
        record(
            work,
            MemberRemoved(
                organization_id=organization_id,
                target_id=target.id,
                group=target.name,
                account_id=one,
                source=memberships.MANUAL,
            ),
        )
    record(
        work,
        GroupHandedOver(
            organization_id=organization_id,
            target_id=target.id,
            name=target.name,
            client=client.name,
            stay=len(found.staying),
            leave=len(found.leaving),
        ),
    )
    return found


def _planned(work: Work, client: ProvisioningClient, group: Group) -> Handover:
    there = set[str]()
    for source in memberships.BY_HAND:
        there |= memberships.ids(work, group.organization_id, group.id, source)
    staying: set[str] = set()
    for some in memberships.chunks(sorted(there)):
        staying.update(
            work.tx.session.scalars(
                select(ProvisionedAccount.id).where(
                    ProvisionedAccount.organization_id == group.organization_id,
                    ProvisionedAccount.client_id == client.id,
                    ProvisionedAccount.released_at.is_(None),
                    ProvisionedAccount.id.in_(some),
                )
            )
        )
    return Handover(group, tuple(sorted(staying)), tuple(sorted(there - staying)))


def _refuse(work: Work, group: Group) -> None:
    if group.kind != MANUAL:
        raise Conflict(
            phrase("“%(name)s” is not filled by hand.", name=group.name),
            advice="Rename it; then the directory makes a group of its own.",
        )
    around = rights.containers(work, group)
    group_rights.refuse_roles(work, group, around, why=f"“{group.name}” cannot be handed over")
    defaults = group_rights.defaults_among(work, group.organization_id, around)
    if defaults:
        raise Conflict(
            phrase(
                "“%(name)s” cannot be handed over: it leads to a default group of “%(application)s”.",
                name=group.name,
                application=defaults[0][1],
            ),
            advice="Change that first, or rename the group.",
        )
    if group_rights.joined_among(work, group.organization_id, around):
        raise Conflict(
            phrase("“%(name)s” cannot be handed over: whoever joins comes into it.", name=group.name),
            advice="Change that first, or rename the group.",
        )
    if rights.contained(work, group) != {group.id}:
        raise Conflict(
            phrase("“%(name)s” cannot be handed over: other groups are inside of it.", name=group.name),
            advice="Take them out first, or rename the group.",
        )
    count = work.tx.session.scalar(
        select(func.count()).where(
            Membership.organization_id == group.organization_id,
            Membership.group_id == group.id,
            memberships.held(work.now),
        )
    )
    if (count or 0) > MOST_MEMBERS:
        raise Conflict(
            phrase("A group with more than %(most)s members is not handed over.", most=MOST_MEMBERS),
            advice="Rename it; then the directory makes a group of its own.",
        )


def _link(work: Work, client: ProvisioningClient, group: Group) -> None:
    link = work.tx.session.get(ProvisionedGroup, (group.organization_id, group.id))
    if link is None:
        link = ProvisionedGroup(organization_id=group.organization_id, id=group.id, changes=0)
        work.tx.session.add(link)
    link.client_id, link.external_id, link.released_at = client.id, "", None
    link.since = link.changed_at = work.now


def _kept() -> ColumnElement[bool]:
    return exists().where(
        ProvisionedGroup.organization_id == Group.organization_id,
        ProvisionedGroup.id == Group.id,
        ProvisionedGroup.released_at.is_(None),
    )
