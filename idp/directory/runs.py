"""
Long work in steps: somebody asks for it, jobs do a part at a time, a page shows how far it has come.

Each part is a transaction of its own that also writes down how far it came; so nothing is done twice or forgotten
when a server stops between two. Each acts as whoever asked, with the roles that they hold *then*: who has lost them
in the meantime goes no further, and who was disabled stops everything that they had begun.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, or_, select, update

from idp.audit.events import RunEnded, RunStarted, RunStopAsked
from idp.audit.log import record
from idp.base import clock
from idp.base.db import Database, Transaction
from idp.base.errors import Conflict, Forbidden, IdpError, NotFound, Unavailable
from idp.base.ids import is_id, new_id
from idp.base.tables import table
from idp.base.texts import packed, phrase, sentence, unpacked
from idp.base.turns import turn
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.directory import rights
from idp.directory.console_models import Run
from idp.directory.keysets import Key, newest
from idp.directory.models import Account, Organization
from idp.policy.permissions import OPERATOR, Permission, allows

WAITING, RUNNING, FINISHED, STOPPED, FAILED = "waiting", "running", "finished", "stopped", "failed"
OPEN = (WAITING, RUNNING)
TOO_MANY = "too-many-runs"
"""The code of the refusal of one more."""
OVER = (FINISHED, STOPPED, FAILED)
STATES = (WAITING, RUNNING, FINISHED, STOPPED, FAILED)

MOST_FINDINGS = 100
MOST_OPEN = 5
"""So many runs of one person may wait or go on at once: others' turns come, too."""
_SECONDS_AT_ONCE = 5.0
_TITLE = "title"
_TABLE = table(Run)

log = structlog.get_logger("idp.runs")


@dataclass(frozen=True, slots=True)
class Step:
    """
    What one part of a run came to.

    Args:
        done: how many things were done.
        failed: how many could not be.
        findings: why, a plain sentence for each; a phrase where values stand in it.
        cursor: where the next part begins; None: there is nothing left.
    """

    done: int
    failed: int = 0
    findings: Sequence[str] = ()
    cursor: str | None = None


StepFunction = Callable[[Work, Run, str], Step]
"""Does the part of a run that begins at a cursor (at first: empty). Small: other work waits for its transaction."""

Kinds = Mapping[str, StepFunction]


def start(work: Work, kind: str, *, organization_id: str, title: str, parameters: dict[str, Any], total: int) -> Run:
    """
    Ask for long work of *kind* in an organization; the caller has required what it needs.

    Args:
        title: what people see of it, a phrase.
        parameters: JSON values for its steps; no secret.
        total: how many things there are to do, for the progress that is shown.

    Raises:
        Forbidden: the actor is neither an account of the organization nor the operator.
        Conflict: as much of theirs as may be open at once is not finished yet.
    """
    own = work.actor.kind == "account" and work.actor.organization_id == organization_id
    if not own and work.actor.kind != "operator":
        raise Forbidden(
            "You may not do this.",
            cause=phrase("a run asked for by %(kind)s %(id)s", kind=work.actor.kind, id=work.actor.id),
        )
    if own and _open_of(work, organization_id) >= MOST_OPEN:
        raise Conflict(
            phrase("%(most)s pieces of long work of yours are not finished yet.", most=MOST_OPEN),
            code=TOO_MANY,
            advice="Wait until one of them is, or stop one. They are listed under “Running work”.",
        )
    run = Run(
        organization_id=organization_id,
        id=new_id("run"),
        kind=kind,
        title=str(title)[:256],
        parameters={**parameters, _TITLE: packed(title)},
        total=total,
        state=WAITING,
        created_by=work.actor.id if own else "",
        created_by_name=work.actor.name,
        created_at=work.now,
    )
    work.tx.session.add(run)
    work.tx.session.flush()
    record(work, RunStarted(organization_id=organization_id, target_id=run.id, kind=kind, title=run.title, total=total))
    return run


def _open_of(work: Work, organization_id: str) -> int:
    """Return how many runs of the account that acts are not over."""
    query = (
        select(func.count())
        .select_from(Run)
        .where(Run.state.in_(OPEN), Run.organization_id == organization_id, Run.created_by == work.actor.id)
    )
    return work.tx.session.scalar(query) or 0


def title(run: Run) -> str:
    """Return what people see of a run, as a phrase that can be said in their language; of an old one as it was kept."""
    kept = run.parameters.get(_TITLE)
    return run.title if kept is None else unpacked(kept)


def get(work: Work, organization_id: str, run_id: str) -> Run:
    """
    Return a run of the organization.

    Raises:
        NotFound: none that this actor asked for, or may read the audit log of the organization for.
    """
    found = work.tx.session.get(Run, (organization_id, run_id)) if is_id(run_id, "run") else None
    if found is None or not (_asked_for(work, found) or allows(work.actor, Permission.AUDIT_READ, organization_id)):
        raise NotFound("There is no such work.", field="run")
    return found


def page(work: Work, organization_id: str, *, after: Key | None = None, limit: int = 50, state: str = "") -> list[Run]:
    """
    Return runs of the organization that this actor may see, the newest first, at most *limit*.

    Args:
        after: the moment (ISO 8601) and id of the last one that was shown; None: from the newest on.
        state: only those in this one of `STATES`.
    """
    query = select(Run).where(Run.organization_id == organization_id)
    if not allows(work.actor, Permission.AUDIT_READ, organization_id):
        own = work.actor.kind == "account" and work.actor.organization_id == organization_id
        if not own:
            return []
        query = query.where(Run.created_by == work.actor.id)
    if state:
        query = query.where(Run.state == state)
    return list(work.tx.session.scalars(newest(query, Run.created_at, Run.id, after, limit)))


def stop(work: Work, organization_id: str, run_id: str) -> Run:
    """
    Stop a run before its next part; what was done stays done.

    Raises:
        NotFound: no such run that this actor may see.
        Forbidden: the actor has not asked for it and does not administer the organization.
        Conflict: it is over already.
    """
    run = get(work, organization_id, run_id)
    if not _asked_for(work, run) and not allows(work.actor, Permission.ORGANIZATION_EDIT, organization_id):
        raise Forbidden("You may not stop this.", advice="Ask whoever has started it, or an administrator.")
    stopped = work.tx.session.execute(
        update(_TABLE)
        .where(_TABLE.c.organization_id == organization_id, _TABLE.c.id == run_id, _TABLE.c.state.in_(OPEN))
        .values(stop_asked_at=work.now)
    )
    if not stopped.rowcount:  # type: ignore[attr-defined]
        raise Conflict("This is over already.")
    work.tx.session.refresh(run)
    record(
        work,
        RunStopAsked(
            organization_id=organization_id, target_id=run.id, title=run.title, done=run.done, total=run.total
        ),
    )
    return run


@contextmanager
def item(work: Work, findings: list[str], name: str) -> Iterator[None]:
    """
    Do one thing of a run: if it cannot be done, nothing of it is, and *findings* says why of the thing *name*.

    What does not answer at the moment is no finding: the part is tried again.
    """
    try:
        with work.tx.session.begin_nested():
            yield
            work.tx.session.flush()
    except Unavailable:
        raise
    except IdpError as error:
        findings.append(finding(name, error.message))


def finding(name: str, why: str) -> str:
    """Return as a sentence why something could not be done with the thing *name*; *why* is a whole sentence."""
    return phrase("%(name)s: %(why)s", name=name, why=sentence(why))


def drain(database: Database, kinds: Kinds, now: datetime, *, seconds: float = _SECONDS_AT_ONCE) -> int:
    """
    Do parts of the runs that are open, one at least, for *seconds*; return how many parts were done.

    Organizations take turns, and so do the runs of one.
    """
    until, done = clock.monotonic() + seconds, 0
    while open_ := _open(database):
        progress = 0
        for organization_id, run_id in open_:
            progress += _step(database, kinds, organization_id, run_id, now)
            if clock.monotonic() >= until:
                return done + progress
        done += progress
        if not progress:  # other nodes are at all of them, or none can go on now
            break
    return done


def _open(database: Database) -> list[tuple[str, str]]:
    query = (
        select(Run.organization_id, Run.id)
        .where(or_(Run.state == WAITING, Run.state == RUNNING))
        .order_by(turn(Run.organization_id, Run.created_at, Run.id), Run.created_at, Run.id)
        .limit(20)
    )
    with database.transaction() as tx:
        return [(row.organization_id, row.id) for row in tx.session.execute(query)]


def _step(database: Database, kinds: Kinds, organization_id: str, run_id: str, now: datetime) -> bool:
    try:
        with database.transaction() as tx:
            return _do(tx, kinds, organization_id, run_id, now)
    except Unavailable as error:  # it may answer later: the next drain tries again
        log.warning("run waits", run=run_id, cause=error.cause)
    except Exception as error:  # whatever a part raises is its run's fault alone
        log.exception("run failed", run=run_id)
        with database.transaction() as tx:
            run = tx.session.get_one(Run, (organization_id, run_id))
            if run.state in OPEN:
                why = sentence(error.message) if isinstance(error, IdpError) else phrase("Something went wrong here.")
                said = phrase("It could not go on: %(why)s (reference %(reference)s)", why=why, reference=run_id)
                _end(_as_job(tx, run, now), run, FAILED, said)
    return False


def _do(tx: Transaction, kinds: Kinds, organization_id: str, run_id: str, now: datetime) -> bool:
    tx.plan_for_values()
    run = tx.session.get_one(Run, (organization_id, run_id))
    claimed = tx.session.execute(  # writes first: of several nodes at this part the others find another cursor
        update(_TABLE)
        .where(_TABLE.c.organization_id == organization_id, _TABLE.c.id == run_id)
        .where(_TABLE.c.state.in_(OPEN), _TABLE.c.cursor == run.cursor, _TABLE.c.done == run.done)
        .where(_TABLE.c.failed == run.failed)
        .values(state=RUNNING)
    )
    if not claimed.rowcount:  # type: ignore[attr-defined]
        return False
    tx.session.refresh(run)
    if run.stop_asked_at is not None:
        _end(_as_job(tx, run, now), run, STOPPED)
        return True
    actor = _actor(tx, run, now)
    if actor is None:
        _end(_as_job(tx, run, now), run, FAILED, phrase("Whoever asked for this may do nothing here any more."))
        return True
    work = Work(tx, actor, now, Origin("job", request_id=run.id))
    step = kinds[run.kind](work, run, run.cursor)
    run.done += step.done
    run.failed += step.failed
    run.findings = [*run.findings, *step.findings][:MOST_FINDINGS]
    if step.cursor is None:
        _end(_as_job(tx, run, now), run, FINISHED)
    else:
        run.cursor = step.cursor
    return True


def _end(work: Work, run: Run, state: str, finding: str = "") -> None:
    run.state, run.finished_at = state, work.now
    if finding:
        run.findings = [finding, *run.findings][:MOST_FINDINGS]
    record(
        work,
        RunEnded(
            organization_id=run.organization_id,
            target_id=run.id,
            title=run.title,
            state=state,
            done=run.done,
            failed=run.failed,
        ),
    )


def _actor(tx: Transaction, run: Run, now: datetime) -> Actor | None:
    """Return whoever asked, with the roles held now; None where that account cannot act any more."""
    if not run.created_by:
        return Actor("operator", name=run.created_by_name, roles=(HeldRole(OPERATOR),))
    account = tx.session.get(Account, (run.organization_id, run.created_by))
    organization = tx.session.get_one(Organization, run.organization_id)
    if account is None or organization.suspended_at is not None:
        return None
    if any(at is not None for at in (account.disabled_at, account.erased_at, account.deletion_at)):
        return None
    bare = Actor("account", account.id, account.email, run.organization_id)
    held = rights.roles_of(Work(tx, bare, now, Origin("job")), run.organization_id, account.id)
    return Actor("account", account.id, account.email, run.organization_id, held) if held else None


def _as_job(tx: Transaction, run: Run, now: datetime) -> Work:
    return Work(tx, Actor("job", run.id, run.kind), now, Origin("job", request_id=run.id))


def _asked_for(work: Work, run: Run) -> bool:
    return (
        work.actor.kind == "account"
        and work.actor.organization_id == run.organization_id
        and run.created_by == work.actor.id
    )
