"""
Deferred work as rows: written in the transaction that asks for it, run at least once.

A job is claimed by one conditional UPDATE (so several nodes may run jobs), its handler runs in
a transaction that also marks it finished (so what a handler does in the database happens once),
and a failure is tried again ever later until it is dead, where it stays visible. What has to ask
the outside is an `Errand`: its middle part runs while no transaction is open.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, or_, select, update

from idp.base import backoff, clock
from idp.base.db import Database, Transaction
from idp.base.ids import new_id
from idp.base.models import Job
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent, table
from idp.base.turns import turn
from idp.base.work import Actor, HeldRole, Origin, Work

Handler = Callable[[Work, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Errand:
    """
    A job that asks the outside, in three parts.

    Args:
        prepare: says what to ask, in a transaction of its own; None: there is nothing to do any more.
        fetch: asks it, while no transaction is open. What comes of it is a value, failures included.
        settle: does what follows, in the transaction that also marks the job finished.
    """

    prepare: Callable[[Work, Mapping[str, Any]], Any]
    fetch: Callable[[Any], Any]
    settle: Callable[[Work, Any, Any], None]


Handlers = Mapping[str, Handler | Errand]

_LEASE = timedelta(minutes=5)
_AT_ONCE = 100
_SECONDS_AT_ONCE = 30.0  # well within the lease, also when every errand takes its whole time
_TABLE = table(Job)
_NOW = bindparam("now", type_=_TABLE.c.run_at.type)
_INSERT = Prepared(insert_if_absent(Job))
_CLAIM = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.id == bindparam("job_id"),
        _TABLE.c.finished_at.is_(None),
        _TABLE.c.dead_at.is_(None),
        _TABLE.c.run_at <= _NOW,
        or_(_TABLE.c.locked_until.is_(None), _TABLE.c.locked_until <= _NOW),
    )
    .values(
        locked_until=bindparam("until", type_=_TABLE.c.locked_until.type),
        tries=_TABLE.c.tries + 1,
    )
)

log = structlog.get_logger("idp.jobs")


@dataclass(frozen=True, slots=True)
class Ran:
    """How many jobs one drain finished, and how many failed."""

    finished: int = 0
    failed: int = 0


def defer(
    work: Work,
    kind: str,
    *,
    key: str,
    payload: dict[str, Any] | None = None,
    organization_id: str | None = None,
    run_at: datetime | None = None,
) -> bool:
    """
    Ask for a job of *kind* once this transaction is committed; False if *key* was asked for before.

    Args:
        key: what makes it this job and no other; the same key is never run as two jobs.
        payload: JSON values for the handler; no secret.
        run_at: not before this moment (default: at once).
    """
    return bool(
        work.tx.run(
            _INSERT,
            id=new_id("job"),
            kind=kind,
            key=key,
            organization_id=organization_id,
            payload=payload or {},
            created_at=work.now,
            run_at=run_at or work.now,
            tries=0,
            locked_until=None,
            finished_at=None,
            dead_at=None,
            last_error="",
        )
    )


def run_due(database: Database, handlers: Handlers, now: datetime, role: str) -> Ran:
    """
    Run every job that is due at *now*, as an actor that holds *role* everywhere; for half a minute at most.

    Organizations take turns: what one has much of, or what takes long, delays each other one by one job.
    """
    finished = failed = 0
    began = clock.monotonic()
    for job_id in _due(database, now):
        if clock.monotonic() - began > _SECONDS_AT_ONCE:
            break  # the next drain goes on
        outcome = _run(database, handlers, job_id, now, role)
        finished += outcome is True
        failed += outcome is False
    return Ran(finished, failed)


def jobs(work: Work, *, dead: bool = False, limit: int = 100) -> list[Job]:
    """Return jobs that are not finished (with *dead*: only those given up), the oldest first."""
    query = select(Job).where(Job.finished_at.is_(None)).order_by(Job.created_at, Job.id).limit(limit)
    if dead:
        query = query.where(Job.dead_at.is_not(None))
    return list(work.tx.session.scalars(query))


def retry(work: Work, job: Job) -> None:
    """Give a dead job a new life, due at once."""
    job.dead_at, job.locked_until, job.tries, job.run_at = None, None, 0, work.now


def _due(database: Database, now: datetime) -> list[str]:
    query = (
        select(Job.id)
        .where(Job.finished_at.is_(None), Job.dead_at.is_(None), Job.run_at <= now)
        .where(or_(Job.locked_until.is_(None), Job.locked_until <= now))
        .order_by(turn(Job.organization_id, Job.run_at, Job.id), Job.run_at, Job.id)
        .limit(_AT_ONCE)
    )
    with database.transaction() as tx:
        return list(tx.session.scalars(query))


def _run(database: Database, handlers: Handlers, job_id: str, now: datetime, role: str) -> bool | None:
    with database.transaction() as tx:
        if not tx.run(_CLAIM, job_id=job_id, now=now, until=now + _LEASE):
            return None  # another node has it
    try:
        act = _prepared(database, handlers, job_id, now, role)
        with database.transaction() as tx:
            job = tx.session.get_one(Job, job_id)
            act(_work(tx, job, now, role), job.payload)
            job.finished_at, job.locked_until, job.last_error = now, None, ""
    except Exception as error:  # whatever a handler raises is its job's fault alone
        log.exception("job failed", job=job_id)
        _note_failure(database, job_id, now, f"{type(error).__name__}: {error}")
        return False
    return True


def _prepared(database: Database, handlers: Handlers, job_id: str, now: datetime, role: str) -> Handler:
    """Return what is left to do of a job once the outside has been asked, if it asks the outside."""
    with database.transaction() as tx:
        job = tx.session.get_one(Job, job_id)
        handler = handlers[job.kind]
        if not isinstance(handler, Errand):
            return handler
        asked = handler.prepare(_work(tx, job, now, role), job.payload)
    if asked is None:
        return lambda work, payload: None
    found = handler.fetch(asked)
    return lambda work, payload: handler.settle(work, asked, found)


def _work(tx: Transaction, job: Job, now: datetime, role: str) -> Work:
    return Work(tx, Actor("job", job.id, job.kind, roles=(HeldRole(role),)), now, Origin("job"))


def _note_failure(database: Database, job_id: str, now: datetime, cause: str) -> None:
    with database.transaction() as tx:
        job = tx.session.get_one(Job, job_id)
        wait = backoff.delay(job.tries)
        job.locked_until, job.last_error = None, cause[:2000]
        if wait is None:
            job.dead_at = now
        else:
            job.run_at = now + wait
