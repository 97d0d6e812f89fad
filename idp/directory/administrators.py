"""Whom letters about an organization go to: those who administer all of it."""

from sqlalchemy import or_, select

from idp.base.work import Work
from idp.directory.models import Account, Membership, RoleAssignment
from idp.policy.permissions import ORGANIZATION_ADMINISTRATOR

_MOST = 50


def addresses(work: Work, organization_id: str) -> list[str]:
    """Return the addresses of the accounts that administer the organization now, at most fifty."""
    holds = (
        RoleAssignment.organization_id == organization_id,
        RoleAssignment.role == ORGANIZATION_ADMINISTRATOR,
        RoleAssignment.valid_from <= work.now,
        or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > work.now),
    )
    own = select(RoleAssignment.account_id).where(*holds, RoleAssignment.account_id.is_not(None))
    by_group = (
        select(Membership.account_id)
        .join(
            RoleAssignment,
            (RoleAssignment.organization_id == Membership.organization_id)
            & (RoleAssignment.group_id == Membership.group_id),
        )
        .where(
            *holds,
            Membership.valid_from <= work.now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > work.now),
        )
    )
    query = (
        select(Account.email)
        .where(
            Account.organization_id == organization_id,
            Account.disabled_at.is_(None),
            or_(Account.id.in_(own), Account.id.in_(by_group)),
        )
        .order_by(Account.email_key)
        .limit(_MOST)
    )
    return list(work.tx.session.scalars(query))
