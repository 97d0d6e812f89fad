"""How much there is of something, without counting to the end: what a page asks may not take longer the more there is."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, func, select

from idp.base.work import Work
from idp.directory.models import Account

MANY = 1000
"""Pages count up to here, and say "more than" beyond."""
_TOGETHER = 100
LARGE = 2000
"""More accounts than this: looking at every one of them is no work for a page."""


def up_to(work: Work, query: Select[Any], most: int | None = MANY) -> int:
    """Return how many rows *query* has, counted up to one more than *most* (None: to the end)."""
    some = query if most is None else query.limit(most + 1)
    return work.tx.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def each_up_to(work: Work, queries: Mapping[str, Select[Any]], most: int = MANY) -> dict[str, int]:
    """Return how many rows each of some queries has, counted up to one more than *most*; a statement for a hundred of them."""
    found: dict[str, int] = {}
    keys = list(queries)
    for at in range(0, len(keys), _TOGETHER):
        some = keys[at : at + _TOGETHER]
        counted = (
            select(func.count()).select_from(queries[key].limit(most + 1).subquery()).scalar_subquery() for key in some
        )
        found |= zip(some, work.tx.session.execute(select(*counted)).one(), strict=True)
    return found


def is_large(work: Work, organization_id: str) -> bool:
    """Say whether the organization has so many accounts that no page looks at every one of them."""
    return up_to(work, select(Account.id).where(Account.organization_id == organization_id), LARGE) > LARGE
