"""What a provisioning client keeps, as administrators read it: pages of its accounts, and its groups."""

from collections.abc import Sequence

from sqlalchemy import select

from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Account, Group
from idp.directory.provisioning_models import ProvisionedAccount, ProvisionedGroup, ProvisioningClient
from idp.policy.permissions import Permission


def accounts(
    work: Work, of: ProvisioningClient, *, after: Sequence[str] | None = None, limit: int = 50
) -> list[tuple[Account, ProvisionedAccount]]:
    """
    Return accounts that a client keeps and the actor may see, in the order of their ids.

    Args:
        after: the id of the last one that was seen.
    """
    query = (
        queries.visible(work, Account, Permission.ACCOUNT_READ)
        .add_columns(ProvisionedAccount)
        .join(
            ProvisionedAccount,
            (ProvisionedAccount.organization_id == Account.organization_id) & (ProvisionedAccount.id == Account.id),
        )
        .where(
            ProvisionedAccount.organization_id == of.organization_id,
            ProvisionedAccount.client_id == of.id,
            ProvisionedAccount.released_at.is_(None),
        )
    )
    if after is not None:
        query = query.where(ProvisionedAccount.id > after[0])
    rows = work.tx.session.execute(query.order_by(ProvisionedAccount.id).limit(limit))
    return [(row[0], row[1]) for row in rows]


def groups(work: Work, of: ProvisioningClient, *, after: Sequence[str] | None = None, limit: int = 50) -> list[Group]:
    """The same of groups."""
    query = queries.visible(work, Group, Permission.GROUP_READ).where(
        Group.organization_id == of.organization_id,
        Group.id.in_(
            select(ProvisionedGroup.id).where(
                ProvisionedGroup.organization_id == of.organization_id,
                ProvisionedGroup.client_id == of.id,
                ProvisionedGroup.released_at.is_(None),
            )
        ),
    )
    if after is not None:
        query = query.where(Group.id > after[0])
    return list(work.tx.session.scalars(query.order_by(Group.id).limit(limit)))
