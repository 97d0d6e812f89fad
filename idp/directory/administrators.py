"""Whom letters about an organization go to: those who administer all of it."""

from sqlalchemy import select

from idp.base.work import Work
from idp.directory import administering
from idp.directory.models import Account

_MOST = 50


def addresses(work: Work, organization_id: str) -> list[str]:
    """Return the addresses of the accounts that administer the organization now, at most fifty."""
    query = select(Account.email).where(administering.ADMINISTRATES).order_by(Account.email_key).limit(_MOST)
    return list(work.tx.session.scalars(query, {"organization_id": organization_id, "now": work.now}))
