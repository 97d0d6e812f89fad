"""Removing rows that no longer mean anything. Attempts and audit entries are not among them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, tuple_

from idp.base import jobs
from idp.base.db import Base, table
from idp.base.models import Job, OutboxMessage
from idp.base.work import Work
from idp.signon.models import OneTimeValue, Participant, PendingSignOn, SeenMessage, SignOnSession, ThrottleCounter

KIND = "housekeeping"
AT_ONCE = 1000

_DAY = timedelta(days=1)
_KEEP_SESSIONS = timedelta(days=30)
_KEEP_DONE = timedelta(days=7)


def ask(work: Work) -> bool:
    """Ask for this hour's housekeeping; False if it was asked for already."""
    return jobs.defer(work, KIND, key=f"{KIND}:{work.now:%Y-%m-%dT%H}")


def run(work: Work, payload: Mapping[str, Any]) -> None:
    """Handle a housekeeping job: sweep, and ask for another one where something was left."""
    if sweep(work):
        part = int(payload.get("part", 0)) + 1
        jobs.defer(work, KIND, key=f"{KIND}:{work.now:%Y-%m-%dT%H}:{part}", payload={"part": part})


def sweep(work: Work, at_once: int = AT_ONCE) -> bool:
    """Remove at most *at_once* rows of each kind that are over; say whether more are left."""
    now = work.now
    over = SignOnSession.expires_at <= now - _KEEP_SESSIONS
    ended = SignOnSession.ended_at <= now - _KEEP_SESSIONS
    counts = (
        _remove(work, OneTimeValue, OneTimeValue.expires_at <= now - _DAY, at_once),
        _remove(work, SeenMessage, SeenMessage.expires_at <= now, at_once),
        _remove(work, PendingSignOn, PendingSignOn.expires_at <= now - _DAY, at_once),
        _remove(work, ThrottleCounter, _forgettable(work), at_once),
        _remove_sessions(work, or_(over, ended), at_once),
        _remove(work, Job, Job.finished_at <= now - _KEEP_DONE, at_once),
        _remove(work, OutboxMessage, OutboxMessage.sent_at <= now - _KEEP_DONE, at_once),
    )
    return at_once in counts


def _forgettable(work: Work) -> ColumnElement[bool]:
    """Counters of networks and of unknown addresses age; wrong tries on an account stay until it succeeds (A8)."""
    spent = or_(
        ThrottleCounter.failures == 0,
        ThrottleCounter.key.startswith("network-"),
        ThrottleCounter.key.startswith("typed:"),
    )
    return (ThrottleCounter.updated_at <= work.now - _DAY) & spent


def _remove_sessions(work: Work, where: ColumnElement[bool], at_once: int) -> int:
    keys = select(SignOnSession.organization_id, SignOnSession.id).where(where).limit(at_once)
    found = [tuple(row) for row in work.tx.session.execute(keys)]
    if found:
        joined = tuple_(Participant.organization_id, Participant.session_id)
        work.tx.session.execute(delete(Participant).where(joined.in_(found)))
        named = tuple_(SignOnSession.organization_id, SignOnSession.id)
        work.tx.session.execute(delete(SignOnSession).where(named.in_(found)))
    return len(found)


def _remove(work: Work, model: type[Base], where: ColumnElement[bool], at_once: int) -> int:
    of = table(model)
    key = tuple_(*of.primary_key.columns)
    chosen = select(*of.primary_key.columns).where(where).limit(at_once)
    result = work.tx.session.execute(delete(of).where(key.in_(chosen)))
    return int(result.rowcount)  # type: ignore[attr-defined]
