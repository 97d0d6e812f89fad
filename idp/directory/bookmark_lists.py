"""Lists of bookmarks for administrators, by name; and who may open one, with as many queries as for nobody."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select, tuple_

from idp.base.work import Work
from idp.directory import access, queries
from idp.directory.bookmarks import PROTOCOL
from idp.directory.models import AccessGrant, Account, Application, Group
from idp.policy.permissions import Permission


@dataclass(frozen=True, slots=True)
class Opener:
    """Who may open something: ``kind`` as in `AccessGrant`, and the name of the group or the address of the account."""

    grant_id: str
    kind: str
    name: str


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


def openers(
    work: Work, application: Application, *, after: tuple[Any, ...] | None = None, limit: int = 50
) -> list[Opener]:
    """
    Return who may open *application* now; a group or an account by its name, by the ids of their grants.

    Args:
        after: the id of the last grant that was shown; None: from the start.
        limit: at most so many.
    """
    there = AccessGrant.organization_id
    query = (
        select(AccessGrant.id, AccessGrant.subject_kind, Group.name, Account.email)
        .outerjoin(
            Group,
            and_(
                AccessGrant.subject_kind == access.GROUP,
                Group.organization_id == there,
                Group.id == AccessGrant.subject_id,
            ),
        )
        .outerjoin(
            Account,
            and_(
                AccessGrant.subject_kind == access.ACCOUNT,
                Account.organization_id == there,
                Account.id == AccessGrant.subject_id,
            ),
        )
        .where(
            there == application.organization_id,
            AccessGrant.application_id == application.id,
            AccessGrant.valid_from <= work.now,
            AccessGrant.valid_to.is_(None) | (AccessGrant.valid_to > work.now),
        )
        .order_by(AccessGrant.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(AccessGrant.id > after[0])
    return [Opener(row[0], row[1], row[2] or row[3] or "") for row in work.tx.session.execute(query)]
