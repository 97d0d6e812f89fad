"""The people of a site: who may open at least one of its applications now."""

from typing import Any

from sqlalchemy import Select, and_, or_, tuple_

from idp.base.work import Work
from idp.directory import access, account_lists, queries
from idp.directory.models import AccessGrant, Account, Application, Membership, Site
from idp.policy.permissions import Permission


def page(
    work: Work,
    site: Site,
    *,
    after: tuple[Any, ...] | None = None,
    limit: int = 50,
    starting: str = "",
    kind: str = "",
) -> list[Account]:
    """
    Return the accounts that may open an application of *site* now, of those that the actor may see, by their address, at
    most *limit*.

    Args:
        after: the address (its key) and id of the last account that was shown; None: from the start.
        starting, kind: only those whose address begins so, and of one kind, as `account_lists.page` has them.
    """
    query = matching(work, site, starting=starting, kind=kind)
    if after is not None:
        query = query.where(tuple_(Account.email_key, Account.id) > tuple_(*after))
    return list(work.tx.session.scalars(query.order_by(Account.email_key, Account.id).limit(limit)))


def matching(work: Work, site: Site, *, starting: str = "", kind: str = "") -> Select[Account]:
    """Return a query for the people of *site* that filters match; see `page`."""
    here = (
        queries.visible(work, AccessGrant, Permission.APPLICATION_READ)
        .with_only_columns(AccessGrant.id)
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
    )
    everyone = here.where(
        AccessGrant.subject_kind == access.EVERYONE, AccessGrant.subject_id == site.organization_id
    ).limit(1)
    query = queries.visible(work, Account, Permission.ACCOUNT_READ).where(
        Account.organization_id == site.organization_id, Account.disabled_at.is_(None), Account.erased_at.is_(None)
    )
    if work.tx.session.scalar(everyone) is None:
        # Asked of each account in its turn, until the page is full: what a page reads does not grow with the site.
        person = here.where(AccessGrant.subject_kind == access.ACCOUNT, AccessGrant.subject_id == Account.id)
        member = here.join(
            Membership,
            and_(
                Membership.organization_id == AccessGrant.organization_id,
                Membership.group_id == AccessGrant.subject_id,
                Membership.account_id == Account.id,
            ),
        ).where(
            AccessGrant.subject_kind == access.GROUP,
            Membership.valid_from <= work.now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > work.now),
        )
        query = query.where(or_(person.correlate(Account).exists(), member.correlate(Account).exists()))
    return account_lists.narrowed(query, starting, kind)
