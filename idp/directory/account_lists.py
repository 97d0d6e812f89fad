"""Lists of accounts for administrators: by address, narrowed by state and kind."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select, tuple_

from idp.base.work import Work
from idp.directory import memberships, names, queries
from idp.directory.models import Account, Membership
from idp.policy.permissions import Permission

ACTIVE, DISABLED, DELETION, ERASED = "active", "disabled", "deletion", "erased"

STATES: Mapping[str, ColumnElement[bool]] = {
    ACTIVE: and_(Account.disabled_at.is_(None), Account.erased_at.is_(None)),
    DISABLED: and_(Account.disabled_at.is_not(None), Account.deletion_at.is_(None), Account.erased_at.is_(None)),
    DELETION: and_(Account.deletion_at.is_not(None), Account.erased_at.is_(None)),
    ERASED: Account.erased_at.is_not(None),
}
"""What an account may be, and how rows tell."""


def state_of(account: Account) -> str:
    """Return what state of `STATES` an account is in."""
    if account.erased_at is not None:
        return ERASED
    if account.deletion_at is not None:
        return DELETION
    return ACTIVE if account.disabled_at is None else DISABLED


def page(
    work: Work,
    organization_id: str,
    *,
    after: tuple[Any, ...] | None = None,
    limit: int = 50,
    starting: str = "",
    state: str = "",
    kind: str = "",
) -> list[Account]:
    """
    Return accounts of an organization by their address, at most *limit*.

    Args:
        after: the address (its key) and id of the last account that was shown; None: from the start.
        starting: only those whose address begins so.
        state: only those in one of `STATES`; without, all but the erased ones.
        kind: only ``member``, ``guest`` or ``break-glass``.
    """
    query = matching(work, organization_id, starting=starting, state=state, kind=kind)
    if after is not None:
        query = query.where(tuple_(Account.email_key, Account.id) > tuple_(*after))
    return list(work.tx.session.scalars(query.order_by(Account.email_key, Account.id).limit(limit)))


def matching(
    work: Work, organization_id: str, *, starting: str = "", state: str = "", kind: str = "", group: str = ""
) -> Select[Account]:
    """
    Return a query for the accounts of an organization that filters match; see `page`.

    Args:
        group: only those who are in the group of that id now.
    """
    query = queries.visible(work, Account, Permission.ACCOUNT_READ).where(Account.organization_id == organization_id)
    if starting:
        begin = names.folded(starting)
        query = query.where(Account.email_key >= begin, Account.email_key < begin + "\U0010ffff")
    query = query.where(STATES[state] if state in STATES else Account.erased_at.is_(None))
    if group:
        query = query.where(
            Account.id.in_(
                select(Membership.account_id).where(
                    Membership.organization_id == organization_id,
                    Membership.group_id == group,
                    memberships.held(work.now),
                )
            )
        )
    return query.where(Account.kind == kind) if kind else query
