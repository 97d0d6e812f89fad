"""Who may open an application now, as a condition on accounts: for whoever has to look at very many of them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, or_, select

from idp.base.work import Work
from idp.directory import access, memberships
from idp.directory.models import AccessGrant, Account, Application, Membership


def conditions(
    work: Work, application: Application, *, group_ids: Sequence[str] | None = None
) -> tuple[ColumnElement[bool], ...]:
    """
    Return what holds of the accounts that may open *application* now, whether or not it is switched on.

    Args:
        group_ids: only of members of one of these groups (None: of everybody; an empty one: of nobody).
    """
    where = application.organization_id
    grants = list(
        work.tx.session.execute(
            select(AccessGrant.subject_kind, AccessGrant.subject_id).where(
                AccessGrant.organization_id == where,
                AccessGrant.application_id == application.id,
                AccessGrant.valid_from <= work.now,
                or_(AccessGrant.valid_to.is_(None), AccessGrant.valid_to > work.now),
            )
        )
    )
    found = [
        Account.organization_id == where,
        Account.disabled_at.is_(None),
        Account.deletion_at.is_(None),
        Account.erased_at.is_(None),
    ]
    if not any(kind == access.EVERYONE for kind, _ in grants):
        own = [subject for kind, subject in grants if kind == access.ACCOUNT]
        groups = [subject for kind, subject in grants if kind == access.GROUP]
        found.append(or_(Account.id.in_(own), _member(work, where, groups)))
    if group_ids is not None:
        found.append(_member(work, where, group_ids))
    return tuple(found)


def _member(work: Work, organization_id: str, group_ids: Sequence[str]) -> ColumnElement[bool]:
    return exists().where(
        and_(
            Membership.organization_id == organization_id,
            Membership.account_id == Account.id,
            Membership.group_id.in_(group_ids),
            memberships.held(work.now),
        )
    )
