"""Who administers an organization, and that somebody always does."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select, update

from idp.base.errors import Conflict
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.directory.models import Account, Membership, Organization, RoleAssignment
from idp.policy.permissions import ORGANIZATION_ADMINISTRATOR

LAST = "last-administrator"
"""The code of the refusal."""

_ORGANIZATION = bindparam("organization_id", type_=RoleAssignment.organization_id.type)
_NOW = bindparam("now", type_=RoleAssignment.valid_from.type)
_ADMINISTRATOR = RoleAssignment.role == ORGANIZATION_ADMINISTRATOR
_TABLE = table(Organization)
_HOLD = Prepared(
    update(_TABLE).where(_TABLE.c.id == bindparam("of_organization")).values(suspended_at=_TABLE.c.suspended_at)
)


def holding(role: ColumnElement[bool], *, lasting: bool = False) -> ColumnElement[bool]:
    """
    That an account holds a *role* in the whole of ``organization_id`` ``now``, itself or by a group.

    Args:
        role: a condition on `RoleAssignment.role`.
        lasting: without an end.
    """

    def holds(of: type[Membership] | type[RoleAssignment]) -> ColumnElement[bool]:
        until = of.valid_to.is_(None) if lasting else or_(of.valid_to.is_(None), of.valid_to > _NOW)
        return and_(of.organization_id == _ORGANIZATION, of.valid_from <= _NOW, until)

    assigned = and_(
        holds(RoleAssignment),
        role,
        RoleAssignment.site_id.is_(None),
        RoleAssignment.application_id.is_(None),
    )
    own = select(RoleAssignment.account_id).where(assigned, RoleAssignment.account_id.is_not(None))
    by_group = (
        select(Membership.account_id)
        .join(RoleAssignment, RoleAssignment.group_id == Membership.group_id)
        .where(assigned, holds(Membership))
    )
    return Account.id.in_(own.union(by_group))  # one list: beside an OR every account would be looked at


ADMINISTRATES = and_(Account.organization_id == _ORGANIZATION, Account.disabled_at.is_(None), holding(_ADMINISTRATOR))
"""
That an account that is not disabled is an organization administrator: of ``organization_id``, ``now``.

For statements of those who look at administrators: whom to alarm, who must not be locked out.
"""


def _lasting() -> Select[str]:
    return select(Account.id).where(
        Account.organization_id == _ORGANIZATION,
        Account.disabled_at.is_(None),
        Account.deletion_at.is_(None),
        Account.erased_at.is_(None),
        holding(_ADMINISTRATOR, lasting=True),
    )


_LASTING = Prepared(_lasting())
_ADMINISTRATES = Prepared(select(Account.id).where(ADMINISTRATES, Account.id == bindparam("account_id")))


def is_administrator(work: Work, organization_id: str, account_id: str) -> bool:
    """Say whether an account that is not disabled is an administrator of the whole organization now."""
    values = {"organization_id": organization_id, "account_id": account_id, "now": work.now}
    return work.tx.row(_ADMINISTRATES, **values) is not None


def hold(work: Work, organization_id: str) -> None:
    """Let of two changes of who administers the organization the second wait for the first."""
    work.tx.run(_HOLD, of_organization=organization_id)


@contextmanager
def keeping_one(work: Work, organization_id: str) -> Iterator[None]:
    """
    Make a change inside of this block; it is refused if nobody would administer the organization after it.

    Whoever does for a time only, is disabled, or is to be deleted does not count. Nothing need be known of the
    change: roles, accounts, groups and who is in them alike.

    Raises:
        Conflict: somebody did, and nobody would (``last-administrator``); the transaction must not be committed.
    """
    hold(work, organization_id)
    before = work.tx.rows(_LASTING, organization_id=organization_id, now=work.now)
    yield
    work.tx.session.flush()
    if before and not work.tx.rows(_LASTING, organization_id=organization_id, now=work.now):
        raise Conflict(
            "Nobody would administer this organization any more.",
            code=LAST,
            advice="Make somebody else an organization administrator first, without an end.",
        )
