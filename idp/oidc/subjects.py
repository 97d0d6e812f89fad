"""
The ``sub`` by which clients know an account: random, one for good, never anybody else's (X23).

Public ones are the same for every client of an organization; pairwise ones (OpenID Connect Core
section 8.1) are others in every sector, and nothing can be computed of one that leads to another.
"""

from sqlalchemy import bindparam, select

from idp.base.ids import new_id
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent
from idp.base.work import Work
from idp.oidc.models import OidcSubject

PUBLIC = ""
"""The sector of subjects that are the same for every client of an organization."""

_SUBJECT = Prepared(
    select(OidcSubject.subject).where(
        OidcSubject.organization_id == bindparam("organization_id"),
        OidcSubject.account_id == bindparam("account_id"),
        OidcSubject.sector == bindparam("sector"),
    )
)
_ACCOUNT = Prepared(
    select(OidcSubject.account_id).where(
        OidcSubject.organization_id == bindparam("organization_id"),
        OidcSubject.subject == bindparam("subject"),
        OidcSubject.sector == bindparam("sector"),
    )
)
_INSERT = Prepared(insert_if_absent(OidcSubject))


def subject_of(work: Work, organization_id: str, account_id: str, sector: str) -> str:
    """Return the account's subject in *sector*; it gets one when it is first asked for."""
    key = {"organization_id": organization_id, "account_id": account_id, "sector": sector}
    row = work.tx.row(_SUBJECT, **key)
    if row is None:
        work.tx.run(_INSERT, id=new_id("sbj"), subject=new_id("sub"), created_at=work.now, **key)
        row = work.tx.row(_SUBJECT, **key)
        assert row is not None
    return str(row.subject)


def known(work: Work, organization_id: str, account_id: str, sector: str) -> str | None:
    """Return the account's subject in *sector*, None where it has none yet. Makes none."""
    row = work.tx.row(_SUBJECT, organization_id=organization_id, account_id=account_id, sector=sector)
    return None if row is None else str(row.subject)


def account_of(work: Work, organization_id: str, subject: str, sector: str) -> str | None:
    """Return the account that *subject* stands for in *sector*, None where there is none: another sector's is nobody's."""
    row = work.tx.row(_ACCOUNT, organization_id=organization_id, subject=subject[:255], sector=sector)
    return None if row is None else str(row.account_id)
