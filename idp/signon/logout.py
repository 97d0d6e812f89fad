"""
Ending sessions, and a record of who was told and who was not.

The sessions are over first, whatever becomes of the rest (X29). Every application that took part
then has a step: confirmed, asked, failed or cannot. Nothing here claims more than is known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from idp.base import jobs, outbox
from idp.base.ids import fingerprint, new_id
from idp.base.work import Work
from idp.directory.models import Application
from idp.signon import session as session_
from idp.signon.logout_names import digest, to_tell
from idp.signon.logout_stage import BACK, FRAME, FRONT, NONE, WAITING
from idp.signon.logout_steps import LIVES, complete, finish_if_settled, handle_of, told
from idp.signon.models import Logout, LogoutStep, Participant, SignOnSession
from idp.signon.teller import CANNOT, CONFIRMED, Tellers, Told, Ways

CLAIM_WITHIN = timedelta(seconds=60)
MESSAGE, FINISH, LATE = "logout", "logout-finish", "logout-late"
LOOK_AGAIN_AFTER = timedelta(minutes=1)
"""How long after a session's end it is looked for sign-ons that were going on then: longer than one can take."""
_AT_ONCE_FIRST = timedelta(seconds=30)


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
        others = to_tell(p for p in everyone if p.application_id != by)
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
    finish_if_settled(work, logout, steps)
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
    _tell(work, tellers, organization_id, session_id, because, to_tell(others))


def tell_late(
    work: Work, tellers: Tellers, organization_id: str, session_id: str, because: str, known: Mapping[str, str]
) -> None:
    """
    Write down whom to tell of a session that ended, of those whose sign-on was committed beside its end.

    Args:
        known: who took part when it ended, as `_look_again` noted it.
    """
    everyone = session_.participants(work, organization_id, session_id)
    late = to_tell(one for one in everyone if known.get(one.id) != one.last_at.isoformat())
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
            "known": {one.id: one.last_at.isoformat() for one in known},
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
    finish_if_settled(work, logout, steps)


def is_complete(work: Work, started: Started) -> bool:
    """Say whether every other application of what was *started* has confirmed."""
    if not started.id:
        return started.complete
    return complete(work, work.tx.session.get_one(Logout, (started.organization_id, started.id)))


def name_of(work: Work, organization_id: str, application_id: str) -> str:
    """Return what people call the application that started a logout."""
    found = work.tx.session.get(Application, (organization_id, application_id))
    return found.name if found is not None else ""


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
    query = select(LogoutStep.application_id, LogoutStep.subject).where(
        LogoutStep.organization_id == organization_id,
        LogoutStep.session_id == session_id,
        LogoutStep.outcome == CONFIRMED,
    )
    told_of = {(row.application_id, digest(row.subject)) for row in work.tx.session.execute(query)}
    return {(other.application_id, digest(other.subject)) for other in others} <= told_of
