"""What switching on, or looking at everybody, would do: from what is known here, without asking the far end."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, exists, func, select

from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Account, Application
from idp.directory.told_models import ProvisioningTarget, ToldAccount
from idp.policy.permissions import Permission, allows
from idp.provisioning.targets import found, noticing, plan, wanted

SHOWN = 50
MOST_COMPARED = 500
_MANY = 1000


@dataclass(frozen=True, slots=True)
class Person:
    """An account, and what it is called there (empty: it goes)."""

    id: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Preview:
    """
    What would be done.

    Args:
        creates, updates, deactivations: how many, and the first `SHOWN` of each by their ids.
        compared: of accounts that are there already, so many were compared (at most `MOST_COMPARED`).
        there: how many are known there now.
        brakes: the deactivations would wait for approval.
        document: what would be sent of the first account; empty: nobody may open it, or the actor may not see accounts.
    """

    creates: int
    updates: int
    deactivations: int
    to_create: tuple[Person, ...]
    to_update: tuple[Person, ...]
    to_deactivate: tuple[Person, ...]
    compared: int
    there: int
    brakes: bool
    document: dict[str, object]


def preview(work: Work, application_id: str) -> Preview:
    """
    Return what would be done at a target.

    Raises:
        NotFound: no such application that this actor may see, or it has no target.
        Forbidden: the actor may not edit the application.
    """
    application, target = found.editable(work, application_id)
    shall = wanted.conditions(work, target, application)
    known = _first_known(work, target)
    renditions = wanted.among(work, target, shall, [one.account_id for one in known]) if known else {}
    updates = plan.plan(
        {one: rendition.digest for one, rendition in renditions.items()},
        {one.account_id: noticing.known_of(one) for one in known if one.account_id in renditions},
    ).updates
    creates, deactivations = _differences(work, target, shall)
    there, recent = noticing.counts(work, target)
    first = _first(work, _to_create(target, shall), of=creates)
    gone = _first(work, _to_deactivate(target, shall), of=deactivations)
    sample = next(iter(wanted.among(work, target, shall, (first or list(renditions))[:1]).values()), None)
    sees = application.organization_id
    return Preview(
        creates=creates,
        updates=len(updates),
        deactivations=deactivations,
        to_create=_people(work, application, first),
        to_update=_people(work, application, list(updates[:SHOWN])),
        to_deactivate=_people(work, application, gone),
        compared=len(known),
        there=there,
        brakes=plan.brakes(deactivations, recent, there, target.brake_percent),
        document={}
        if sample is None or not allows(work.actor, Permission.ACCOUNT_READ, sees)
        else dict(sample.document),
    )


def _first_known(work: Work, target: ProvisioningTarget) -> list[ToldAccount]:
    query = select(ToldAccount).where(*_at(target), ToldAccount.remote_id != "")
    return list(work.tx.session.scalars(query.order_by(ToldAccount.account_id).limit(MOST_COMPARED)))


def _differences(work: Work, target: ProvisioningTarget, shall: Sequence[ColumnElement[bool]]) -> tuple[int, int]:
    """
    Return how many accounts would be created, and how many deactivated.

    Both are differences of sums, since everybody who is known is looked up once: asked for those that are *not* there,
    a database looks each of them up for each question.
    """
    both = select(
        func.count().filter(and_(ToldAccount.remote_id != "", Account.id.is_not(None))),
        func.count().filter(and_(ToldAccount.active, Account.id.is_(None))),
    ).select_from(ToldAccount)
    joined = both.outerjoin(Account, and_(Account.id == ToldAccount.account_id, *shall)).where(*_at(target))
    linked, deactivations = work.tx.session.execute(joined).one()
    return _count(work, select(func.count()).select_from(Account).where(*shall)) - linked, deactivations


def _to_create(target: ProvisioningTarget, shall: Sequence[ColumnElement[bool]]) -> Select[str]:
    return select(Account.id).where(*shall, ~_row(target, ToldAccount.remote_id != ""))


def _to_deactivate(target: ProvisioningTarget, shall: Sequence[ColumnElement[bool]]) -> Select[str]:
    stays = exists().where(Account.id == ToldAccount.account_id, *shall)
    return select(ToldAccount.account_id).where(*_at(target), ToldAccount.active.is_(True), ~stays)


def _first(work: Work, ids: Select[str], *, of: int) -> list[str]:
    """
    Return the first `SHOWN` of *ids*, of which there are so many.

    Few are gathered before they are put in order: with the limit in sight PostgreSQL looks every account up one by one,
    and where hardly one differs it has to look at all of them.
    """
    if not of:
        return []
    if of < _MANY:
        ids = select(ids.cte("gathered").prefix_with("MATERIALIZED"))
    return list(work.tx.session.scalars(ids.order_by(ids.selected_columns[0]).limit(SHOWN)))


def everybody(work: Work, target: ProvisioningTarget, application: Application) -> int:
    """Return how many accounts there are to look at: those that are wanted, and those that are known."""
    shall = wanted.conditions(work, target, application)
    known = select(func.count()).where(*_at(target))
    return _count(work, known) + _count(work, select(func.count()).select_from(Account).where(*shall, ~_row(target)))


def _at(target: ProvisioningTarget) -> tuple[ColumnElement[bool], ...]:
    return ToldAccount.organization_id == target.organization_id, ToldAccount.target_id == target.id


def _row(target: ProvisioningTarget, *further: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(*_at(target), ToldAccount.account_id == Account.id, *further)


def _people(work: Work, application: Application, account_ids: list[str]) -> tuple[Person, ...]:
    query = queries.visible(work, Account, Permission.ACCOUNT_READ).where(
        Account.organization_id == application.organization_id, Account.id.in_(account_ids)
    )
    found_ = work.tx.session.scalars(query.order_by(Account.email_key))
    return tuple(Person(one.id, one.email, one.name) for one in found_)


def _count(work: Work, query: Select[int]) -> int:
    return work.tx.session.scalar(query) or 0
