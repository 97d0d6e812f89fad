"""
Which accounts and groups are kept by another directory, and who may therefore not change them here.

What a client keeps of an account is its name, its address and the attributes `KEPT`; of a group, all of it. Its own
writes come with an actor of the kind `ACTOR` whose id is the client's.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import select

from idp.base.errors import Conflict
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory.models import Account, Group
from idp.directory.provisioning_models import ProvisionedAccount, ProvisionedGroup, ProvisioningClient

ACTOR = "provisioning"
SOURCE = "scim:"
"""What a membership's source begins with; the client's id follows."""
KEPT = frozenset(
    {"title", "user_type", "nick_name", "preferred_language", "locale", "timezone", "employee_number"}
    | {"cost_center", "organization", "division", "department"}
)
"""Further attributes that come from the directory, by our names."""


def keeper(work: Work, account: Account) -> ProvisioningClient | None:
    """Return the client that keeps an account, None where the organization does."""
    return work.tx.session.scalar(
        select(ProvisioningClient)
        .join(
            ProvisionedAccount,
            (ProvisionedAccount.organization_id == ProvisioningClient.organization_id)
            & (ProvisionedAccount.client_id == ProvisioningClient.id),
        )
        .where(
            ProvisionedAccount.organization_id == account.organization_id,
            ProvisionedAccount.id == account.id,
            ProvisionedAccount.released_at.is_(None),
        )
    )


def keeper_of_group(work: Work, group: Group) -> ProvisioningClient | None:
    """Return the client that keeps a group, None where the organization does."""
    return work.tx.session.scalar(
        select(ProvisioningClient)
        .join(
            ProvisionedGroup,
            (ProvisionedGroup.organization_id == ProvisioningClient.organization_id)
            & (ProvisionedGroup.client_id == ProvisioningClient.id),
        )
        .where(
            ProvisionedGroup.organization_id == group.organization_id,
            ProvisionedGroup.id == group.id,
            ProvisionedGroup.released_at.is_(None),
        )
    )


def client_names(work: Work, organization_id: str, client_ids: Iterable[str]) -> dict[str, str]:
    """Return what clients are called, by their ids; those that are gone, too."""
    wanted = set(client_ids)
    if not wanted:
        return {}
    query = select(ProvisioningClient.id, ProvisioningClient.name).where(
        ProvisioningClient.organization_id == organization_id, ProvisioningClient.id.in_(wanted)
    )
    return {row.id: row.name for row in work.tx.session.execute(query)}


def refuse_edit(work: Work, account: Account, attributes: Collection[str] | None = None) -> None:
    """
    Refuse a change of what another directory keeps of an account, unless it is that directory's own.

    Args:
        attributes: the further attributes that are to change; None: its name or address.

    Raises:
        Conflict: a directory keeps it.
    """
    if attributes is not None and not KEPT & set(attributes):
        return
    client = keeper(work, account)
    if client is not None and not _acts(work, client):
        raise Conflict(
            phrase("“%(email)s” comes from “%(client)s”, which keeps this.", email=account.email, client=client.name),
            code="provisioned",
            advice="Change it there.",
        )


def refuse_group_edit(work: Work, group: Group) -> None:
    """
    Raises:
        Conflict: another directory keeps the group, and this is not its own change.
    """
    client = keeper_of_group(work, group)
    if client is not None and not _acts(work, client):
        raise Conflict(
            phrase(
                "The group “%(name)s” comes from “%(client)s”, which keeps it.", name=group.name, client=client.name
            ),
            code="provisioned",
            advice="Change it there.",
        )


def _acts(work: Work, client: ProvisioningClient) -> bool:
    return (work.actor.kind, work.actor.organization_id, work.actor.id) == (ACTOR, client.organization_id, client.id)
