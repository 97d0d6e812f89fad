"""Removing what is over of signing on. Attempts and audit entries are not among it."""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, or_, select, tuple_

from idp.base import sweeping
from idp.base.models import Job, OutboxMessage
from idp.base.sweeping import remove
from idp.base.work import Work
from idp.signon.models import (
    Logout,
    LogoutStep,
    OneTimeValue,
    Participant,
    PendingSignOn,
    SeenMessage,
    SignOnSession,
    ThrottleCounter,
)

KIND = "housekeeping"

_DAY = timedelta(days=1)
_KEEP_SESSIONS = timedelta(days=30)
_KEEP_DONE = timedelta(days=7)


def sweep(work: Work, at_once: int = sweeping.AT_ONCE) -> bool:
    """Remove at most *at_once* rows of each kind that are over; say whether more are left."""
    now = work.now
    over = SignOnSession.expires_at <= now - _KEEP_SESSIONS
    ended = SignOnSession.ended_at <= now - _KEEP_SESSIONS
    counts = (
        remove(work, OneTimeValue, OneTimeValue.expires_at <= now - _DAY, at_once),
        remove(work, SeenMessage, SeenMessage.expires_at <= now, at_once),
        remove(work, PendingSignOn, PendingSignOn.expires_at <= now - _DAY, at_once),
        remove(work, ThrottleCounter, _forgettable(work), at_once),
        _remove_sessions(work, or_(over, ended), at_once),
        _remove_logouts(work, Logout.created_at <= now - _KEEP_SESSIONS, at_once),
        remove(work, Job, Job.finished_at <= now - _KEEP_DONE, at_once),
        remove(work, OutboxMessage, OutboxMessage.sent_at <= now - _KEEP_DONE, at_once),
    )
    return at_once in counts


run = sweeping.handler(KIND, sweep)


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


def _remove_logouts(work: Work, where: ColumnElement[bool], at_once: int) -> int:
    keys = select(Logout.organization_id, Logout.id).where(where).limit(at_once)
    found = [tuple(row) for row in work.tx.session.execute(keys)]
    if found:
        of_logout = tuple_(LogoutStep.organization_id, LogoutStep.logout_id)
        work.tx.session.execute(delete(LogoutStep).where(of_logout.in_(found)))
        work.tx.session.execute(delete(Logout).where(tuple_(Logout.organization_id, Logout.id).in_(found)))
    return len(found)
