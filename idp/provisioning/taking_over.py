"""How many accounts a provisioning client might take over: for the sentence that is said before it may."""

from sqlalchemy import exists, func, select

from idp.base.work import Work
from idp.directory.domain_models import Domain
from idp.directory.models import Account
from idp.directory.provisioning_models import ProvisionedAccount, ProvisioningClient
from idp.provisioning import clients
from idp.provisioning.accounts import MEMBER


def count(work: Work, of: ProvisioningClient) -> int:
    """
    Return how many accounts a client might take over as it stands; some more than it can, since those who administer
    something are counted as well.
    """
    if of.takes_over == clients.NOTHING:
        return 0
    held = select(Domain.held_name).where(Domain.organization_id == of.organization_id, Domain.held_name.is_not(None))
    kept = exists().where(
        ProvisionedAccount.organization_id == Account.organization_id,
        ProvisionedAccount.id == Account.id,
        ProvisionedAccount.released_at.is_(None),
    )
    query = (
        select(func.count())
        .select_from(Account)
        .where(
            Account.organization_id == of.organization_id,
            Account.kind == MEMBER,
            Account.erased_at.is_(None),
            Account.deletion_at.is_(None),
            Account.email_domain.in_(held),
            ~kept,
        )
    )
    if of.takes_over == clients.MANAGED:
        query = query.where(Account.managed_at.is_not(None))
    return work.tx.session.scalar(query) or 0
