"""
The brake of a provisioning client: what takes away is counted for an hour, and too much of it stops the client.

Deactivated accounts and changed addresses count together; members that are taken out of groups, of whom a reorganization
moves many more, for themselves. What brings somebody is not counted: that is how a directory begins.
"""

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from idp.base.errors import Unavailable
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory.provisioning_models import ProvisionedAccount, ProvisioningClient
from idp.provisioning import clients


class BrakeReached(Unavailable):
    """The client wants to take away more within an hour than it may: it is to be stopped. ``members``: out of groups."""

    code = "provisioning-brake"

    def __init__(self, brake: int, *, members: bool = False) -> None:
        super().__init__(
            "Too many members were to be taken out of groups within an hour. An administrator has to let this go on."
            if members
            else "Too many accounts were to be deactivated, or to get other addresses, within an hour. "
            "An administrator has to let this go on.",
            cause=phrase("more than %(brake)s members taken out of groups within an hour", brake=brake)
            if members
            else phrase("more than %(brake)s deactivations and changed addresses within an hour", brake=brake),
        )
        self.brake, self.members = brake, members


def count_account(work: Work, client: ProvisioningClient) -> None:
    """
    Count that an account is deactivated, or gets another address.

    Raises:
        BrakeReached: there were as many as there may be.
    """
    brake = clients.brake_of(client, _active(work, client))
    if not _counted(work, client, ProvisioningClient.braking_count, 1, brake):
        raise BrakeReached(brake)


def count_leaving(work: Work, client: ProvisioningClient, members: int) -> None:
    """
    Count that *members* are taken out of a group.

    Raises:
        BrakeReached: with these there are more than there may be.
    """
    if not members:
        return
    brake = clients.members_brake_of(client, _active(work, client))
    if not _counted(work, client, ProvisioningClient.braking_left, members, brake):
        raise BrakeReached(brake, members=True)


def _active(work: Work, client: ProvisioningClient) -> int:
    return (
        work.tx.session.scalar(
            select(func.count()).where(
                ProvisionedAccount.organization_id == client.organization_id,
                ProvisionedAccount.client_id == client.id,
                ProvisionedAccount.released_at.is_(None),
                ProvisionedAccount.deactivated_at.is_(None),
            )
        )
        or 0
    )


def _counted(
    work: Work, client: ProvisioningClient, counter: InstrumentedAttribute[int], count: int, brake: int
) -> bool:
    """Count in one conditional statement: a hundred at once are a hundred."""
    of: tuple[ColumnElement[bool], ...] = (
        ProvisioningClient.organization_id == client.organization_id,
        ProvisioningClient.id == client.id,
    )
    fresh = ProvisioningClient.braking_since.is_(None) | (ProvisioningClient.braking_since <= work.now - clients.HOUR)
    work.tx.session.execute(
        update(ProvisioningClient)
        .where(*of, fresh)
        .values(braking_since=work.now, braking_count=0, braking_left=0)
        .execution_options(synchronize_session=False)
    )
    return bool(
        work.tx.session.execute(
            update(ProvisioningClient)
            .where(*of, counter + count <= brake)
            .values({counter: counter + count})
            .returning(ProvisioningClient.id)
            .execution_options(synchronize_session=False)
        ).all()
    )
