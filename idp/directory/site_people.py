"""The people of a site: who may open at least one of its applications now."""

from typing import Any

from sqlalchemy import and_, exists, or_, tuple_

from idp.base.work import Work
from idp.directory import access, queries
from idp.directory.models import AccessGrant, Account, Application, Membership, Site
from idp.policy.permissions import Permission


def page(work: Work, site: Site, *, after: tuple[Any, ...] | None = None, limit: int = 50) -> list[Account]:
    """
    Return the accounts that may open an application of *site* now, of those that the actor may see, by their address, at
    most *limit*.

    Args:
        after: the address (its key) and id of the last account that was shown; None: from the start.
    """
    here = (
        queries.visible(work, AccessGrant, Permission.APPLICATION_READ)
        .with_only_columns(AccessGrant.subject_kind, AccessGrant.subject_id)
        .join(
            Application,
            and_(
                Application.organization_id == AccessGrant.organization_id,
                Application.id == AccessGrant.application_id,
            ),
        )
        .where(
            AccessGrant.organization_id == site.organization_id,
            Application.site_id == site.id,
            Application.disabled_at.is_(None),
            Application.deleted_at.is_(None),
            AccessGrant.valid_from <= work.now,
            or_(AccessGrant.valid_to.is_(None), AccessGrant.valid_to > work.now),
        )
        .distinct()
    )
    subjects = work.tx.session.execute(here).all()
    query = queries.visible(work, Account, Permission.ACCOUNT_READ).where(
        Account.organization_id == site.organization_id, Account.disabled_at.is_(None), Account.erased_at.is_(None)
    )
    if not any(kind == access.EVERYONE for kind, _ in subjects):
        people = [one for kind, one in subjects if kind == access.ACCOUNT]
        groups = [one for kind, one in subjects if kind == access.GROUP]
        member = exists().where(
            Membership.organization_id == Account.organization_id,
            Membership.account_id == Account.id,
            Membership.group_id.in_(groups),
            Membership.valid_from <= work.now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > work.now),
        )
        query = query.where(or_(Account.id.in_(people), member))
    if after is not None:
        query = query.where(tuple_(Account.email_key, Account.id) > tuple_(*after))
    return list(work.tx.session.scalars(query.order_by(Account.email_key, Account.id).limit(limit)))
