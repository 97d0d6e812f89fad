"""How many people something would reach: for the sentence that is said before it is done."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, CompoundSelect, exists, func, or_, select

from idp.base.work import Work
from idp.directory import access, memberships
from idp.directory.models import AccessGrant, Account, Application, Group, Membership

Subject = tuple[str, str]
"""Kind and id of whom a grant is for."""


def everyone(work: Work, organization_id: str) -> int:
    """Return how many accounts of the organization are active."""
    return _count(work, organization_id)


def group(work: Work, of: Group) -> int:
    """Return how many active accounts are in a group."""
    return _count(work, of.organization_id, _in(work, of.id))


def group_by_id(work: Work, organization_id: str, group_id: str) -> int:
    """As `group`, of one that the caller knows the id of only."""
    return _count(work, organization_id, _in(work, group_id))


def both(work: Work, one: Group, other: Group) -> int:
    """Return how many active accounts are in both groups already."""
    return _count(work, one.organization_id, _in(work, one.id), _in(work, other.id))


def both_by_id(work: Work, organization_id: str, one_id: str, other_id: str) -> int:
    """As `both`, of groups that the caller knows the ids of only."""
    return _count(work, organization_id, _in(work, one_id), _in(work, other_id))


def on_domain(work: Work, organization_id: str, domain: str) -> int:
    """Return how many active accounts have an address on *domain* (A-labels)."""
    return _count(work, organization_id, Account.email_domain == domain)


def only_through(work: Work, child: Group, parent: Group) -> int:
    """Return how many active accounts are in *parent* by *child*, which is inside of it, and by nothing else."""
    source = f"{memberships.INSIDE}{child.id}"
    return _count(
        work,
        parent.organization_id,
        _in(work, parent.id, Membership.source == source),
        ~_in(work, parent.id, Membership.source != source),
    )


def application(work: Work, of: Application) -> int:
    """Return how many active accounts an application is open to."""
    grants = select(AccessGrant.subject_kind, AccessGrant.subject_id).where(
        AccessGrant.organization_id == of.organization_id,
        AccessGrant.application_id == of.id,
        AccessGrant.valid_from <= work.now,
        or_(AccessGrant.valid_to.is_(None), AccessGrant.valid_to > work.now),
    )
    subjects = {(kind, subject) for kind, subject in work.tx.session.execute(grants)}
    if not subjects:
        return 0
    if any(kind == access.EVERYONE for kind, _ in subjects):
        return _count(work, of.organization_id)
    return _count(work, of.organization_id, Account.id.in_(subjects_accounts(work, of.organization_id, subjects)))


def subjects_accounts(work: Work, organization_id: str, subjects: Collection[Subject]) -> CompoundSelect[str]:
    """Return a query for the ids of the accounts that are meant, themselves or by a group: one list, never either of two."""
    members = select(Membership.account_id).where(
        Membership.organization_id == organization_id,
        Membership.group_id.in_([subject for kind, subject in subjects if kind == access.GROUP]),
        memberships.held(work.now),
    )
    own = select(Account.id).where(
        Account.organization_id == organization_id,
        Account.id.in_([subject for kind, subject in subjects if kind == access.ACCOUNT]),
    )
    return members.union(own)


def _in(work: Work, group_id: str, *further: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        Membership.organization_id == Account.organization_id,
        Membership.group_id == group_id,
        Membership.account_id == Account.id,
        memberships.held(work.now),
        *further,
    )


def _count(work: Work, organization_id: str, *where: ColumnElement[bool]) -> int:
    query = (
        select(func.count())
        .select_from(Account)
        .where(Account.organization_id == organization_id, Account.disabled_at.is_(None), *where)
    )
    return work.tx.session.scalar(query) or 0
