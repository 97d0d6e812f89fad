"""Whom letters about an organization go to: those who administer all of it."""

from sqlalchemy import literal_column, select

from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory.administering import ADMINISTRATES
from idp.directory.models import Account

_ADDRESSES = Prepared(
    select(Account.email).where(ADMINISTRATES).order_by(Account.email_key).limit(literal_column("50"))
)


def addresses(work: Work, organization_id: str) -> list[str]:
    """Return the addresses of the accounts that administer the organization now, at most fifty."""
    return [row.email for row in work.tx.rows(_ADDRESSES, organization_id=organization_id, now=work.now)]
