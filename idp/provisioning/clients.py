"""
Provisioning clients: other directories that write accounts and groups of one organization.

Nobody lets another directory do what they may not do themselves (D17): whoever makes a client, or a token for it,
holds all that it will hold.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from idp.audit.events import (
    ProvisioningClientChanged,
    ProvisioningClientCreated,
    ProvisioningClientDeleted,
    ProvisioningClientDisabled,
    ProvisioningClientEnabled,
    ProvisioningClientReleased,
    ProvisioningClientStopped,
    ProvisioningClientStoppedAtMembers,
)
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import HeldRole, Work
from idp.directory import membership_changes, memberships, names, queries
from idp.directory.group_rights import MANUAL, groups_by_id
from idp.directory.provisioned import SOURCE
from idp.directory.provisioning_models import (
    ProvisionedAccount,
    ProvisionedGroup,
    ProvisioningClient,
    ProvisioningToken,
)
from idp.policy.permissions import PROVISIONING_CLIENT, Permission, exceeds, require

MOST = 20
"""Clients of one organization."""
NOTHING, MANAGED, DOMAINS = "nothing", "managed", "domains"
TAKES_OVER = (NOTHING, MANAGED, DOMAINS)
HIGHEST_BRAKE = 100_000
LOWEST_BY_SHARE, HIGHEST_BY_SHARE, SHARE = 5, 50, 10
"""Where nobody has chosen a brake: a tenth of the client's active accounts, from 5 to 50."""
MEMBERS_EACH, LOWEST_OF_MEMBERS = 5, 25
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """How many accounts and groups a client keeps."""

    accounts: int
    groups: int


def create(
    work: Work, name: str, *, organization: str, takes_over: str = MANAGED, brake: int | None = None
) -> ProvisioningClient:
    """
    Let another directory write into an organization; it has no token yet.

    Args:
        takes_over: which accounts that are there already it may take over by their address: ``nothing``, ``managed``
            ones, or all on the organization's verified ``domains``. Never one that administers something.
        brake: accounts that it may deactivate, or give other addresses, within an hour; None: a tenth of its own, from 5 to 50.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not manage provisioning there, or not all that a client may.
        Invalid: a value cannot be used.
        Conflict: there is one of that name, or there are as many as there may be.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.PROVISIONING_MANAGE, owner.id)
    refuse_excess(work, owner.id)
    name = names.name(name)
    _refuse_taken(work, owner.id, name)
    if len(listed(work, owner.id)) >= MOST:
        raise Conflict(phrase("An organization has at most %(most)s of them.", most=MOST))
    made = ProvisioningClient(
        organization_id=owner.id,
        id=new_id("pvc"),
        name=name,
        name_key=names.name_key(name),
        takes_over=_takes_over(takes_over),
        brake=_brake(brake),
        created_at=work.now,
    )
    work.tx.session.add(made)
    work.tx.session.flush()
    record(
        work,
        ProvisioningClientCreated(
            organization_id=owner.id, target_id=made.id, name=made.name, takes_over=made.takes_over
        ),
    )
    return made


def edit(
    work: Work,
    reference: str,
    *,
    organization_id: str,
    name: str | None = None,
    takes_over: str | None = None,
    brake: int | None = None,
    if_version: int | None = None,
) -> ProvisioningClient:
    """
    Change a client; what is None stays as it is, but for the brake, where None is the one by share.

    Raises:
        NotFound: no such client that this actor may see.
        Forbidden: the actor may not manage provisioning there, or not all that a client may.
        Invalid: a value cannot be used.
        Conflict: there is one of that name.
        ChangedMeanwhile: somebody else has changed it since *if_version*.
    """
    found = _editable(work, reference, organization_id, if_version)
    refuse_excess(work, organization_id)
    wanted: dict[str, object] = {"brake": _brake(brake)}
    if name is not None:
        wanted["name"] = names.name(name)
        _refuse_taken(work, organization_id, str(wanted["name"]), but=found.id)
    if takes_over is not None:
        wanted["takes_over"] = _takes_over(takes_over)
    changes = {part: value for part, value in wanted.items() if value != getattr(found, part)}
    if not changes:
        return found
    before = {part: _said(getattr(found, part)) for part in changes}
    for part, value in changes.items():
        setattr(found, part, value)
    found.name_key = names.name_key(found.name)
    work.tx.session.flush()
    record(
        work,
        ProvisioningClientChanged(
            organization_id=organization_id,
            target_id=found.id,
            name=found.name,
            before=before,
            after={part: _said(value) for part, value in changes.items()},
        ),
    )
    return found


def disable(work: Work, reference: str, *, organization_id: str, if_version: int | None = None) -> ProvisioningClient:
    """
    Take nothing of a client any more; what it keeps stays as it is, and stays its own.

    Raises:
        NotFound: no such client that this actor may see.
        Forbidden: the actor may not manage provisioning there.
        Conflict: it is off already.
        ChangedMeanwhile: somebody else has changed it since *if_version*.
    """
    found = _editable(work, reference, organization_id, if_version)
    if found.disabled_at is not None:
        raise Conflict(phrase("Provisioning by “%(name)s” is off already.", name=found.name))
    found.disabled_at = work.now
    work.tx.session.flush()
    record(work, ProvisioningClientDisabled(organization_id=organization_id, target_id=found.id, name=found.name))
    return found


def enable(work: Work, reference: str, *, organization_id: str, if_version: int | None = None) -> ProvisioningClient:
    """
    Take calls of a client again.

    Raises:
        NotFound: no such client that this actor may see.
        Forbidden: the actor may not manage provisioning there, or not all that a client may.
        Conflict: it is on already.
        ChangedMeanwhile: somebody else has changed it since *if_version*.
    """
    found = _editable(work, reference, organization_id, if_version)
    refuse_excess(work, organization_id)
    if found.disabled_at is None:
        raise Conflict(phrase("Provisioning by “%(name)s” is on already.", name=found.name))
    found.disabled_at = None
    work.tx.session.flush()
    record(work, ProvisioningClientEnabled(organization_id=organization_id, target_id=found.id, name=found.name))
    return found


def let_go_on(work: Work, reference: str, *, organization_id: str, if_version: int | None = None) -> ProvisioningClient:
    """
    Let a client that its brake has stopped go on; it may deactivate as many again.

    Raises:
        NotFound: no such client that this actor may see.
        Forbidden: the actor may not manage provisioning there, or not all that a client may.
        Conflict: it was not stopped.
        ChangedMeanwhile: somebody else has changed it since *if_version*.
    """
    found = _editable(work, reference, organization_id, if_version)
    refuse_excess(work, organization_id)
    if found.stopped_at is None:
        raise Conflict(phrase("Provisioning by “%(name)s” was not stopped.", name=found.name))
    found.stopped_at = found.failing_since = found.braking_since = None
    found.braking_count = found.braking_left = 0
    work.tx.session.flush()
    record(work, ProvisioningClientReleased(organization_id=organization_id, target_id=found.id, name=found.name))
    return found


def stop(work: Work, organization_id: str, client_id: str, brake: int, *, members: bool = False) -> None:
    """
    Stop a client, since it wanted to do more than *brake* within an hour; done by itself, once.

    Args:
        members: it was to take so many out of groups; else to deactivate accounts, or to give them other addresses.
    """
    found = work.tx.session.get_one(ProvisioningClient, (organization_id, client_id))
    if found.stopped_at is not None:
        return
    found.stopped_at = work.now
    work.tx.session.flush()
    event = ProvisioningClientStoppedAtMembers if members else ProvisioningClientStopped
    record(work, event(organization_id=organization_id, target_id=client_id, name=found.name, brake=brake))


def delete(work: Work, reference: str, *, organization_id: str, if_version: int | None = None) -> ProvisioningClient:
    """
    End a client for good: its tokens are good no more, its accounts stay as they are, its groups are filled by hand.

    Raises:
        NotFound: no such client that this actor may see.
        Forbidden: the actor may not manage provisioning there.
        ChangedMeanwhile: somebody else has changed it since *if_version*.
    """
    found = _editable(work, reference, organization_id, if_version)
    had = kept(work, found)
    for group in groups_by_id(work, organization_id, _group_ids(work, found)):
        there = memberships.ids(work, organization_id, group.id, SOURCE + found.id)
        group.kind = MANUAL
        membership_changes.enter(work, group, there, memberships.MANUAL)
        membership_changes.leave(work, group, None, SOURCE + found.id)
    for model in (ProvisionedAccount, ProvisionedGroup):
        work.tx.session.execute(
            update(model)
            .where(model.organization_id == organization_id, model.client_id == found.id, model.released_at.is_(None))
            .values(released_at=work.now)
            .execution_options(synchronize_session="fetch")
        )
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
    found.deleted_at, found.name_key = work.now, found.id
    work.tx.session.flush()
    record(
        work,
        ProvisioningClientDeleted(
            organization_id=organization_id,
            target_id=found.id,
            name=found.name,
            accounts=had.accounts,
            groups=had.groups,
        ),
    )
    return found


def listed(work: Work, organization_id: str) -> list[ProvisioningClient]:
    """Return the clients of an organization by name."""
    query = (
        queries.visible(work, ProvisioningClient, Permission.PROVISIONING_READ)
        .where(ProvisioningClient.organization_id == organization_id, ProvisioningClient.deleted_at.is_(None))
        .order_by(ProvisioningClient.name_key)
    )
    return list(work.tx.session.scalars(query))


def client(work: Work, reference: str, *, organization_id: str) -> ProvisioningClient:
    """
    Return the client with the id or name *reference*.

    Raises:
        NotFound: none that this actor may see.
    """
    query = queries.visible(work, ProvisioningClient, Permission.PROVISIONING_READ).where(
        ProvisioningClient.organization_id == organization_id,
        ProvisioningClient.deleted_at.is_(None),
        (ProvisioningClient.id == reference) | (ProvisioningClient.name_key == names.name_key(reference)),
    )
    found = work.tx.session.scalar(query)
    if found is None:
        raise NotFound(
            phrase("No directory “%(reference)s” provisions here.", reference=reference[:80]),
            field="client",
            advice="See: idp provisioning client list",
        )
    return found


def kept(work: Work, of: ProvisioningClient) -> Kept:
    """Return how many accounts and groups a client keeps now."""
    return kept_by(work, of.organization_id, [of.id])[of.id]


def kept_by(work: Work, organization_id: str, client_ids: list[str]) -> dict[str, Kept]:
    """The same of several clients, by their ids."""
    counts: list[dict[str, int]] = []
    for model in (ProvisionedAccount, ProvisionedGroup):
        query = (
            select(model.client_id, func.count())
            .where(
                model.organization_id == organization_id,
                model.client_id.in_(client_ids),
                model.released_at.is_(None),
            )
            .group_by(model.client_id)
        )
        counts.append({row[0]: row[1] for row in work.tx.session.execute(query)})
    return {one: Kept(counts[0].get(one, 0), counts[1].get(one, 0)) for one in client_ids}


def refuse_excess(work: Work, organization_id: str) -> None:
    """
    Raises:
        Forbidden: the actor lacks something that a client may do there.
    """
    excess = exceeds([HeldRole(PROVISIONING_CLIENT, organization_id)], work.actor)
    if excess:
        raise Forbidden(
            "You may not do this: whoever provisions may do more than you.",
            advice="Ask an administrator of the whole organization.",
            cause=phrase("lacks what a provisioning client holds: %(all)s", all=", ".join(sorted(excess))),
        )


def editable(work: Work, reference: str, organization_id: str, if_version: int | None = None) -> ProvisioningClient:
    """
    Return a client that the actor may change.

    Raises:
        NotFound: no such client that this actor may see.
        Forbidden: the actor may not manage provisioning there.
        ChangedMeanwhile: somebody else has changed it since *if_version*.
    """
    return _editable(work, reference, organization_id, if_version)


def _editable(work: Work, reference: str, organization_id: str, if_version: int | None) -> ProvisioningClient:
    found = client(work, reference, organization_id=organization_id)
    require(work, Permission.PROVISIONING_MANAGE, organization_id)
    if if_version is not None and if_version != found.version:
        raise ChangedMeanwhile(found.id)
    return found


def brake_of(of: ProvisioningClient, active: int) -> int:
    """Return how many accounts a client that keeps *active* ones may deactivate within an hour."""
    if of.brake is not None:
        return of.brake
    return min(max(active // SHARE, LOWEST_BY_SHARE), HIGHEST_BY_SHARE)


def members_brake_of(of: ProvisioningClient, active: int) -> int:
    """Return how many members a client may take out of groups within an hour: five for each account of its brake."""
    return max(MEMBERS_EACH * brake_of(of, active), LOWEST_OF_MEMBERS)


def braking(of: ProvisioningClient, now: datetime) -> tuple[int, int]:
    """
    Return what a client has done in the hour that is counted: accounts deactivated or given another address, and members
    taken out of groups.
    """
    counted = of.braking_since is not None and now - of.braking_since < HOUR
    return (of.braking_count, of.braking_left) if counted else (0, 0)


def _group_ids(work: Work, of: ProvisioningClient) -> list[str]:
    query = select(ProvisionedGroup.id).where(
        ProvisionedGroup.organization_id == of.organization_id,
        ProvisionedGroup.client_id == of.id,
        ProvisionedGroup.released_at.is_(None),
    )
    return list(work.tx.session.scalars(query))


def _refuse_taken(work: Work, organization_id: str, name: str, *, but: str = "") -> None:
    taken = select(func.count()).where(
        ProvisioningClient.organization_id == organization_id,
        ProvisioningClient.name_key == names.name_key(name),
        ProvisioningClient.id != but,
    )
    if work.tx.session.scalar(taken):
        raise Conflict(phrase("A directory “%(name)s” provisions here already.", name=name), field="name")


def _takes_over(value: str) -> str:
    if value not in TAKES_OVER:
        raise Invalid("Choose which accounts it may take over.", field="takes_over")
    return value


def _brake(value: int | None) -> int | None:
    if value is not None and not 0 <= value <= HIGHEST_BRAKE:
        raise Invalid(
            phrase("The brake is a number from 0 to %(highest)s, or none.", highest=HIGHEST_BRAKE), field="brake"
        )
    return value


def _said(value: object) -> str:
    return "" if value is None else str(value)
