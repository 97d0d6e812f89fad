"""
Ending sessions, and a record of who was told and who was not.

The sessions are over first, whatever becomes of the rest (X29). Every application that took part
then has a step: confirmed, asked, failed or cannot. Nothing here claims more than is known.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select, update

from idp.audit.events import LogoutFinished
from idp.audit.log import plain, record
from idp.base import jobs, outbox
from idp.base.crypto import Vault, equal
from idp.base.db import Prepared, table
from idp.base.errors import PageError
from idp.base.ids import fingerprint, is_token, new_id
from idp.base.work import Work
from idp.directory.models import Account, Application
from idp.signon import session as session_
from idp.signon.logout_stage import BACK, FRAME, FRONT, NONE, WAITING, for_the_log, in_words, to_be_framed
from idp.signon.models import Logout, LogoutStep, Participant, SignOnSession
from idp.signon.teller import ASKED, CANNOT, CONFIRMED, FAILED, Tellers, Told, Verdict, Ways

HANDLE = "lgo"
LIVES = timedelta(minutes=10)
CLAIM_WITHIN = timedelta(seconds=60)
MESSAGE, FINISH, LATE = "logout", "logout-finish", "logout-late"
LOOK_AGAIN_AFTER = timedelta(minutes=1)
"""How long after a session's end it is looked for sign-ons that were going on then: longer than one can take."""
SETTLED = frozenset({CONFIRMED, FAILED, CANNOT})
_AT_ONCE_FIRST = timedelta(seconds=30)

_TABLE, _STEP = table(Logout), table(LogoutStep)
_CLAIM = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("logout_id"),
        _TABLE.c.browser_hash.is_(None),
        _TABLE.c.claim_until > bindparam("at", type_=_TABLE.c.claim_until.type),
    )
    .values(browser_hash=bindparam("browser"))
)
_FINISH = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("logout_id"),
        _TABLE.c.finished_at.is_(None),
    )
    .values(finished_at=bindparam("at", type_=_TABLE.c.finished_at.type))
)
_RESUME = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("logout_id"),
        _TABLE.c.resumed_at.is_(None),
    )
    .values(resumed_at=bindparam("at", type_=_TABLE.c.resumed_at.type))
)
_ASK = Prepared(
    update(_STEP)
    .where(
        _STEP.c.organization_id == bindparam("of_organization"),
        _STEP.c.id == bindparam("step_id"),
        _STEP.c.outcome == WAITING,
    )
    .values(outcome=ASKED, tries=_STEP.c.tries + 1, asked_at=bindparam("at", type_=_STEP.c.asked_at.type))
)
_SETTLE = Prepared(
    update(_STEP)
    .where(
        _STEP.c.organization_id == bindparam("of_organization"),
        _STEP.c.id == bindparam("step_id"),
        _STEP.c.outcome == ASKED,
    )
    .values(
        outcome=bindparam("new_outcome"),
        cause=bindparam("new_cause"),
        settled_at=bindparam("at", type_=_STEP.c.settled_at.type),
    )
)
_UNREACHED = Prepared(
    update(_STEP)
    .where(
        _STEP.c.organization_id == bindparam("of_organization"),
        _STEP.c.id == bindparam("step_id"),
        _STEP.c.outcome == ASKED,
    )
    .values(outcome=WAITING, asked_at=None, cause=bindparam("new_cause"))
)


class LogoutLost(PageError):
    """A logout that this browser cannot go on with. The sessions that it ended are over all the same."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            "This sign-out is over, or it was begun in another browser.",
            code="logout-lost",
            advice="You are signed out here. Sign out of the applications that you had opened, too.",
            cause=cause,
        )


@dataclass(frozen=True, slots=True)
class Attended:
    """
    A browser takes part. ``browser`` is its binding secret; None where the request came without cookies:
    the first browser that shows up within 60 s claims it.
    """

    browser: str | None


@dataclass(frozen=True, slots=True)
class Starter:
    """
    The application that asked for the logout.

    Args:
        resume_url: a path of ours where its answer is sent from; ``protocol_state`` is what that needs.
        proven: whether it was the application itself that asked, and so need not be told.
        told_too: it is told all the same, where there is a way to do so.
    """

    application_id: str
    resume_url: str = ""
    protocol_state: Mapping[str, Any] | None = None
    proven: bool = True
    told_too: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """
    What a logout came to so far.

    Args:
        id: of the logout; empty where no other application took part.
        handle: for the address of the page of steps; empty where no browser takes part.
        ended: the sessions that are over now, also those that were before.
        complete: whether every other application has confirmed already, as there is none or all were told before.
    """

    organization_id: str
    id: str
    handle: str
    ended: frozenset[str]
    complete: bool


def start(
    work: Work,
    tellers: Tellers,
    organization_id: str,
    sessions: Mapping[str, str],
    *,
    because: str,
    attended: Attended | None = None,
    starter: Starter | None = None,
) -> Started:
    """
    End *sessions* and write down whom to tell; messages to the outside wait in the outbox.

    Args:
        sessions: the ids of the sessions of one organization, and whose they are.
        attended: None where no browser takes part: only what can be called from here is told.
    """
    by = _who_knows(work, tellers, organization_id, sessions, starter)
    new: list[tuple[str, Participant]] = []
    complete = True
    for session_id in sessions:
        everyone = session_.participants(work, organization_id, session_id)
        others = [p for p in everyone if p.application_id != by]
        if session_.end(work, organization_id, session_id, because, told=True):
            new += [(session_id, other) for other in others]
            _look_again(work, organization_id, session_id, because, everyone)
        else:
            complete = complete and _were_told(work, organization_id, session_id, others)
    ended = frozenset(sessions)
    if not new:
        return Started(organization_id, "", "", ended, complete)
    logout = _logout(work, organization_id, next(iter(sessions.values())), because, attended, starter)
    steps = [_step(work, tellers, logout, number, session_id, of) for number, (session_id, of) in enumerate(new)]
    work.tx.session.flush()
    _finish_if_settled(work, logout, steps)
    handle = handle_of(work.tx.vault, logout.id) if attended is not None else ""
    return Started(organization_id, logout.id, handle, ended, complete=False)


def _who_knows(
    work: Work, tellers: Tellers, organization_id: str, sessions: Mapping[str, str], starter: Starter | None
) -> str:
    """Return the application that need not be told, as it is the one that asks; empty if there is none."""
    if starter is None or not starter.proven:
        return ""
    application = work.tx.session.get(Application, (organization_id, starter.application_id))
    teller = tellers.get(application.protocol) if application is not None else None
    if not starter.told_too or teller is None:
        return starter.application_id
    for session_id, account_id in sessions.items():
        for one in session_.participants(work, organization_id, session_id):
            if one.application_id == starter.application_id:
                told_ = Told(organization_id, one.application_id, session_id, account_id, one.subject, "")
                ways = teller.ways(work, told_)
                if ways.back or ways.front or ways.framed:
                    return ""
    return starter.application_id


def tell_of(work: Work, tellers: Tellers, organization_id: str, session_id: str, because: str) -> None:
    """Write down whom to tell of a session that has ended without a browser; nothing if that was done before."""
    known = select(LogoutStep.id).where(
        LogoutStep.organization_id == organization_id, LogoutStep.session_id == session_id
    )
    if work.tx.session.scalars(known.limit(1)).first() is not None:
        return
    others = session_.participants(work, organization_id, session_id)
    _look_again(work, organization_id, session_id, because, others)
    _tell(work, tellers, organization_id, session_id, because, others)


def tell_late(
    work: Work, tellers: Tellers, organization_id: str, session_id: str, because: str, known: Mapping[str, str]
) -> None:
    """
    Write down whom to tell of a session that ended, of those whose sign-on was committed beside its end.

    Args:
        known: who took part when it ended, as `_look_again` noted it.
    """
    everyone = session_.participants(work, organization_id, session_id)
    late = [one for one in everyone if known.get(one.application_id) != one.last_at.isoformat()]
    _tell(work, tellers, organization_id, session_id, because, late)


def _look_again(work: Work, organization_id: str, session_id: str, because: str, known: Iterable[Participant]) -> None:
    """See later who else took part: a sign-on that had found the session live may be committed after its end."""
    jobs.defer(
        work,
        LATE,
        key=f"{LATE}:{session_id}",
        payload={
            "organization_id": organization_id,
            "session_id": session_id,
            "because": because,
            "known": {one.application_id: one.last_at.isoformat() for one in known},
        },
        organization_id=organization_id,
        run_at=work.now + LOOK_AGAIN_AFTER,
    )


def _tell(
    work: Work,
    tellers: Tellers,
    organization_id: str,
    session_id: str,
    because: str,
    others: Sequence[Participant],
) -> None:
    row = work.tx.session.get(SignOnSession, (organization_id, session_id))
    if not others or row is None:
        return
    logout = _logout(work, organization_id, row.account_id, because, None, None)
    steps = [_step(work, tellers, logout, number, session_id, of) for number, of in enumerate(others)]
    work.tx.session.flush()
    _finish_if_settled(work, logout, steps)


def find(work: Work, handle: str, browser: str) -> Logout:
    """
    Return the logout of *handle* for this browser; claim it if it may be claimed.

    Raises:
        LogoutLost: unknown, expired, or of another browser.
    """
    row = None
    if is_token(handle, HANDLE):
        row = work.tx.session.scalar(select(Logout).where(Logout.handle_hash == fingerprint(handle)))
    if row is None:
        raise LogoutLost("no such handle")
    if row.expires_at <= work.now:
        raise LogoutLost("older than 10 minutes")
    if row.browser_hash is None:
        if not work.tx.run(
            _CLAIM,
            of_organization=row.organization_id,
            logout_id=row.id,
            browser=fingerprint(browser),
            at=work.now,
        ):
            raise LogoutLost("not claimed in time")
        work.tx.session.refresh(row)
    if row.browser_hash is None or not equal(row.browser_hash, fingerprint(browser)):
        raise LogoutLost("the browser binding does not match")
    return row


def going_on(work: Work, browser: str) -> str:
    """Return the handle of the logout that this browser began last and can still look at; empty if there is none."""
    query = (
        select(Logout.id)
        .where(
            Logout.created_at > work.now - LIVES,
            Logout.expires_at > work.now,
            Logout.browser_hash == fingerprint(browser),
            Logout.handle_hash.is_not(None),
        )
        .order_by(Logout.created_at.desc(), Logout.id.desc())
        .limit(1)
    )
    found = work.tx.session.scalar(query)
    return "" if found is None else handle_of(work.tx.vault, found)


def steps(work: Work, logout: Logout) -> list[LogoutStep]:
    """Return the steps of *logout*, in the order of its page."""
    query = (
        select(LogoutStep)
        .where(LogoutStep.organization_id == logout.organization_id, LogoutStep.logout_id == logout.id)
        .order_by(LogoutStep.place)
        .execution_options(populate_existing=True)
    )
    return list(work.tx.session.scalars(query))


def step_of(work: Work, organization_id: str, message_id: str) -> tuple[Logout, LogoutStep] | None:
    """Return the step that *message_id* was sent for to a browser, if it still waits for its answer; else None."""
    step = work.tx.session.scalar(
        select(LogoutStep).where(
            LogoutStep.organization_id == organization_id,
            LogoutStep.message_id == message_id,
            LogoutStep.channel == FRONT,
            LogoutStep.outcome == ASKED,
        )
    )
    if step is None:
        return None
    logout = work.tx.session.get_one(Logout, (organization_id, step.logout_id))
    return None if logout.expires_at <= work.now else (logout, step)


def is_of(logout: Logout, browser: str) -> bool:
    """Say whether *logout* goes on in this *browser*."""
    return logout.browser_hash is not None and equal(logout.browser_hash, fingerprint(browser))


def told(logout: Logout, step: LogoutStep) -> Told:
    """Return *step* as its protocol needs to know it."""
    return Told(
        organization_id=step.organization_id,
        application_id=step.application_id,
        session_id=step.session_id,
        account_id=logout.account_id,
        subject=step.subject,
        message_id=step.message_id,
    )


def ask(work: Work, step: LogoutStep) -> bool:
    """Note that the application is asked now; False if it was asked before."""
    return bool(work.tx.run(_ASK, of_organization=step.organization_id, step_id=step.id, at=work.now))


def settle(work: Work, logout: Logout, step: LogoutStep, verdict: Verdict) -> None:
    """Note what came of *step*; what is settled already stays so."""
    work.tx.run(
        _SETTLE,
        of_organization=step.organization_id,
        step_id=step.id,
        new_outcome=verdict.outcome,
        new_cause=plain(verdict.cause)[:500],
        at=work.now if verdict.outcome in SETTLED else None,
    )
    _finish_if_settled(work, logout, steps(work, logout))


def not_reached(work: Work, step: LogoutStep, cause: str) -> None:
    """Take back that the application is asked: nothing of what it was to be sent has left."""
    work.tx.run(_UNREACHED, of_organization=step.organization_id, step_id=step.id, new_cause=plain(cause)[:500])
    work.tx.session.refresh(step)


def go_by_browser(work: Work, step: LogoutStep, ways: Ways) -> None:
    """
    Let the browser go to an application that did not answer us; what it is sent is a message of its own.

    One that cannot be visited is told by a frame, and called again after that: a frame confirms nothing.
    """
    step.outcome, step.asked_at = WAITING, None
    if ways.front:
        step.channel, step.visit_url, step.message_id = FRONT, ways.front, new_id("lrq")
    else:
        step.channel = FRAME
    work.tx.session.flush()


def frames(work: Work, tellers: Tellers, logout: Logout, *, loaded: bool) -> list[str]:
    """
    Return what the hidden frames of the page are to load now, and note that those applications are asked.

    Args:
        loaded: the page says that what its frames were asked to load has loaded.
    """
    made: list[str] = []
    for step in to_be_framed(logout, steps(work, logout), work.now, loaded=loaded):
        teller = tellers.get(step.protocol)
        address = teller.frame(work, told(logout, step)) if teller is not None else ""
        ask(work, step)
        if address:
            made.append(address)
        else:
            settle(work, logout, step, Verdict(CANNOT, "the application has no address to be told at any more"))
    return made


def finish(work: Work, logout: Logout) -> None:
    """Write the list of what was confirmed and what was not into the audit log; once."""
    if not work.tx.run(_FINISH, of_organization=logout.organization_id, logout_id=logout.id, at=work.now):
        return
    every = steps(work, logout)
    account = work.tx.session.get(Account, (logout.organization_id, logout.account_id))
    record(
        work,
        LogoutFinished(
            organization_id=logout.organization_id,
            target_id=logout.account_id,
            logout_id=logout.id,
            person=account.email if account is not None else logout.account_id,
            cause=logout.because,
            summary="; ".join(in_words(step, work.now) for step in every),
            applications=tuple(for_the_log(step) for step in every),
        ),
    )


@dataclass(frozen=True, slots=True)
class Resumed:
    """A logout whose starter is to be answered. ``complete``: every other application has confirmed."""

    organization_id: str
    started_by: str
    protocol_state: Mapping[str, Any]
    complete: bool


def resume(work: Work, handle: str, browser: str, resume_url: str) -> Resumed | None:
    """
    End the page of steps and go back to whoever started the logout; None if that was done before.

    Args:
        resume_url: the path that asks; another starter's logout is none of its business.

    Raises:
        LogoutLost: unknown, expired, or of another browser; or nobody waits there.
    """
    logout = find(work, handle, browser)
    if not logout.resume_url or logout.resume_url != resume_url:
        raise LogoutLost("nobody waits for this logout at that address")
    finish(work, logout)
    if not work.tx.run(_RESUME, of_organization=logout.organization_id, logout_id=logout.id, at=work.now):
        return None
    return Resumed(logout.organization_id, logout.started_by, logout.protocol_state, complete(work, logout))


def complete(work: Work, logout: Logout) -> bool:
    """Say whether every application of *logout* has confirmed."""
    return all(step.outcome == CONFIRMED for step in steps(work, logout))


def is_complete(work: Work, started: Started) -> bool:
    """Say whether every other application of what was *started* has confirmed."""
    if not started.id:
        return started.complete
    return complete(work, work.tx.session.get_one(Logout, (started.organization_id, started.id)))


def name_of(work: Work, organization_id: str, application_id: str) -> str:
    """Return what people call the application that started a logout."""
    found = work.tx.session.get(Application, (organization_id, application_id))
    return found.name if found is not None else ""


def handle_of(vault: Vault, logout_id: str) -> str:
    """Return the handle of a logout: a secret that is made from its id, so that it need not be stored."""
    digest = hmac.new(vault.derived("logout-handle"), logout_id.encode(), hashlib.sha256).digest()
    return f"{HANDLE}_{base64.urlsafe_b64encode(digest).rstrip(b'=').decode('ascii')}"


def _logout(
    work: Work,
    organization_id: str,
    account_id: str,
    because: str,
    attended: Attended | None,
    starter: Starter | None,
) -> Logout:
    logout_id = new_id("out")
    browser = attended.browser if attended is not None else None
    logout = Logout(
        organization_id=organization_id,
        id=logout_id,
        handle_hash=None if attended is None else fingerprint(handle_of(work.tx.vault, logout_id)),
        browser_hash=None if browser is None else fingerprint(browser),
        claim_until=work.now + CLAIM_WITHIN if attended is not None and browser is None else None,
        account_id=account_id,
        because=because[:64],
        started_by=starter.application_id if starter is not None else "",
        resume_url=starter.resume_url if starter is not None and attended is not None else "",
        protocol_state=dict(starter.protocol_state or {}) if starter is not None else {},
        created_at=work.now,
        expires_at=work.now + LIVES,
    )
    work.tx.session.add(logout)
    work.tx.session.flush()
    jobs.defer(
        work,
        FINISH,
        key=f"{FINISH}:{logout_id}",
        payload={"organization_id": organization_id, "logout_id": logout_id},
        organization_id=organization_id,
        run_at=logout.expires_at,
    )
    return logout


def _step(
    work: Work, tellers: Tellers, logout: Logout, place: int, session_id: str, participant: Participant
) -> LogoutStep:
    application = work.tx.session.get(Application, (logout.organization_id, participant.application_id))
    row = work.tx.session.get_one(SignOnSession, (logout.organization_id, session_id))
    step = LogoutStep(
        organization_id=logout.organization_id,
        id=new_id("lst"),
        logout_id=logout.id,
        session_id=session_id,
        application_id=participant.application_id,
        application_name=application.name if application is not None else participant.application_id,
        protocol=application.protocol if application is not None else "",
        subject=participant.subject,
        place=place,
        channel=NONE,
        message_id=new_id("lrq"),
        outcome=CANNOT,
        settled_at=work.now,
    )
    teller = tellers.get(step.protocol)
    ways = teller.ways(work, told(logout, step)) if teller is not None else Ways()
    step.until = row.expires_at if ways.bounded else None
    if ways.back:
        step.channel, step.outcome, step.settled_at = BACK, WAITING, None
        outbox.post(
            work,
            MESSAGE,
            ways.back[:2048],
            {"organization_id": step.organization_id, "step_id": step.id},
            organization_id=step.organization_id,
            not_before=work.now + _AT_ONCE_FIRST if work.origin.door != "job" else None,
        )
    elif ways.front and logout.handle_hash is not None:
        step.channel, step.outcome, step.settled_at, step.visit_url = FRONT, WAITING, None, ways.front
    elif ways.framed and logout.handle_hash is not None:
        step.channel, step.outcome, step.settled_at = FRAME, WAITING, None
    work.tx.session.add(step)
    return step


def _were_told(work: Work, organization_id: str, session_id: str, others: Iterable[Participant]) -> bool:
    """Say whether a session that was over before is known to be over by all of *others*."""
    query = select(LogoutStep.application_id).where(
        LogoutStep.organization_id == organization_id,
        LogoutStep.session_id == session_id,
        LogoutStep.outcome == CONFIRMED,
    )
    return {other.application_id for other in others} <= set(work.tx.session.scalars(query))


def _finish_if_settled(work: Work, logout: Logout, every: Sequence[LogoutStep]) -> None:
    if all(step.outcome in SETTLED for step in every):
        finish(work, logout)
