"""What an administrator sees and ends of the sign-ons of others."""

from idp.audit.events import AccountSessionsEnded
from idp.audit.log import record
from idp.base.work import Work
from idp.directory import accounts, queries, rights
from idp.directory.models import Account
from idp.signon import devices, notices
from idp.signon import session as session_
from idp.signon.models import SignOnSession


def sessions(work: Work, reference: str, *, organization_id: str | None = None) -> tuple[Account, list[SignOnSession]]:
    """
    Return an account, and where it is signed in, the last used first.

    Raises:
        NotFound: no such account, or none this actor may see.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    return account, session_.sessions(work, account.organization_id, account.id)


def end_sessions(work: Work, reference: str, *, organization_id: str | None = None) -> tuple[Account, int]:
    """
    End every sign-on of an account, its known devices and every grant that it gave; return how many sessions it had.

    Raises:
        NotFound: no such account, or none this actor may see.
        Forbidden: the actor may not end sessions there, or the account administers what the actor does not.
    """
    account, found = sessions(work, reference, organization_id=organization_id)
    rights.require_over(work, rights.RECOVERY, account)
    accounts.bump_epoch(work, account.organization_id, account.id)
    devices.end_all(work, account.organization_id, account.id)
    record(
        work,
        AccountSessionsEnded(
            organization_id=account.organization_id, target_id=account.id, email=account.email, count=len(found)
        ),
    )
    notices.notify(
        work, organization_id=account.organization_id, account_id=account.id, kind=notices.SESSIONS_ENDED, facts={}
    )
    return account, len(found)
