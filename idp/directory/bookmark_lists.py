"""Lists of bookmarks for administrators, by name."""

from typing import Any

from sqlalchemy import func, tuple_

from idp.base.work import Work
from idp.directory import queries
from idp.directory.bookmarks import PROTOCOL
from idp.directory.models import Application
from idp.policy.permissions import Permission


def page(
    work: Work, organization_id: str, *, after: tuple[Any, ...] | None = None, limit: int = 50, starting: str = ""
) -> list[Application]:
    """
    Return bookmarks of an organization by name, at most *limit*.

    Args:
        after: the name and id of the last one that was shown; None: from the start.
        starting: only those whose name begins so, whatever the case.
    """
    query = (
        queries.visible(work, Application, Permission.APPLICATION_READ)
        .where(
            Application.organization_id == organization_id,
            Application.protocol == PROTOCOL,
            Application.deleted_at.is_(None),
        )
        .order_by(Application.name, Application.id)
        .limit(limit)
    )
    if starting:
        query = query.where(func.lower(Application.name).startswith(starting.lower(), autoescape=True))
    if after is not None:
        query = query.where(tuple_(Application.name, Application.id) > after)
    return list(work.tx.session.scalars(query))
