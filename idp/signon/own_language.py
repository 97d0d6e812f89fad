"""The language that a person has chosen for pages and mails."""

from sqlalchemy import update

from idp.base.work import Work
from idp.directory.models import Account
from idp.signon.session import CurrentSession


def choose(work: Work, session: CurrentSession, language: str) -> None:
    """Keep *language* (a code such as ``de``) with the account of *session*; it is no secret and no change of theirs."""
    work.tx.session.execute(
        update(Account)
        .where(Account.organization_id == session.organization_id, Account.id == session.account_id)
        .values(language=language)
    )
