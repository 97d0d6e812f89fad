"""The steps of a logout: each application that is told, what it is asked now, and what came of it."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select, update

from idp.audit.events import LogoutFinished
from idp.audit.log import plain, record
from idp.base.crypto import Vault, equal
from idp.base.errors import PageError
from idp.base.ids import fingerprint, is_token, new_id
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.directory.models import Account
from idp.signon.logout_stage import FRAME, FRONT, WAITING, for_the_log, in_words, to_be_framed
from idp.signon.models import Logout, LogoutStep
from idp.signon.teller import ASKED, CANNOT, CONFIRMED, FAILED, Tellers, Told, Verdict, Ways

HANDLE = "lgo"
LIVES = timedelta(minutes=10)
SETTLED = frozenset({CONFIRMED, FAILED, CANNOT})

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


def settle(work: Work, logout: Logout, step: LogoutStep, verdict: Verdict) -> bool:
    """Note what came of *step*; what is settled already stays so. Return whether it was noted."""
    noted = work.tx.run(
        _SETTLE,
        of_organization=step.organization_id,
        step_id=step.id,
        new_outcome=verdict.outcome,
        new_cause=plain(verdict.cause)[:500],
        at=work.now if verdict.outcome in SETTLED else None,
    )
    finish_if_settled(work, logout, steps(work, logout))
    return bool(noted)


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


def handle_of(vault: Vault, logout_id: str) -> str:
    """Return the handle of a logout: a secret that is made from its id, so that it need not be stored."""
    digest = hmac.new(vault.derived("logout-handle"), logout_id.encode(), hashlib.sha256).digest()
    return f"{HANDLE}_{base64.urlsafe_b64encode(digest).rstrip(b'=').decode('ascii')}"


def finish_if_settled(work: Work, logout: Logout, every: Sequence[LogoutStep]) -> None:
    if all(step.outcome in SETTLED for step in every):
        finish(work, logout)
