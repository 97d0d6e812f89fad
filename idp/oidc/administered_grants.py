"""What an administrator takes back of what a person has let applications do: tokens, and what they agreed to."""

from sqlalchemy import select, update

from idp.audit.events import AccountTokensRevoked
from idp.audit.log import record
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import queries, rights
from idp.directory.models import Account
from idp.oidc.api_tokens import own as api_tokens
from idp.oidc.models import Grant
from idp.policy.permissions import Permission
from idp.signon.models import Consent

_CAUSE = str(phrase("an administrator revoked it"))


def revoke_all(
    work: Work, reference: str, *, organization_id: str | None = None, consents: bool = False
) -> tuple[Account, int, int]:
    """
    End every grant of an account, and with it every token, and every API token that its person made; return it, and how
    many grants and consents ended.

    Its sessions go on. Access tokens that are not asked about anywhere live until they are over, ten minutes at most.

    Args:
        consents: take back what the person has agreed to, too: they are asked anew.

    Raises:
        NotFound: no such account, or none this actor may see.
        Forbidden: the actor may not change credentials there, or the account administers what the actor does not.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_CREDENTIALS, account)
    ended = work.tx.session.execute(
        update(Grant)
        .where(
            Grant.organization_id == account.organization_id,
            Grant.account_id == account.id,
            Grant.revoked_at.is_(None),
            Grant.expires_at > work.now,
        )
        .values(revoked_at=work.now, revoked_because=_CAUSE)
        .returning(Grant.id)
        .execution_options(synchronize_session=False)
    ).all()
    api_tokens.end_all(work, account, because=_CAUSE)
    withdrawn = 0
    if consents:
        rows = work.tx.session.scalars(
            select(Consent).where(
                Consent.organization_id == account.organization_id,
                Consent.account_id == account.id,
                Consent.withdrawn_at.is_(None),
            )
        )
        for row in rows:
            row.withdrawn_at = work.now
            withdrawn += 1
        work.tx.session.flush()
    record(
        work,
        AccountTokensRevoked(
            organization_id=account.organization_id,
            target_id=account.id,
            email=account.email,
            grants=len(ended),
            consents=withdrawn,
        ),
    )
    return account, len(ended), withdrawn
