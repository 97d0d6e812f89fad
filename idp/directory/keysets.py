"""Pages of a query by key: what comes after the last row that was shown, however many rows there are before it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, tuple_

from idp.directory import names

M = TypeVar("M")
Key = tuple[Any, ...]


def rising(query: Select[M], by: Sequence[Any], after: Key | None, limit: int) -> Select[M]:
    """Return at most *limit* rows in the order of the columns *by*, after the row with the key *after*."""
    if after is not None:
        query = query.where(tuple_(*by) > tuple_(*after))
    return query.order_by(*by).limit(limit)


def newest(query: Select[M], at: Any, id_: Any, after: Key | None, limit: int) -> Select[M]:
    """Return at most *limit* rows, the newest first, after the one of a moment (ISO 8601) with an id."""
    if after is not None:
        moment = datetime.fromisoformat(after[0])
        # Not a comparison of tuples: one of them would not bind as a moment.
        query = query.where(and_(at <= moment, or_(at < moment, id_ < after[1])))
    return query.order_by(at.desc(), id_.desc()).limit(limit)


def begins(column: Any, said: str) -> ColumnElement[bool]:
    """Say that a name begins with *said*, whatever the case."""
    found: ColumnElement[bool] = func.lower(column).startswith(names.folded(said), autoescape=True)
    return found
