"""
What another directory does to groups: brings them, fills them, lets go of them. It reaches those that are its own.

They are of the kind ``provisioned`` and carry no roles (T5, S7); their members are accounts of the same client.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from idp.audit.events import GroupProvisioned, GroupReleased, MemberAdded, MemberRemoved
from idp.audit.log import record
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.work import Work
from idp.directory import groups, membership_changes, memberships, names, nesting, rights
from idp.directory.group_rights import PROVISIONED
from idp.directory.models import Group, Organization
from idp.directory.provisioned import SOURCE
from idp.directory.provisioning_models import ProvisionedAccount, ProvisionedGroup, ProvisioningClient
from idp.directory.rights import require_into
from idp.provisioning import braking
from idp.signon import guarding

MOST_MEMBERS = 35_000
MOST_NAMED = 1_000


class NameTaken(Conflict):
    """The organization has a group of that name: ``group_id``, for the administrator who decides what becomes of it."""

    code = "group-name-taken"

    def __init__(self, group_id: str) -> None:
        super().__init__(
            "There is a group of this displayName already.",
            field="displayName",
            advice="An administrator can hand it over to you, or rename it.",
        )
        self.group_id = group_id


@dataclass(frozen=True, slots=True)
class ProvisionedOne:
    """A group of a client, and what is noted of that."""

    group: Group
    link: ProvisionedGroup


def create(
    work: Work, client: ProvisioningClient, name: str, *, external_id: str = "", members: Collection[str] = ()
) -> ProvisionedOne:
    """
    Bring a group with its members.

    Raises:
        Forbidden: the actor may not create groups there.
        Invalid: the name cannot be used, or a member is none of the client's own accounts.
        Conflict: the organization has a group of that name, or the client calls another one so.
    """
    _refuse_called(work, client, external_id, but="")
    owner = work.tx.session.get_one(Organization, client.organization_id)
    _refuse_taken(work, owner.id, name)
    group = groups.create(work, name, organization=owner.slug)
    group.kind = PROVISIONED
    link = ProvisionedGroup(
        organization_id=owner.id,
        id=group.id,
        client_id=client.id,
        external_id=external_id,
        since=work.now,
        changed_at=work.now,
    )
    work.tx.session.add(link)
    work.tx.session.flush()
    record(work, GroupProvisioned(organization_id=owner.id, target_id=group.id, name=group.name, client=client.name))
    found = ProvisionedOne(group, link)
    fill(work, client, found, add=members)
    return found


def rename(
    work: Work, client: ProvisioningClient, found: ProvisionedOne, *, name: str | None, external_id: str | None
) -> None:
    """
    Change what a group is called; what is None stays.

    Raises:
        Forbidden: the actor may not edit groups there.
        Invalid: the name cannot be used.
        Conflict: there is a group of that name, or one that the client calls so; or rules speak of it by its name (S7).
    """
    group, link = found.group, found.link
    if name is not None:
        owner = work.tx.session.get_one(Organization, client.organization_id)
        before = group.name
        groups.edit(work, group.id, organization=owner.slug, name=name)
        if group.name != before:
            _bump(work, link)
    if external_id is not None and external_id != link.external_id:
        _refuse_called(work, client, external_id, but=group.id)
        link.external_id = external_id
        _bump(work, link)


def fill(
    work: Work,
    client: ProvisioningClient,
    found: ProvisionedOne,
    *,
    add: Collection[str] = (),
    remove: Collection[str] = (),
    clear: bool = False,
) -> None:
    """
    Put accounts of the client into a group, and take others out.

    Args:
        clear: whoever is not among *add* leaves.

    Raises:
        Forbidden: the group gives what the client may not have; or rules ask who is in it, and somebody who holds a role,
            or is for emergencies, would enter or leave.
        Invalid: one of *add* is none of the client's own accounts, or there are too many.
        Conflict: it would lock administrators out.
        BrakeReached: it takes too many out within an hour.
    """
    if not (add or remove or clear):
        return
    group, source = found.group, SOURCE + client.id
    nesting.hold(work, group.organization_id)
    require_into(work, group)
    _refuse_strangers(work, client, add)
    there = memberships.ids(work, group.organization_id, group.id, source)
    leaving = (there - set(add)) if clear else (there & set(remove))
    entering = set(add) - there
    if len(there) - len(leaving) + len(entering) > MOST_MEMBERS:
        raise Invalid("A group has at most 35,000 members.")
    _refuse_protected(work, group, leaving | entering)
    braking.count_leaving(work, client, len(leaving))
    with guarding.guarded(work, group.organization_id):  # rules of access can ask who is in it
        _change(work, group, source, leaving, entering)
    if leaving or entering:
        _bump(work, found.link)


def _change(work: Work, group: Group, source: str, leaving: Collection[str], entering: Collection[str]) -> None:
    for one in sorted(membership_changes.leave(work, group, leaving, source) if leaving else ()):
        record(
            work,
            MemberRemoved(
                organization_id=group.organization_id,
                target_id=group.id,
                group=group.name,
                account_id=one,
                source=source,
            ),
        )
    for one in sorted(membership_changes.enter(work, group, entering, source) if entering else ()):
        record(
            work,
            MemberAdded(
                organization_id=group.organization_id,
                target_id=group.id,
                group=group.name,
                account_id=one,
                source=source,
            ),
        )


def delete(work: Work, client: ProvisioningClient, group_id: str) -> Group:
    """
    Delete a group of the client's own.

    Raises:
        NotFound: it has no such group.
        Forbidden: the actor may not edit groups there; or as of `fill`.
        Conflict: something of the organization speaks of it, or it would lock administrators out.
        BrakeReached: it takes too many out of groups within an hour.
    """
    found = one(work, client, group_id)
    owner = work.tx.session.get_one(Organization, client.organization_id)
    there = memberships.ids(work, owner.id, group_id, SOURCE + client.id)
    _refuse_protected(work, found.group, there)
    braking.count_leaving(work, client, len(there))
    with guarding.guarded(work, owner.id):
        gone = groups.delete(work, found.group.id, organization=owner.slug)
    found.link.released_at, found.link.external_id = work.now, ""
    work.tx.session.flush()
    record(work, GroupReleased(organization_id=owner.id, target_id=gone.id, name=gone.name, client=client.name))
    return gone


def one(work: Work, client: ProvisioningClient, group_id: str) -> ProvisionedOne:
    """
    Return a group of the client's own.

    Raises:
        NotFound: it has none of that id.
    """
    row = work.tx.session.execute(
        select(Group, ProvisionedGroup)
        .join(
            ProvisionedGroup,
            (ProvisionedGroup.organization_id == Group.organization_id) & (ProvisionedGroup.id == Group.id),
        )
        .where(
            Group.organization_id == client.organization_id,
            Group.id == group_id,
            Group.deleted_at.is_(None),
            ProvisionedGroup.client_id == client.id,
            ProvisionedGroup.released_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such group.")
    return ProvisionedOne(row[0], row[1])


def _bump(work: Work, link: ProvisionedGroup) -> None:
    """Who is in a group is a part of its version, and stands in no column of it."""
    link.changes, link.changed_at = link.changes + 1, work.now
    work.tx.session.flush()


def _refuse_protected(work: Work, group: Group, moving: Collection[str]) -> None:
    """
    A directory lets administrators in and out of groups that open applications, not of those by which rules decide who
    gets in: by these it would shut them out, or open the console to them (D17, S7).
    """
    if not moving or not rights.asked_by_rules(work, group):
        return
    for some in memberships.chunks(sorted(moving)):
        if rights.protected_among(work, group.organization_id, some):
            raise Forbidden(
                "Rules of access ask who is in this group, and one of these accounts is protected: administrators "
                "change that here.",
                code="protected-account",
                cause="an account that administers something, or is for emergencies, would enter or leave",
            )


def _refuse_strangers(work: Work, client: ProvisioningClient, account_ids: Collection[str]) -> None:
    wanted = sorted(set(account_ids))
    known: set[str] = set()
    for some in memberships.chunks(wanted):
        query = select(ProvisionedAccount.id).where(
            ProvisionedAccount.organization_id == client.organization_id,
            ProvisionedAccount.client_id == client.id,
            ProvisionedAccount.released_at.is_(None),
            ProvisionedAccount.id.in_(some),
        )
        known.update(work.tx.session.scalars(query))
    if len(known) != len(wanted):
        raise Invalid("A member is no user that was provisioned here.", field="members", code="unknown-member")


def _refuse_taken(work: Work, organization_id: str, name: str) -> None:
    taken = select(Group.id).where(
        Group.organization_id == organization_id, Group.name_key == names.name_key(name), Group.deleted_at.is_(None)
    )
    group_id = work.tx.session.scalar(taken)
    if group_id is not None:
        raise NameTaken(group_id)


def _refuse_called(work: Work, client: ProvisioningClient, external_id: str, *, but: str) -> None:
    if not external_id:
        return
    taken = select(func.count()).where(
        ProvisionedGroup.organization_id == client.organization_id,
        ProvisionedGroup.client_id == client.id,
        ProvisionedGroup.external_id == external_id,
        ProvisionedGroup.released_at.is_(None),
        ProvisionedGroup.id != but,
    )
    if work.tx.session.scalar(taken):
        raise Conflict("There is a group of this externalId already.", field="externalId")
