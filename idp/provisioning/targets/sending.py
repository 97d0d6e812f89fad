"""
Sending what waits: claimed in one transaction, sent in none, noted in another.

An endpoint that does not answer waits for itself, and so does an account that it does not take: nobody else is delayed.
What is sent is what holds at that moment, not what held when it was written down.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import and_, func, or_, select, update

from idp.audit.events import AccountDeprovisioned, AccountSent, ProvisioningStopped
from idp.audit.log import record
from idp.base import backoff, clock
from idp.base.db import Database, Transaction
from idp.base.tables import table
from idp.base.turns import turn
from idp.base.work import Actor, Origin, Work
from idp.directory import organizations
from idp.directory.models import Application
from idp.directory.told_models import ProvisioningTarget, ToldAccount
from idp.provisioning.targets import carrying, found, noticing, plan, tokens, wanted
from idp.provisioning.targets.carrying import Carried, Order
from idp.provisioning.targets.noticing import FAILED, GONE, THERE, WAITING
from idp.provisioning.targets.plan import Act
from idp.provisioning.targets.rendering import Rendition
from idp.provisioning.targets.server import Call, Failed, Fault

Dial = Callable[[str, str], Call]
"""``dial(endpoint, token)``: the guarded way to a SCIM server."""

_LEASE = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=1)
_SECONDS = 15.0
_MOST_TARGETS = 50
_MOST_AT_ONCE = 100
_ROWS = table(ToldAccount)

log = structlog.get_logger("idp.provisioning")


@dataclass(frozen=True, slots=True)
class Told:
    """How many accounts one drain sent, and how many could not be."""

    sent: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class _Claimed:
    """An account on its way: what is sent, to where, and the row that says so."""

    key: tuple[str, str]
    turn: int
    order: Order
    endpoint: str
    token: str = field(repr=False)


def drain(database: Database, dial: Dial, now: datetime, *, seconds: float = _SECONDS) -> Told:
    """
    Send what waits, to every target in turn, for *seconds*.

    Targets that have failed come last among those that are due, so that they delay the others little. The others come in
    no order that anybody knows: one that answers, but slowly, uses up a drain, and not every one (I10).
    """
    until = clock.monotonic() + seconds
    sent = failed = 0
    for key in _due(database, now):
        for _ in range(_MOST_AT_ONCE):
            outcome = _one(database, dial, key, now)
            sent += outcome is True
            failed += outcome is False
            if outcome is not True or clock.monotonic() >= until:
                break
        if clock.monotonic() >= until:
            break
    return Told(sent, failed)


def _due(database: Database, now: datetime) -> list[tuple[str, str]]:
    waiting = (
        select(ToldAccount.organization_id, ToldAccount.target_id)
        .where(ToldAccount.next_at <= now, ToldAccount.state == WAITING)
        .distinct()
        .subquery()
    )
    of = ProvisioningTarget
    query = (
        select(of.organization_id, of.id)
        .join(waiting, and_(waiting.c.organization_id == of.organization_id, waiting.c.target_id == of.id))
        .where(of.enabled_at.is_not(None), of.stopped_at.is_(None), or_(of.next_at.is_(None), of.next_at <= now))
        .where(of.organization_id.not_in(organizations.suspended()))
        .order_by(of.tries > 0, turn(of.organization_id, of.id, of.id), func.random())
        .limit(_MOST_TARGETS)
    )
    with database.transaction() as tx:
        return [(row[0], row[1]) for row in tx.session.execute(query)]


def _one(database: Database, dial: Dial, key: tuple[str, str], now: datetime) -> bool | None:
    """Send one account to a target; True: it went, or nothing had to; False: the target fails; None: nobody waits."""
    with database.transaction() as tx:
        claimed = _claim(_work_of(tx, now), key)
    if not isinstance(claimed, _Claimed):
        return claimed
    try:
        carried: Carried | Failed = carrying.carry(dial(claimed.endpoint, claimed.token), claimed.order)
    except Failed as failure:
        carried = failure
    except Exception as error:  # whatever an answer makes of us is this account's fault alone
        log.exception("account not sent", target=key[1], account=claimed.order.account_id, error=type(error).__name__)
        carried = Failed(Fault.REFUSED)
    with database.transaction() as tx:
        work = _work_of(tx, now)
        if isinstance(carried, Failed):
            log.warning("account not sent", target=key[1], account=claimed.order.account_id, fault=carried.fault.value)
            return _note_failure(work, key, claimed, carried)
        _note(work, key, claimed, carried)
    return True


def _work_of(tx: Transaction, now: datetime) -> Work:
    return Work(tx, Actor("job", name="provisioning"), now, Origin("job"))


def _claim(work: Work, key: tuple[str, str]) -> _Claimed | bool | None:
    """Take the account that has waited longest; what is to be sent of it, True where nothing is, None: nobody waits."""
    target, application = _target(work, key)
    if target is None or application is None:
        return None
    token = tokens.read(work, target)
    row = _oldest(work, target) if token else None
    if row is None:
        return None
    shall = wanted.among(work, target, wanted.conditions(work, target, application), [row.account_id])
    rendition = shall.get(row.account_id)
    act = plan.act(None if rendition is None else rendition.digest, noticing.known_of(row))
    if act is None or (act is Act.DEACTIVATE and row.act != Act.DEACTIVATE):
        noticing.look(work, target, application, [row.account_id])  # it has changed since: the brake has its say
        return True
    if not _lock(work, row, act):
        return True  # another node has it
    order = Order(
        act=act,
        account_id=row.account_id,
        remote_id=row.remote_id,
        rendition=rendition,
        sent=tuple(row.sent),
        on_loss=target.on_loss,
        by_put=target.update_by == "put",
    )
    return _Claimed((row.organization_id, row.id), row.turn, order, target.endpoint, token)


def _target(work: Work, key: tuple[str, str]) -> tuple[ProvisioningTarget | None, Application | None]:
    target = work.tx.session.get(ProvisioningTarget, key)
    if target is None or target.stopped_at is not None or (target.next_at is not None and target.next_at > work.now):
        return None, None
    return next(iter(found.live(work, key[0], target.application_id)), (None, None))


def _oldest(work: Work, target: ProvisioningTarget) -> ToldAccount | None:
    of = ToldAccount
    return work.tx.session.scalar(
        select(of)
        .where(
            of.organization_id == target.organization_id,
            of.target_id == target.id,
            of.state == WAITING,
            of.next_at <= work.now,
            or_(of.locked_until.is_(None), of.locked_until <= work.now),
        )
        .order_by(of.next_at, (of.act != Act.DEACTIVATE.value), of.id)
        .limit(1)
    )


def _lock(work: Work, row: ToldAccount, act: Act) -> bool:
    result = work.tx.session.execute(
        update(_ROWS)
        .where(
            _ROWS.c.organization_id == row.organization_id,
            _ROWS.c.id == row.id,
            _ROWS.c.state == WAITING,
            _ROWS.c.turn == row.turn,
            or_(_ROWS.c.locked_until.is_(None), _ROWS.c.locked_until <= work.now),
        )
        .values(
            locked_until=work.now + _LEASE,
            tries=_ROWS.c.tries + 1,
            act=act.value,
            active=True,  # before anything is sent: whatever becomes of us, it is taken away again when it is to be
        )
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def _note(work: Work, key: tuple[str, str], claimed: _Claimed, carried: Carried) -> None:
    """Note what was learned; and that it is done, unless somebody has asked for something else meanwhile."""
    rendition = claimed.order.rendition
    learned = {
        "remote_id": carried.remote_id,
        "digest": "" if rendition is None else rendition.digest,
        "sent": [] if rendition is None else list(rendition.names),
        "active": rendition is not None,
        "locked_until": None,
        "error": "",
        "tries": 0,
        "act": carried.act.value,
    }
    rest = {"state": GONE if rendition is None else THERE, "next_at": None, "changed_at": work.now}
    if not _write(work, claimed, {**learned, **rest}, unless_asked=True):
        _write(work, claimed, {**learned, "state": WAITING, "next_at": work.now})
    target = work.tx.session.get(ProvisioningTarget, key)
    if target is None:
        return
    noticing.set_(
        work,
        target,
        failing_since=None,
        error="",
        tries=0,
        next_at=None,
        told_at=work.now,
        update_by="put" if carried.by_put else "patch",
        groups_due_at=work.now if target.pushed_group_ids else None,
    )
    _tell(work, target, claimed.order, carried, rendition)


def _tell(work: Work, target: ProvisioningTarget, order: Order, carried: Carried, rendition: Rendition | None) -> None:
    name = work.tx.session.get_one(Application, (target.organization_id, target.application_id)).name
    of = {"organization_id": target.organization_id, "target_id": order.account_id, "application": name}
    if rendition is None:
        record(work, AccountDeprovisioned(**of, how=order.on_loss if order.remote_id else "not there"))
    elif order.act is Act.CREATE:
        record(work, AccountSent(**of, act="created" if carried.act is Act.CREATE else "linked"))


def _note_failure(work: Work, key: tuple[str, str], claimed: _Claimed, failure: Failed) -> bool:
    """Note why it did not go, and when it is tried again; return whether the target may be sent others."""
    row = work.tx.session.get(ToldAccount, claimed.key)
    target = work.tx.session.get(ProvisioningTarget, key)
    if row is None or target is None:
        return False
    wait = backoff.delay(row.tries) if failure.fault is Fault.LATER and not failure.retry_after else None
    values: dict[str, object] = {"locked_until": None, "error": failure.fault.value}
    if not failure.fault.of_target or (failure.fault is Fault.LATER and row.tries >= backoff.MOST_TRIES):
        values |= {"state": FAILED, "next_at": None, "changed_at": work.now}
    elif failure.fault is Fault.LATER:
        values |= {"next_at": work.now + (wait or timedelta(seconds=failure.retry_after))}
    else:
        values |= {"tries": row.tries - 1}  # it has not been heard of there
    if claimed.order.act is Act.CREATE and failure.fault in (Fault.REFUSED, Fault.TAKEN):
        values |= {"active": False}  # it was looked for, is not there, and was not made
    if not _write(work, claimed, values, unless_asked=True):
        _write(work, claimed, {"locked_until": None})
    if failure.fault.of_target:
        _note_target(work, target, failure)
        return False
    return True


def _note_target(work: Work, target: ProvisioningTarget, failure: Failed) -> None:
    tries = target.tries + 1
    wait = timedelta(seconds=failure.retry_after) if failure.retry_after else backoff.delay(tries) or _LONGEST_WAIT
    values: dict[str, object] = {
        "failing_since": target.failing_since or work.now,
        "error": failure.fault.value,
        "tries": tries,
        "next_at": work.now + wait,
    }
    if failure.fault is Fault.UNAUTHORIZED:
        values |= {"stopped_at": work.now, "next_at": None}
        application = work.tx.session.get_one(Application, (target.organization_id, target.application_id))
        record(
            work,
            ProvisioningStopped(
                organization_id=target.organization_id, target_id=target.id, application=application.name
            ),
        )
    noticing.set_(work, target, **values)


def _write(work: Work, claimed: _Claimed, values: dict[str, object], *, unless_asked: bool = False) -> bool:
    where = [_ROWS.c.organization_id == claimed.key[0], _ROWS.c.id == claimed.key[1]]
    if unless_asked:
        where.append(_ROWS.c.turn == claimed.turn)
    result = work.tx.session.execute(update(_ROWS).where(*where).values(**values))
    return bool(result.rowcount)  # type: ignore[attr-defined]
