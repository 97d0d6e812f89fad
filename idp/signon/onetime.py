"""
Values that are honoured once, for one purpose, within a time: one conditional UPDATE decides.

A value is 256 random bits in somebody else's hands; here it is a fingerprint beside what it is
bound to. The purpose is part of the key, so a value of one kind is nothing anywhere else (O9).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from idp.base.ids import fingerprint
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.signon.models import OneTimeValue

_TABLE = table(OneTimeValue)
_AT = bindparam("at", type_=_TABLE.c.used_at.type)
_STORE = Prepared(insert(_TABLE))
_CONSUME = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.purpose == bindparam("of_purpose"),
        _TABLE.c.value_hash == bindparam("of_value"),
        _TABLE.c.used_at.is_(None),
        _TABLE.c.expires_at > _AT,
    )
    .values(used_at=_AT)
    .returning(_TABLE.c.bound)
)
_FIND = Prepared(
    select(_TABLE.c.bound, _TABLE.c.expires_at, _TABLE.c.used_at).where(
        _TABLE.c.purpose == bindparam("of_purpose"), _TABLE.c.value_hash == bindparam("of_value")
    )
)
_END = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.subject_id == bindparam("of_subject"),
        _TABLE.c.purpose == bindparam("of_purpose"),
        _TABLE.c.used_at.is_(None),
        _TABLE.c.created_at >= bindparam("since", type_=_TABLE.c.created_at.type),
    )
    .values(used_at=_AT)
)
_WAITS = Prepared(
    select(_TABLE.c.purpose).where(
        _TABLE.c.subject_id == bindparam("of_subject"),
        _TABLE.c.purpose == bindparam("of_purpose"),
        _TABLE.c.used_at.is_(None),
        _TABLE.c.expires_at > _AT,
    )
)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Unused:
    """It could still be consumed at the moment it was looked at; that decides nothing."""

    bound: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Consumed:
    """This call, and no other, has consumed the value."""

    bound: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AlreadyUsed:
    """Somebody consumed the value before."""

    bound: dict[str, Any]


def store(
    work: Work,
    purpose: str,
    token: str,
    *,
    organization_id: str | None,
    bound: dict[str, Any],
    lives: timedelta,
    subject_id: str | None = None,
) -> None:
    """
    Keep *token* for *purpose* as a fingerprint, bound to *bound*, for as long as it *lives*.

    Args:
        subject_id: whom or what it is for, so that `end` finds it.
    """
    work.tx.run(
        _STORE,
        purpose=purpose,
        value_hash=fingerprint(token),
        organization_id=organization_id,
        subject_id=subject_id,
        bound=bound,
        created_at=work.now,
        expires_at=work.now + lives,
        used_at=None,
    )


def end(work: Work, purpose: str, subject_id: str, *, since: datetime = _EVER) -> None:
    """End every unused value of *purpose* for the subject that was made from *since* on: a newer one takes its place."""
    work.tx.run(_END, of_subject=subject_id, of_purpose=purpose, since=since, at=work.now)


def waits(work: Work, purpose: str, subject_id: str) -> bool:
    """Say whether there is a value of *purpose* for the subject that could still be consumed."""
    return work.tx.row(_WAITS, of_subject=subject_id, of_purpose=purpose, at=work.now) is not None


def look(work: Work, purpose: str, token: str) -> Unused | AlreadyUsed | None:
    """
    Return what *token* stands for without using it up; None if there is none, or it is too late.

    For what must be compared before the value is consumed; `consume` decides.
    """
    row = work.tx.row(_FIND, of_purpose=purpose, of_value=fingerprint(token))
    if row is None:
        return None
    if row.used_at is not None:
        return AlreadyUsed(row.bound)
    return Unused(row.bound) if row.expires_at > work.now else None


def consume(work: Work, purpose: str, token: str) -> Consumed | AlreadyUsed | None:
    """Use *token* up; None if there is none, or it is too late. Of many who try at once, one consumes it."""
    won = work.tx.row(_CONSUME, of_purpose=purpose, of_value=fingerprint(token), at=work.now)
    if won is not None:
        return Consumed(won.bound)
    found = look(work, purpose, token)
    return found if isinstance(found, AlreadyUsed) else None
