"""
From marks to what is to be sent: who was touched is looked at as they are now, and the plan is written down.

Marks are taken away before anything is read, in the same transaction: what commits later has marks of its own.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from idp.audit.events import ProvisioningHeld
from idp.audit.log import record
from idp.base import clock
from idp.base.db import Database
from idp.base.ids import new_id
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent, table
from idp.base.work import Actor, Origin, Work
from idp.directory import organizations
from idp.directory.models import Account, Application
from idp.directory.told_models import ProvisioningMark, ProvisioningTarget, ToldAccount
from idp.provisioning.targets import found, plan, wanted
from idp.provisioning.targets.plan import Act, Known

WAITING, HELD, THERE, GONE, FAILED = "waiting", "held", "there", "gone", "failed"
STATES = (WAITING, HELD, THERE, GONE, FAILED)
AT_ONCE = 200
RECENT = timedelta(hours=1)
"""What was deactivated since then counts as "at once" for the brake."""
_SECONDS = 5.0
_ROWS = table(ToldAccount)
_MARKS = table(ProvisioningMark)
_INSERT = Prepared(insert_if_absent(ToldAccount))


@dataclass(frozen=True, slots=True)
class Looked:
    """How many accounts were looked at, and how many of them have something sent."""

    seen: int
    to_send: int


def settle(database: Database, now: datetime, *, seconds: float = _SECONDS) -> int:
    """Let marks be followed by what is to be sent, for *seconds*; return how many accounts were looked at."""
    until, seen = clock.monotonic() + seconds, 0
    while True:
        with database.transaction() as tx:
            some = _settle_some(Work(tx, Actor("job", name="provisioning"), now, Origin("job")))
        if some is None:
            return seen
        seen += some
        if clock.monotonic() >= until:
            return seen


def _settle_some(work: Work) -> int | None:
    """Follow the oldest marks; return how many accounts were looked at, None where there are no marks."""
    oldest = work.tx.session.scalar(
        select(ProvisioningMark)
        .where(ProvisioningMark.due_at <= work.now)
        .where(ProvisioningMark.organization_id.not_in(organizations.suspended()))  # theirs wait until they come back
        .order_by(ProvisioningMark.due_at, ProvisioningMark.organization_id, ProvisioningMark.id)
        .limit(1)
    )
    if oldest is None:
        return None
    return _single(work, oldest) if oldest.account_id else _whole(work, oldest)


def _single(work: Work, first: ProvisioningMark) -> int:
    """Follow the marks of single accounts that are like *first*: of the same organization and application."""
    alike = (
        select(_MARKS.c.id)
        .where(
            _MARKS.c.organization_id == first.organization_id,
            _MARKS.c.application_id == first.application_id,
            _MARKS.c.account_id != "",
            _MARKS.c.due_at <= work.now,
        )
        .order_by(_MARKS.c.due_at, _MARKS.c.id)
        .limit(AT_ONCE)
    )
    rows = work.tx.session.execute(
        delete(_MARKS)
        .where(_MARKS.c.organization_id == first.organization_id, _MARKS.c.id.in_(alike))
        .returning(_MARKS.c.account_id)
    )
    account_ids = set(rows.scalars())
    for target, application in found.live(work, first.organization_id, first.application_id):
        look(work, target, application, account_ids)
    return len(account_ids)


def _whole(work: Work, whole: ProvisioningMark) -> int:
    """Follow a mark of everybody: a part of them, and the rest when it is this mark's turn again."""
    mine = and_(
        _MARKS.c.organization_id == whole.organization_id, _MARKS.c.id == whole.id, _MARKS.c.cursor == whole.cursor
    )
    targets = found.live(work, whole.organization_id, whole.application_id)
    if not whole.application_id or not targets:
        if work.tx.session.execute(delete(_MARKS).where(mine)).rowcount:  # type: ignore[attr-defined]
            for target, _application in targets:
                mark(work, target)
        return 0
    target, application = targets[0]
    some = part(work, target, application, whole.cursor)
    done = len(some) < AT_ONCE
    act = delete(_MARKS) if done else update(_MARKS).values(cursor=some[-1], due_at=work.now)
    if not work.tx.session.execute(act.where(mine)).rowcount:  # type: ignore[attr-defined]
        return 0  # another node has this part
    look(work, target, application, some)
    return len(some)


def mark(work: Work, target: ProvisioningTarget, account_id: str = "") -> None:
    """Let a target look at an account again, or at everybody."""
    work.tx.session.add(
        ProvisioningMark(
            organization_id=target.organization_id,
            id=new_id("ptm"),
            application_id=target.application_id,
            account_id=account_id,
            due_at=work.now,
        )
    )
    work.tx.session.flush()


def part(work: Work, target: ProvisioningTarget, application: Application, after: str) -> list[str]:
    """Return the next accounts after the id *after*, at most `AT_ONCE`, that are wanted at a target or known there."""
    shall = select(Account.id).where(*wanted.conditions(work, target, application), Account.id > after)
    known = select(ToldAccount.account_id).where(
        ToldAccount.organization_id == target.organization_id,
        ToldAccount.target_id == target.id,
        ToldAccount.account_id > after,
    )
    both = shall.order_by(Account.id).limit(AT_ONCE), known.order_by(ToldAccount.account_id).limit(AT_ONCE)
    return sorted({one for query in both for one in work.tx.session.scalars(query)})[:AT_ONCE]


def look(
    work: Work,
    target: ProvisioningTarget,
    application: Application,
    account_ids: Collection[str],
    *,
    again: bool = False,
) -> Looked:
    """
    Write down what is to be sent to a target of accounts, as they are now.

    Args:
        again: send what was sent, too.
    """
    if not account_ids:
        return Looked(0, 0)
    ids = sorted(account_ids)
    shall = wanted.among(work, target, wanted.conditions(work, target, application), ids)
    there = {
        one.account_id: one
        for one in work.tx.session.scalars(
            select(ToldAccount)
            .where(
                ToldAccount.organization_id == target.organization_id,
                ToldAccount.target_id == target.id,
                ToldAccount.account_id.in_(ids),
            )
            .execution_options(populate_existing=True)
        )
    }
    digests = {one: rendition.digest for one, rendition in shall.items()}
    acts = plan.plan(digests, {one: known_of(row, again=again) for one, row in there.items()}).acts()
    held = _held(work, target, application, acts, there)
    for one in ids:
        _note(work, target, one, acts.get(one), there.get(one), held=held, again=again)
    if target.held_at is not None:
        unhold(work, target)
    if target.pushed_group_ids:
        set_(work, target, groups_due_at=work.now)
    return Looked(len(ids), len(acts))


def known_of(row: ToldAccount, *, again: bool = False) -> Known:
    """Return what a row says is known of its account at its target."""
    return Known(active=row.active, linked=bool(row.remote_id), digest="" if again else row.digest)


def _held(
    work: Work,
    target: ProvisioningTarget,
    application: Application,
    acts: Mapping[str, Act],
    rows: Mapping[str, ToldAccount],
) -> bool:
    """Say whether the deactivations of *acts* wait for approval; note it where that is new."""
    fresh = [one for one, act in acts.items() if act is Act.DEACTIVATE and not _goes_already(rows[one])]
    if not fresh:
        return False
    there, recent = counts(work, target)
    if not plan.brakes(len(fresh), recent, there, target.brake_percent):
        return False
    if target.held_at is None:
        set_(work, target, held_at=work.now)
        record(
            work,
            ProvisioningHeld(
                organization_id=target.organization_id,
                target_id=target.id,
                application=application.name,
                count=len(fresh),
                there=there,
            ),
        )
    return True


def _goes_already(row: ToldAccount) -> bool:
    return row.act == Act.DEACTIVATE and row.state == WAITING


def counts(work: Work, target: ProvisioningTarget) -> tuple[int, int]:
    """Return how many accounts are, or lately were, at a target; and how many of them go of late without approval."""
    lately = and_(
        ToldAccount.act == Act.DEACTIVATE,
        or_(
            ToldAccount.state == WAITING,
            and_(ToldAccount.state == GONE, ToldAccount.changed_at >= work.now - RECENT),
        ),
    )
    row = work.tx.session.execute(
        select(
            func.count().filter(or_(ToldAccount.active, lately)),
            func.count().filter(and_(lately, ToldAccount.approved.is_(False))),
        ).where(ToldAccount.organization_id == target.organization_id, ToldAccount.target_id == target.id)
    ).one()
    return row[0], row[1]


def _note(
    work: Work,
    target: ProvisioningTarget,
    account_id: str,
    act: Act | None,
    row: ToldAccount | None,
    *,
    held: bool,
    again: bool,
) -> None:
    if row is None:
        if act is not None:
            _insert(work, target, account_id, act)
        return
    if act is None:
        _rest(work, target, row)
        return
    if act is Act.DEACTIVATE and row.act == Act.DEACTIVATE and row.state in (WAITING, HELD):
        return
    waits = HELD if held and act is Act.DEACTIVATE else WAITING
    next_at = None if waits == HELD else work.now
    forgotten = {"digest": ""} if again else {}
    _change(work, row, state=waits, act=act.value, next_at=next_at, error="", tries=0, approved=False, **forgotten)


def _rest(work: Work, target: ProvisioningTarget, row: ToldAccount) -> None:
    """Nothing is to be sent, as long as what was read of the row still holds; else it is looked at once more."""
    rest = THERE if row.active else GONE
    if row.state == rest:
        return
    still = (_ROWS.c.turn == row.turn, _ROWS.c.digest == row.digest, _ROWS.c.active == row.active)
    values = {"state": rest, "next_at": None, "error": "", "tries": 0, "approved": False}
    if not _change(work, row, *still, **values):
        mark(work, target, row.account_id)


def _insert(work: Work, target: ProvisioningTarget, account_id: str, act: Act) -> None:
    work.tx.run(
        _INSERT,
        organization_id=target.organization_id,
        id=new_id("pta"),
        target_id=target.id,
        account_id=account_id,
        state=WAITING,
        act=act.value,
        active=False,
        approved=False,
        remote_id="",
        digest="",
        sent=[],
        error="",
        tries=0,
        turn=0,
        next_at=work.now,
        locked_until=None,
        changed_at=work.now,
    )


def _change(work: Work, row: ToldAccount, *still: ColumnElement[bool], **values: object) -> bool:
    result = work.tx.session.execute(
        update(_ROWS)
        .where(_ROWS.c.organization_id == row.organization_id, _ROWS.c.id == row.id, *still)
        .values(**values, turn=_ROWS.c.turn + 1, changed_at=work.now)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def set_(work: Work, target: ProvisioningTarget, **values: object) -> None:
    """Note something of a target in passing: its version, which is for people, stays."""
    of = table(ProvisioningTarget)
    work.tx.session.flush()
    work.tx.session.execute(
        update(of).where(of.c.organization_id == target.organization_id, of.c.id == target.id).values(**values)
    )
    work.tx.session.refresh(target)


def unhold(work: Work, target: ProvisioningTarget) -> None:
    """Where nothing waits for approval any more, the target holds nothing."""
    held = select(ToldAccount.id).where(
        ToldAccount.organization_id == target.organization_id,
        ToldAccount.target_id == target.id,
        ToldAccount.state == HELD,
    )
    if work.tx.session.scalar(held.limit(1)) is None:
        set_(work, target, held_at=None)
