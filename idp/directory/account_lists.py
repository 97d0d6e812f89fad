"""Lists of accounts for administrators: by address, narrowed by state and kind."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, tuple_

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import memberships, names, queries
from idp.directory.models import Account, Group, Membership
from idp.policy.permissions import Permission

ACTIVE, DISABLED, DELETION, ERASED = "active", "disabled", "deletion", "erased"

STATES: Mapping[str, ColumnElement[bool]] = {
    ACTIVE: and_(Account.disabled_at.is_(None), Account.erased_at.is_(None)),
    DISABLED: and_(Account.disabled_at.is_not(None), Account.deletion_at.is_(None), Account.erased_at.is_(None)),
    DELETION: and_(Account.deletion_at.is_not(None), Account.erased_at.is_(None)),
    ERASED: Account.erased_at.is_not(None),
}
"""What an account may be, and how rows tell."""
KINDS = ("member", "guest", "break-glass")


def state_of(account: Any) -> str:
    """Return what state of `STATES` an account, or a row with its moments, is in."""
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
    group: str = "",
) -> list[Account]:
    """
    Return accounts of an organization by their address, at most *limit*.

    Args:
        after: the address (its key) and id of the last account that was shown; None: from the start.
        starting: only those whose address begins so.
        state: only those in one of `STATES`; without, all but the erased ones.
        kind: only ``member``, ``guest`` or ``break-glass``.
        group: only those who are in the group with this id, or name, now.

    Raises:
        Invalid: there is no such state.
        NotFound: no such group that this actor may see.
    """
    query = matching(work, organization_id, starting=starting, state=state, kind=kind, group=group)
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
    query = narrowed(query, starting, kind)
    if state and state not in STATES:  # read as none it would match more than was asked for
        raise Invalid("There is no such state of accounts.", field="state")
    query = query.where(STATES[state] if state else Account.erased_at.is_(None))
    return (
        query
        if not group
        else query.where(_in_group(work, queries.group(work, group, organization_id=organization_id)))
    )


def _in_group(work: Work, group: Group) -> ColumnElement[bool]:
    return exists().where(
        Membership.organization_id == Account.organization_id,
        Membership.account_id == Account.id,
        Membership.organization_id == group.organization_id,
        Membership.group_id == group.id,
        memberships.held(work.now),
    )


def narrowed(query: Select[Account], starting: str = "", kind: str = "") -> Select[Account]:
    """Return *query* for those whose address begins so, and of one of `KINDS`; empty: for all."""
    if starting:
        begin = names.folded(starting)
        query = query.where(Account.email_key >= begin, Account.email_key < begin + "\U0010ffff")
    return query.where(Account.kind == kind) if kind else query
