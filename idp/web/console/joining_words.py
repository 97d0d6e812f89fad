"""What pages of how people come in have in common: a key of two, groups as people type them, the end of a day."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from flask import request

from idp.base.errors import Invalid

_LONGEST = 10_000


def after(key: tuple[object, ...] | None) -> tuple[datetime, str] | None:
    """Return the moment and the id that a page of a list goes on behind (a key of our own, signed)."""
    return None if key is None else (datetime.fromisoformat(str(key[0])), str(key[1]))


def groups() -> Sequence[str]:
    """Return the names of groups that a form says, one a line."""
    said = request.form.get("groups", "")[:_LONGEST]
    return [line.strip() for line in said.splitlines() if line.strip()]


def until() -> datetime | None:
    """
    Return the end of the day that a form says, in UTC; None: it says none.

    Raises:
        Invalid: it is no day.
    """
    said = request.form.get("until", "").strip()
    if not said:
        return None
    try:
        day = date.fromisoformat(said)
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise Invalid("This is no day.", field="until", advice="Write it like 2026-11-30.") from error
