"""Who may do something at a place: whom a request that waits is told to."""

from sqlalchemy import or_, select

from idp.base.work import Actor, HeldRole, Work
from idp.directory.models import Account, Application, Membership, Role, RoleAssignment
from idp.policy.permissions import Permission, allows

MOST_TOLD = 20


def holders(
    work: Work,
    permission: Permission,
    organization_id: str,
    *,
    site_id: str | None = None,
    application_id: str | None = None,
) -> list[Account]:
    """
    Return the live accounts that hold *permission* there, by themselves or through a group, by address.

    Args:
        site_id, application_id: as `policy.permissions.allows` takes them.
    """
    own: set[str] = set()
    groups: set[str] = set()
    for assignment, held in _assigned(work, organization_id):
        actor = Actor("account", organization_id=organization_id, roles=(held,))
        if allows(actor, permission, organization_id, site_id=site_id, application_id=application_id):
            if assignment.account_id is not None:
                own.add(assignment.account_id)
            elif assignment.group_id is not None:
                groups.add(assignment.group_id)
    if not own and not groups:
        return []
    members = select(Membership.account_id).where(
        Membership.organization_id == organization_id,
        Membership.group_id.in_(groups),
        Membership.valid_from <= work.now,
        or_(Membership.valid_to.is_(None), Membership.valid_to > work.now),
    )
    of_their_own = select(RoleAssignment.account_id).where(
        RoleAssignment.organization_id == organization_id, RoleAssignment.account_id.in_(own)
    )
    query = (
        select(Account)
        .where(
            Account.organization_id == organization_id,
            Account.id.in_(members.union(of_their_own)),  # one list: beside an OR every account would be looked at
            Account.disabled_at.is_(None),
            Account.deletion_at.is_(None),
            Account.erased_at.is_(None),
        )
        .order_by(Account.email_key)
    )
    return list(work.tx.session.scalars(query))


def _assigned(work: Work, organization_id: str) -> list[tuple[RoleAssignment, HeldRole]]:
    query = (
        select(RoleAssignment, Role.permissions, Application.site_id)
        .outerjoin(Role, (Role.organization_id == RoleAssignment.organization_id) & (Role.id == RoleAssignment.role))
        .outerjoin(
            Application,
            (Application.organization_id == RoleAssignment.organization_id)
            & (Application.id == RoleAssignment.application_id),
        )
        .where(
            RoleAssignment.organization_id == organization_id,
            RoleAssignment.valid_from <= work.now,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > work.now),
        )
    )
    return [
        (
            one,
            HeldRole(one.role, organization_id, one.site_id or site_id, one.application_id, tuple(permissions or ())),
        )
        for one, permissions, site_id in work.tx.session.execute(query)
    ]
