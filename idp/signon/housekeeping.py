"""Removing what is over of signing on. Attempts and audit entries are not among it."""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, tuple_

from idp.base import sweeping
from idp.base.models import Job, OutboxMessage
from idp.base.sweeping import remove
from idp.base.work import Work
from idp.directory import claim_lists, import_reading, imports, runs
from idp.directory.console_models import Run
from idp.directory.domain_models import ClaimList
from idp.directory.joining_models import AccountImport, AccountImportFile
from idp.signon import device_cookie, history, lockout
from idp.signon.models import (
    KnownDevice,
    Logout,
    LogoutStep,
    Notice,
    OneTimeValue,
    Participant,
    PendingSignOn,
    SeenMessage,
    SignIn,
    SignOnSession,
    TemporaryPass,
    ThrottleCounter,
)

KIND = "housekeeping"

_DAY = timedelta(days=1)
_KEEP_SESSIONS = timedelta(days=30)
_KEEP_DONE = timedelta(days=7)
_KEEP_NOTICES = timedelta(days=90)
_KEEP_RUNS = timedelta(days=90)
_KEEP_UNSENT = timedelta(days=30)
_KEEP_PREVIEWS = timedelta(days=30)
_PREVIEWS_AT_ONCE = 5  # each has up to 20,000 rows


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
        _remove_devices(work, at_once),
        remove(work, SignIn, SignIn.at <= now - history.KEPT, at_once),
        remove(work, TemporaryPass, TemporaryPass.valid_to <= now - _KEEP_SESSIONS, at_once),
        _remove_logouts(work, Logout.created_at <= now - _KEEP_SESSIONS, at_once),
        remove(work, Job, Job.finished_at <= now - _KEEP_DONE, at_once),
        remove(work, OutboxMessage, OutboxMessage.sent_at <= now - _KEEP_DONE, at_once),
        remove(work, OutboxMessage, OutboxMessage.created_at <= now - _KEEP_UNSENT, at_once),
        remove(work, Notice, Notice.at <= now - _KEEP_NOTICES, at_once),
        remove(work, ClaimList, ClaimList.created_at <= now - claim_lists.KEPT, at_once),
        remove(work, AccountImportFile, AccountImportFile.created_at <= now - import_reading.KEPT, at_once),
        remove(work, Run, Run.state.in_(runs.OVER) & (Run.created_at <= now - _KEEP_RUNS), at_once),
    )
    previews = remove(work, AccountImport, _never_applied(work), _PREVIEWS_AT_ONCE)
    return at_once in counts or previews == _PREVIEWS_AT_ONCE


run = sweeping.handler(KIND, sweep)


def _never_applied(work: Work) -> ColumnElement[bool]:
    """What an import would have done is told for thirty days; its rows go with it."""
    begun = AccountImport.state.in_((imports.READING, imports.PREVIEWED))
    return and_(begun, AccountImport.created_at <= work.now - _KEEP_PREVIEWS)


def _forgettable(work: Work) -> ColumnElement[bool]:
    """What is counted of networks, sign-ons and unknown addresses ages; wrong tries on an account stay until it succeeds (A8)."""
    aging = ("network-", "typed:", "challenge:", "short-codes:")
    spent = or_(ThrottleCounter.failures == 0, *(ThrottleCounter.key.startswith(prefix) for prefix in aging))
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


def _remove_devices(work: Work, at_once: int) -> int:
    """Devices that were forgotten, or that nobody has signed in on for longer than their cookie lives; and what they counted."""
    unseen = KnownDevice.last_seen_at <= work.now - device_cookie.KEPT
    forgotten = KnownDevice.revoked_at <= work.now - _KEEP_SESSIONS
    keys = select(KnownDevice.organization_id, KnownDevice.id).where(or_(unseen, forgotten)).limit(at_once)
    found = [tuple(row) for row in work.tx.session.execute(keys)]
    if found:
        lanes = [lockout.lane(device_id) for _, device_id in found]
        work.tx.session.execute(delete(ThrottleCounter).where(ThrottleCounter.key.in_(lanes)))
        named = tuple_(KnownDevice.organization_id, KnownDevice.id)
        work.tx.session.execute(delete(KnownDevice).where(named.in_(found)))
    return len(found)


def _remove_logouts(work: Work, where: ColumnElement[bool], at_once: int) -> int:
    keys = select(Logout.organization_id, Logout.id).where(where).limit(at_once)
    found = [tuple(row) for row in work.tx.session.execute(keys)]
    if found:
        of_logout = tuple_(LogoutStep.organization_id, LogoutStep.logout_id)
        work.tx.session.execute(delete(LogoutStep).where(of_logout.in_(found)))
        work.tx.session.execute(delete(Logout).where(tuple_(Logout.organization_id, Logout.id).in_(found)))
    return len(found)
