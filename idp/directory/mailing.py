"""Mail of an organization: in the language of whoever it goes to."""

from typing import Any

from sqlalchemy import bindparam, select

from idp.base import mail
from idp.base.models import OutboxMessage
from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory import names
from idp.directory.models import Account, Organization

_SPOKEN = Prepared(
    select(Account.language, Organization.language.label("of_all"))
    .select_from(Organization)
    .outerjoin(Account, (Account.organization_id == Organization.id) & (Account.email_key == bindparam("email_key")))
    .where(Organization.id == bindparam("organization_id"))
)


def queue(work: Work, to: str, letter: str, values: dict[str, Any], *, organization_id: str) -> OutboxMessage:
    """
    Send a plain-text mail of an organization once this transaction is committed.

    It speaks the language that the account of that address has chosen, else that of the organization.

    Args:
        letter: the name of its template.
        values: what the template names, as JSON; may hold secrets.
    """
    return mail.queue(
        work, to, letter, values, language=language_of(work, organization_id, to), organization_id=organization_id
    )


def language_of(work: Work, organization_id: str, email: str) -> str:
    """Return the language of whoever reads mail at *email*; empty: neither they nor the organization chose one."""
    found = work.tx.row(_SPOKEN, organization_id=organization_id, email_key=names.email_key_or_empty(email))
    return "" if found is None else found.language or found.of_all
