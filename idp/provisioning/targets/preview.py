"""What switching on, or looking at everybody, would do: from what is known here, without asking the far end."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, exists, func, select

from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Account, Application
from idp.directory.told_models import ProvisioningTarget, ToldAccount
from idp.policy.permissions import Permission
from idp.provisioning.targets import found, noticing, plan, wanted

SHOWN = 50
MOST_COMPARED = 2000


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
        document: what would be sent of the first account; empty: nobody may open it.
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
    creating = (*shall, ~_row(target, ToldAccount.remote_id != ""))
    going = and_(
        ToldAccount.organization_id == target.organization_id,
        ToldAccount.target_id == target.id,
        ToldAccount.active.is_(True),
        ~exists().where(Account.id == ToldAccount.account_id, *shall),
    )
    known = list(
        work.tx.session.scalars(
            select(ToldAccount)
            .where(
                ToldAccount.organization_id == target.organization_id,
                ToldAccount.target_id == target.id,
                ToldAccount.remote_id != "",
            )
            .order_by(ToldAccount.account_id)
            .limit(MOST_COMPARED)
        )
    )
    renditions = wanted.among(work, target, shall, [one.account_id for one in known]) if known else {}
    updates = plan.plan(
        {one: rendition.digest for one, rendition in renditions.items()},
        {one.account_id: noticing.known_of(one) for one in known if one.account_id in renditions},
    ).updates
    deactivations = _count(work, select(func.count()).select_from(ToldAccount).where(going))
    there, recent = noticing.counts(work, target)
    first = list(work.tx.session.scalars(select(Account.id).where(*creating).order_by(Account.id).limit(SHOWN)))
    gone = list(
        work.tx.session.scalars(
            select(ToldAccount.account_id).where(going).order_by(ToldAccount.account_id).limit(SHOWN)
        )
    )
    sample = next(iter(wanted.among(work, target, shall, (first or list(renditions))[:1]).values()), None)
    return Preview(
        creates=_count(work, select(func.count()).select_from(Account).where(*creating)),
        updates=len(updates),
        deactivations=deactivations,
        to_create=_people(work, application, first),
        to_update=_people(work, application, list(updates[:SHOWN])),
        to_deactivate=_people(work, application, gone),
        compared=len(known),
        there=there,
        brakes=plan.brakes(deactivations, recent, there, target.brake_percent),
        document={} if sample is None else dict(sample.document),
    )


def everybody(work: Work, target: ProvisioningTarget, application: Application) -> int:
    """Return how many accounts there are to look at: those that are wanted, and those that are known."""
    shall = wanted.conditions(work, target, application)
    known = select(func.count()).where(
        ToldAccount.organization_id == target.organization_id, ToldAccount.target_id == target.id
    )
    return _count(work, known) + _count(work, select(func.count()).select_from(Account).where(*shall, ~_row(target)))


def _row(target: ProvisioningTarget, *further: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        ToldAccount.organization_id == target.organization_id,
        ToldAccount.target_id == target.id,
        ToldAccount.account_id == Account.id,
        *further,
    )


def _people(work: Work, application: Application, account_ids: list[str]) -> tuple[Person, ...]:
    query = queries.visible(work, Account, Permission.ACCOUNT_READ).where(
        Account.organization_id == application.organization_id, Account.id.in_(account_ids)
    )
    found_ = work.tx.session.scalars(query.order_by(Account.email_key))
    return tuple(Person(one.id, one.email, one.name) for one in found_)


def _count(work: Work, query: Select[int]) -> int:
    return work.tx.session.scalar(query) or 0
