"""
The rows that say who is in which group, and from what source: to begin them, to end them, to read them.

A row is never changed but to end it, so that who was in a group on a day can be told for ever. Nobody writes one but
through here; whoever wants a change calls `membership_changes`, which also settles what follows of it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, insert, or_, select, update

from idp.base.ids import new_id
from idp.base.tables import table
from idp.base.work import Work
from idp.directory import names, provisioning_marks, queries
from idp.directory.models import Account, Group, Membership
from idp.policy.permissions import Permission

MANUAL, DEFAULT = "manual", "default"
RULE, INSIDE = "rule:", "group:"
BY_HAND = (MANUAL, DEFAULT)
"""Sources that an administrator ends by taking somebody out."""
AT_ONCE = 500
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Source:
    """From where a membership comes: ``kind`` is what stands before the colon, ``of`` (an id) what stands behind it."""

    kind: str
    of: str
    since: datetime

    @classmethod
    def read(cls, source: str, since: datetime) -> "Source":
        """Return what a row's ``source`` says."""
        kind, _, of = source.partition(":")
        return cls(kind, of, since)


@dataclass(frozen=True, slots=True)
class Member:
    """An account that is in a group, and all sources that say so, the oldest first."""

    account: Account
    sources: tuple[Source, ...]


def held(moment: datetime) -> ColumnElement[bool]:
    """Return the condition that a membership holds at *moment*."""
    return and_(Membership.valid_from <= moment, or_(Membership.valid_to.is_(None), Membership.valid_to > moment))


def enter(work: Work, organization_id: str, group_id: str, account_ids: Iterable[str], source: str) -> list[str]:
    """Put accounts into a group by *source*; return those that were not there by it yet."""
    entered: list[str] = []
    for some in chunks(sorted(set(account_ids))):
        there = set(
            work.tx.session.scalars(
                select(Membership.account_id)
                .where(*_of(organization_id, group_id, source), held(work.now))
                .where(Membership.account_id.in_(some))
            )
        )
        entered += (one for one in some if one not in there)
    rows: list[dict[str, Any]] = [
        {
            "organization_id": organization_id,
            "id": new_id("mem"),
            "group_id": group_id,
            "account_id": one,
            "source": source,
            "valid_from": work.now,
            "valid_to": None,
        }
        for one in entered
    ]
    if rows:
        work.tx.session.flush()
        work.tx.session.execute(insert(table(Membership)), rows)
        provisioning_marks.accounts(work, organization_id, entered)
    return entered


def leave(
    work: Work, organization_id: str, group_id: str, account_ids: Collection[str] | None, source: str
) -> list[str]:
    """End the membership of accounts (None: of all) by *source*; return those that were there by it."""
    if account_ids is None:
        return _end(work, organization_id, *_of(organization_id, group_id, source))
    left: list[str] = []
    for some in chunks(sorted(set(account_ids))):
        left += _end(work, organization_id, *_of(organization_id, group_id, source), Membership.account_id.in_(some))
    return left


def end_all(work: Work, organization_id: str, group_id: str) -> list[str]:
    """End every membership of a group, whatever its source; return whose."""
    here = Membership.organization_id == organization_id
    return _end(work, organization_id, here, Membership.group_id == group_id)


def _end(work: Work, organization_id: str, *where: ColumnElement[bool]) -> list[str]:
    rows = work.tx.session.execute(
        update(Membership)
        .where(*where, held(work.now))
        .values(valid_to=work.now)
        .returning(Membership.account_id)
        .execution_options(synchronize_session="fetch")
    )
    ended = list(dict.fromkeys(rows.scalars()))
    provisioning_marks.accounts(work, organization_id, ended)
    return ended


def _of(organization_id: str, group_id: str, source: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Membership.organization_id == organization_id,
        Membership.group_id == group_id,
        Membership.source == source,
    )


def sources_of(work: Work, organization_id: str, group_id: str, account_id: str) -> list[str]:
    """Return every source that says now that the account is in the group, the oldest first."""
    query = (
        select(Membership.source)
        .where(
            Membership.organization_id == organization_id,
            Membership.group_id == group_id,
            Membership.account_id == account_id,
            held(work.now),
        )
        .order_by(Membership.valid_from, Membership.id)
    )
    return list(dict.fromkeys(work.tx.session.scalars(query)))


def ids(work: Work, organization_id: str, group_id: str, source: str | None = None) -> set[str]:
    """Return the ids of all accounts that are in a group now; by *source* alone where one is named."""
    query = select(Membership.account_id).where(
        Membership.organization_id == organization_id, Membership.group_id == group_id, held(work.now)
    )
    if source is not None:
        query = query.where(Membership.source == source)
    return set(work.tx.session.scalars(query))


def groups_of(work: Work, organization_id: str, account_ids: Sequence[str]) -> dict[str, set[str]]:
    """Return for each account (at most `AT_ONCE`) the ids of the groups that it is in now."""
    found: dict[str, set[str]] = {one: set() for one in account_ids}
    query = select(Membership.account_id, Membership.group_id).where(
        Membership.organization_id == organization_id, Membership.account_id.in_(account_ids), held(work.now)
    )
    for account_id, group_id in work.tx.session.execute(query):
        found[account_id].add(group_id)
    return found


def count(work: Work, group: Group) -> int:
    """Return how many accounts are in a group now."""
    query = select(func.count(Membership.account_id.distinct())).where(
        Membership.organization_id == group.organization_id, Membership.group_id == group.id, held(work.now)
    )
    return work.tx.session.scalar(query) or 0


def members(
    work: Work, group: Group, *, after: tuple[str, str] | None = None, starting: str = "", limit: int = 50
) -> list[Member]:
    """
    Return members of a group by e-mail address, each with all of its sources.

    Args:
        after: ``(email_key, id)`` of the last account that was seen.
        starting: only those whose address begins so.
        limit: at most so many, and never more than 200.
    """
    query: Select[Account] = queries.visible(work, Account, Permission.ACCOUNT_READ).where(
        Account.organization_id == group.organization_id,
        select(Membership.id)
        .where(
            Membership.organization_id == group.organization_id,
            Membership.group_id == group.id,
            Membership.account_id == Account.id,
            held(work.now),
        )
        .exists(),
    )
    if after is not None:
        query = query.where(
            (Account.email_key > after[0]) | ((Account.email_key == after[0]) & (Account.id > after[1]))
        )
    if starting:
        query = query.where(Account.email_key.startswith(names.name_key(starting), autoescape=True))
    found = list(
        work.tx.session.scalars(query.order_by(Account.email_key, Account.id).limit(max(1, min(limit, MOST_SHOWN))))
    )
    rows = work.tx.session.execute(
        select(Membership.account_id, Membership.source, Membership.valid_from)
        .where(
            Membership.organization_id == group.organization_id,
            Membership.group_id == group.id,
            Membership.account_id.in_([one.id for one in found]),
            held(work.now),
        )
        .order_by(Membership.valid_from, Membership.id)
    )
    sources: dict[str, list[Source]] = {}
    for account_id, source, since in rows:
        sources.setdefault(account_id, []).append(Source.read(source, since))
    return [Member(one, tuple(sources.get(one.id, ()))) for one in found]


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Return *values* in pieces that one statement can name."""
    return (values[at : at + AT_ONCE] for at in range(0, len(values), AT_ONCE))
