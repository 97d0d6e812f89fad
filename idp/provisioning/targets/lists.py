"""Lists of targets and of accounts at them, for administrators; and what of them wants somebody."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, false, func, or_, select, tuple_

from idp.base.work import Work
from idp.directory import names, queries
from idp.directory.models import Account, Application, Group
from idp.directory.told_models import ProvisioningTarget, ToldAccount, ToldGroup
from idp.policy.permissions import Permission
from idp.provisioning.targets import found
from idp.provisioning.targets.noticing import FAILED, HELD, STATES

OFF, STOPPED, FAILING, HOLDS, ON = "off", "stopped", "failing", "holds", "on"
CONDITIONS = {
    OFF: ProvisioningTarget.enabled_at.is_(None),
    STOPPED: and_(ProvisioningTarget.enabled_at.is_not(None), ProvisioningTarget.stopped_at.is_not(None)),
    FAILING: and_(
        ProvisioningTarget.enabled_at.is_not(None),
        ProvisioningTarget.stopped_at.is_(None),
        ProvisioningTarget.failing_since.is_not(None),
    ),
    HOLDS: and_(ProvisioningTarget.enabled_at.is_not(None), ProvisioningTarget.held_at.is_not(None)),
    ON: and_(
        ProvisioningTarget.enabled_at.is_not(None),
        ProvisioningTarget.stopped_at.is_(None),
        ProvisioningTarget.failing_since.is_(None),
        ProvisioningTarget.held_at.is_(None),
    ),
}
"""What a target may be, and how rows tell."""
_NAMES = 10


@dataclass(frozen=True, slots=True)
class Told:
    """An application that is told of accounts."""

    target: ProvisioningTarget
    application: Application
    state: str


@dataclass(frozen=True, slots=True)
class There:
    """
    An account at a target.

    Args:
        account: None where it is gone from here, or this actor may not see it.
    """

    row: ToldAccount
    account: Account | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an account is known."""

    row: ToldAccount
    application: Application


def state_of(target: ProvisioningTarget) -> str:
    """Return what a target is, the worst first."""
    if target.enabled_at is None:
        return OFF
    if target.stopped_at is not None:
        return STOPPED
    if target.failing_since is not None:
        return FAILING
    return HOLDS if target.held_at is not None else ON


def targets(
    work: Work,
    organization_id: str,
    *,
    after: tuple[Any, ...] | None = None,
    limit: int = 50,
    starting: str = "",
    state: str = "",
) -> list[Told]:
    """
    Return the applications of an organization that have a target, by name, at most *limit*.

    Args:
        after: name and id of the last application that was shown.
        starting: only those whose name begins so.
        state: only those in one of `CONDITIONS`.
    """
    query = found.visible(work).where(Application.organization_id == organization_id)
    if starting:
        query = query.where(func.lower(Application.name).startswith(names.folded(starting), autoescape=True))
    if state:
        query = query.where(CONDITIONS.get(state, false()))
    if after is not None:
        query = query.where(tuple_(Application.name, Application.id) > tuple_(*after))
    rows = work.tx.session.execute(query.order_by(Application.name, Application.id).limit(limit))
    return [Told(row[0], row[1], state_of(row[0])) for row in rows]


def counts(work: Work, organization_id: str, target_ids: list[str]) -> dict[str, dict[str, int]]:
    """Return how many accounts are in each state, for each of some targets that the actor has been given."""
    rows = work.tx.session.execute(
        select(ToldAccount.target_id, ToldAccount.state, func.count())
        .where(ToldAccount.organization_id == organization_id, ToldAccount.target_id.in_(target_ids))
        .group_by(ToldAccount.target_id, ToldAccount.state)
    )
    told: dict[str, dict[str, int]] = {one: {} for one in target_ids}
    for target_id, state, count in rows:
        told[target_id][state] = count
    return told


def accounts(
    work: Work,
    target: ProvisioningTarget,
    *,
    after: tuple[Any, ...] | None = None,
    limit: int = 50,
    state: str = "",
    starting: str = "",
) -> list[There]:
    """
    Return accounts at a target that the actor has been given, at most *limit*, by their ids.

    Args:
        after: the id of the last account that was shown.
        state: only those in one of `noticing.STATES`.
        starting: only those whose address here begins so, of those whom the actor may see.
    """
    of = ToldAccount
    query = (
        select(of, Account)
        .outerjoin(Account, and_(Account.organization_id == of.organization_id, Account.id == of.account_id))
        .where(of.organization_id == target.organization_id, of.target_id == target.id)
    )
    if state:
        query = query.where(of.state == state if state in STATES else false())
    if starting:
        begin = names.folded(starting)
        seen = queries.visible(work, Account, Permission.ACCOUNT_READ).with_only_columns(Account.id)
        query = query.where(Account.email_key >= begin, Account.email_key < begin + "\U0010ffff", Account.id.in_(seen))
    if after is not None:
        query = query.where(of.account_id > after[0])
    rows = work.tx.session.execute(query.order_by(of.account_id).limit(limit))
    return [There(row[0], row[1]) for row in rows]


def all_accounts(work: Work, target: ProvisioningTarget, **filters: str) -> Iterator[There]:
    """Return all accounts at a target, read in parts."""
    after: tuple[str] | None = None
    while some := accounts(work, target, after=after, limit=200, **filters):
        yield from some
        after = (some[-1].row.account_id,)


def places(work: Work, account: Account) -> list[Place]:
    """Return where an account that the actor has been given is known, of the applications that the actor may see."""
    query = (
        found.visible(work)
        .with_only_columns(ToldAccount, Application)
        .join(
            ToldAccount,
            and_(
                ToldAccount.organization_id == ProvisioningTarget.organization_id,
                ToldAccount.target_id == ProvisioningTarget.id,
            ),
        )
        .where(ToldAccount.organization_id == account.organization_id, ToldAccount.account_id == account.id)
        .order_by(Application.name, Application.id)
        .limit(100)
    )
    return [Place(row[0], row[1]) for row in work.tx.session.execute(query)]


def group_names(work: Work, target: ProvisioningTarget, *, pushed: bool = False) -> list[str]:
    """
    Return the names of the groups whose members alone a target is told of, as far as the actor may see them.

    Args:
        pushed: of those that are made there, instead.
    """
    group_ids = target.pushed_group_ids if pushed else target.group_ids
    query = queries.visible(work, Group, Permission.GROUP_READ).where(
        Group.organization_id == target.organization_id, Group.id.in_(group_ids), Group.deleted_at.is_(None)
    )
    return [one.name for one in work.tx.session.scalars(query.order_by(Group.name_key))]


def pushed(work: Work, target: ProvisioningTarget) -> list[tuple[str, ToldGroup | None]]:
    """Return the name of each group that is made at a target, as far as the actor may see it, and what is known of it."""
    of = ToldGroup
    query = (
        queries.visible(work, Group, Permission.GROUP_READ)
        .add_columns(of)
        .outerjoin(
            of,
            and_(of.organization_id == Group.organization_id, of.target_id == target.id, of.group_id == Group.id),
        )
        .where(
            Group.organization_id == target.organization_id,
            Group.id.in_(target.pushed_group_ids),
            Group.deleted_at.is_(None),
        )
        .order_by(Group.name_key)
    )
    return [(row[0].name, row[1]) for row in work.tx.session.execute(query)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that wants somebody: ``failing`` or ``held``, how many applications, and the names of the first."""

    what: str
    count: int
    names: tuple[str, ...]


def wanted(work: Work, organization_id: str) -> list[Wanted]:
    """Return what of an organization's targets wants attention, as far as the actor may see."""
    kinds: dict[str, Select[Any]] = {
        "failing": _names(work, organization_id).where(
            or_(CONDITIONS[STOPPED], CONDITIONS[FAILING], _has(organization_id, FAILED))
        ),
        "held": _names(work, organization_id).where(CONDITIONS[HOLDS], _has(organization_id, HELD)),
    }
    told = {what: list(work.tx.session.scalars(query)) for what, query in kinds.items()}
    return [Wanted(what, len(some), tuple(some[:_NAMES])) for what, some in told.items() if some]


def _names(work: Work, organization_id: str) -> Select[Any]:
    return (
        found.visible(work)
        .with_only_columns(Application.name)
        .where(Application.organization_id == organization_id, ProvisioningTarget.enabled_at.is_not(None))
        .order_by(Application.name)
    )


def _has(organization_id: str, state: str) -> Any:
    return (
        select(ToldAccount.id)
        .where(
            ToldAccount.organization_id == organization_id,
            ToldAccount.target_id == ProvisioningTarget.id,
            ToldAccount.state == state,
        )
        .exists()
    )
