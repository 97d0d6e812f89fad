"""
Ending a provisioning client: at once where its groups are small, else as a run in steps.

Its groups are filled by hand afterwards, with the same members. Its tokens are good no more from the first moment on.
"""

from sqlalchemy import Select, func, select, update

from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import membership_changes, memberships, runs
from idp.directory.console_models import Run
from idp.directory.group_rights import MANUAL
from idp.directory.models import Group, Membership
from idp.directory.provisioned import SOURCE
from idp.directory.provisioning_models import ProvisionedGroup, ProvisioningClient, ProvisioningToken
from idp.directory.runs import Kinds, Step
from idp.provisioning import clients

KIND = "provisioning-end"
AT_ONCE = 500
"""Members that are taken over in one step; with so many at most it is done at once."""


def end(
    work: Work, reference: str, *, organization_id: str, if_version: int | None = None
) -> tuple[ProvisioningClient, Run | None]:
    """
    End a client for good, as `clients.delete`; return the run that does it where its groups are large.

    Raises:
        NotFound: no such client that this actor may see.
        Forbidden: the actor may not manage provisioning there.
        ChangedMeanwhile: somebody else has changed it since *if_version*.
    """
    found = clients.editable(work, reference, organization_id, if_version)
    kept = members(work, found)
    if kept <= AT_ONCE:
        return clients.delete(work, found.id, organization_id=organization_id), None
    if found.disabled_at is None:
        clients.disable(work, found.id, organization_id=organization_id)
    work.tx.session.execute(
        update(ProvisioningToken)
        .where(
            ProvisioningToken.organization_id == organization_id,
            ProvisioningToken.client_id == found.id,
            ProvisioningToken.revoked_at.is_(None),
        )
        .values(revoked_at=work.now)
        .execution_options(synchronize_session="fetch")
    )
    run = runs.start(
        work,
        KIND,
        organization_id=organization_id,
        title=phrase("End the provisioning by %(name)s", name=found.name),
        parameters={"client_id": found.id},
        total=kept,
    )
    return found, run


def step(work: Work, run: Run, cursor: str) -> Step:
    """Take over some members of one group; at last end the client."""
    found = clients.editable(work, run.parameters["client_id"], run.organization_id)
    if found.disabled_at is None:
        return Step(0, findings=[phrase("It was switched on in the meantime.")])
    group = _next(work, found)
    if group is None:
        clients.delete(work, found.id, organization_id=run.organization_id)
        return Step(0)
    source = SOURCE + found.id
    some = list(
        work.tx.session.scalars(
            select(Membership.account_id)
            .where(
                Membership.organization_id == run.organization_id,
                Membership.group_id == group.id,
                Membership.source == source,
                memberships.held(work.now),
            )
            .order_by(Membership.account_id)
            .limit(AT_ONCE)
        )
    )
    membership_changes.enter(work, group, some, memberships.MANUAL)
    membership_changes.leave(work, group, some, source)
    if len(some) < AT_ONCE:
        group.kind = MANUAL
        work.tx.session.get_one(ProvisionedGroup, (group.organization_id, group.id)).released_at = work.now
        work.tx.session.flush()
    return Step(len(some), cursor=f"{group.id}:{run.done + len(some)}:{len(some) < AT_ONCE}")


def members(work: Work, of: ProvisioningClient) -> int:
    """Return how many members of groups a client keeps: with more than `AT_ONCE` it is ended in steps."""
    query = select(func.count()).where(
        Membership.organization_id == of.organization_id,
        Membership.group_id.in_(_groups(of)),
        Membership.source == SOURCE + of.id,
        memberships.held(work.now),
    )
    return work.tx.session.scalar(query) or 0


def _groups(of: ProvisioningClient) -> Select[str]:
    return select(ProvisionedGroup.id).where(
        ProvisionedGroup.organization_id == of.organization_id,
        ProvisionedGroup.client_id == of.id,
        ProvisionedGroup.released_at.is_(None),
    )


def _next(work: Work, of: ProvisioningClient) -> Group | None:
    return work.tx.session.scalar(
        select(Group)
        .where(Group.organization_id == of.organization_id, Group.id.in_(_groups(of)))
        .order_by(Group.id)
        .limit(1)
    )


KINDS: Kinds = {KIND: step}
