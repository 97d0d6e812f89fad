"""
Telling applications from here, without a browser: at once after a sign-out, and from the outbox.

A letter is written in one transaction, sent in none, and what came back is noted in another. All go
in parallel, so that one dead application delays nobody.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from queue import Empty, Queue
from typing import Any

import structlog

from idp.base import backoff, clock, egress
from idp.base.errors import IdpError, Unavailable
from idp.base.jobs import Handler
from idp.base.outbox import Message, Sender
from idp.base.work import Work
from idp.directory import accounts
from idp.signon import logout as logout_
from idp.signon import logout_steps, session
from idp.signon.factors import temporary_pass
from idp.signon.logout import FINISH, LATE
from idp.signon.logout_stage import BACK, WAITING
from idp.signon.logout_steps import SETTLED
from idp.signon.models import Logout, LogoutStep
from idp.signon.teller import ASKED, CANNOT, FAILED, Letter, Post, Reply, Tellers, Verdict

OpenWork = Callable[[], AbstractContextManager[Work]]

SECONDS = 6.0
MOST_BYTES = 64 * 1024
_MOST_FETCHED = 256 * 1024
_MOST_AT_ONCE = 32
_OPEN = (WAITING, ASKED)
"""Outcomes of a call after which it is tried again."""

log = structlog.get_logger("idp.logout")


@dataclass(frozen=True, slots=True)
class _Call:
    """A letter on its way. ``first``: nothing of it has reached the application before, as far as is known."""

    letter: Letter
    first: bool


def at_once(
    open_work: OpenWork, tellers: Tellers, organization_id: str, logout_id: str, post: Post, *, seconds: float = SECONDS
) -> None:
    """
    Tell every application of a logout that can be called, now and in parallel, for at most *seconds*.

    Call it after the commit of the transaction that ended the session. What has not answered by then
    goes on by the browser, if one takes part and the application can be told so, else by the outbox.
    """
    with open_work() as work:
        calls = _calls(work, tellers, organization_id, logout_id)
    if not calls:
        return
    replies = _sent(calls, post, seconds)
    with open_work() as work:
        logout = work.tx.session.get_one(Logout, (organization_id, logout_id))
        for step in logout_steps.steps(work, logout):
            if step.id not in calls:
                continue
            reply = replies.get(step.id, Reply(cause="no answer in time"))
            verdict = _note(work, tellers, logout, step, calls[step.id], reply)
            ways = tellers[step.protocol].ways(work, logout_steps.told(logout, step))
            if verdict.outcome in _OPEN and (ways.front or ways.framed) and logout.handle_hash is not None:
                work.tx.session.refresh(step)
                logout_steps.go_by_browser(work, step, ways)


def sender(open_work: OpenWork, tellers: Tellers, post: Post) -> Sender:
    """Return what sends the outbox messages of steps. A step that is settled by then is sent nothing."""

    def send(message: Message) -> None:
        key = (str(message.content["organization_id"]), str(message.content["step_id"]))
        with open_work() as work:
            call = _call(work, tellers, key)
        if call is None:
            return
        reply = post(call.letter)
        with open_work() as work:
            step = work.tx.session.get_one(LogoutStep, key)
            logout = work.tx.session.get_one(Logout, (step.organization_id, step.logout_id))
            verdict = _note(work, tellers, logout, step, call, reply)
        if verdict.outcome in _OPEN:
            raise Unavailable("An application did not confirm a logout.", cause=verdict.cause)

    return send


def posting(allowed: Sequence[str], *, http_loopback: bool) -> Post:
    """Return the guarded way to the outside (D18), with what the operator allows beyond public addresses."""

    def get(address: str) -> bytes:
        return egress.fetch(address, allowed=allowed, http_loopback=http_loopback, most_bytes=_MOST_FETCHED)

    def post(letter: Letter) -> Reply:
        try:
            body = letter.body if letter.seal is None else letter.seal(letter.body, get)
        except IdpError as error:
            return Reply(cause=error.cause, reached=False)
        try:
            answer = egress.post(
                letter.address,
                body,
                content_type=letter.content_type,
                headers=letter.headers,
                allowed=allowed,
                http_loopback=http_loopback,
                most_bytes=MOST_BYTES,
            )
        except egress.NotReached as error:
            return Reply(cause=error.cause, reached=False)
        except Unavailable as error:
            return Reply(cause=error.cause)
        return Reply(answer.status, answer.body)

    return post


def handlers(tellers: Tellers) -> dict[str, Handler]:
    """Return what handles the jobs of logouts."""

    def ended(work: Work, payload: Mapping[str, Any]) -> None:
        logout_.tell_of(work, tellers, payload["organization_id"], payload["session_id"], payload["because"])

    def late(work: Work, payload: Mapping[str, Any]) -> None:
        known, of = payload["known"], (payload["organization_id"], payload["session_id"])
        logout_.tell_late(work, tellers, *of, payload["because"], known)

    def outdated(work: Work, payload: Mapping[str, Any]) -> None:
        session.end_outdated(work, payload["organization_id"], payload["account_id"])
        temporary_pass.end_of_disabled(work, payload["organization_id"], payload["account_id"])

    def finish(work: Work, payload: Mapping[str, Any]) -> None:
        found = work.tx.session.get(Logout, (payload["organization_id"], payload["logout_id"]))
        if found is not None:
            logout_steps.finish(work, found)

    return {session.ENDED: ended, LATE: late, accounts.OUTDATED: outdated, FINISH: finish}


def _calls(work: Work, tellers: Tellers, organization_id: str, logout_id: str) -> dict[str, _Call]:
    logout = work.tx.session.get_one(Logout, (organization_id, logout_id))
    calls: dict[str, _Call] = {}
    for step in logout_steps.steps(work, logout):
        if step.channel == BACK and step.outcome == WAITING and len(calls) < _MOST_AT_ONCE:
            try:
                call = _call(work, tellers, (organization_id, step.id))
            except IdpError as error:  # of one application: the outbox tries again
                log.warning("letter not written", step=step.id, cause=error.cause)
                continue
            if call is not None:
                calls[step.id] = call
    return calls


def _call(work: Work, tellers: Tellers, key: tuple[str, str]) -> _Call | None:
    """Return what is to be sent for a step now, and note that it is asked; None where nothing is."""
    step = work.tx.session.get(LogoutStep, key)
    if step is None or step.outcome in SETTLED:
        return None
    logout = work.tx.session.get_one(Logout, (step.organization_id, step.logout_id))
    if step.channel != BACK:
        if logout.finished_at is None and logout.expires_at > work.now:
            raise Unavailable("The browser of the person is on its way to this application.")
        step.channel = BACK  # nobody went on to it: it is called from here again
    teller = tellers.get(step.protocol)
    letter = teller.letter(work, logout_steps.told(logout, step)) if teller is not None else None
    first = logout_steps.ask(work, step)
    if not first:
        step.tries += 1
    work.tx.session.flush()
    work.tx.session.refresh(step)
    if letter is None:
        logout_steps.settle(
            work, logout, step, Verdict(CANNOT, "the application has no address to be told at any more")
        )
        return None
    return _Call(letter, first)


def _note(work: Work, tellers: Tellers, logout: Logout, step: LogoutStep, call: _Call, reply: Reply) -> Verdict:
    last = step.tries >= backoff.MOST_TRIES
    if not reply.reached and call.first:
        if not last:
            logout_steps.not_reached(work, step, reply.cause)
            return Verdict(WAITING, reply.cause)
        verdict = Verdict(CANNOT, reply.cause)
        logout_steps.settle(work, logout, step, verdict)
        return verdict
    verdict = Verdict(ASKED, reply.cause)
    if not reply.cause:
        verdict = tellers[step.protocol].judge(work, logout_steps.told(logout, step), reply)
    if verdict.outcome == ASKED and last:
        verdict = Verdict(FAILED, verdict.cause)
    logout_steps.settle(work, logout, step, verdict)
    return verdict


def _sent(calls: Mapping[str, _Call], post: Post, seconds: float) -> dict[str, Reply]:
    """Post all letters of *calls* at the same time; return what was answered within *seconds*."""
    answers: Queue[tuple[str, Reply]] = Queue()

    def send(step_id: str, letter: Letter) -> None:
        answers.put((step_id, post(letter)))

    for step_id, call in calls.items():
        threading.Thread(target=send, args=(step_id, call.letter), name="logout", daemon=True).start()
    until = clock.monotonic() + seconds
    replies: dict[str, Reply] = {}
    while len(replies) < len(calls):
        try:
            step_id, reply = answers.get(timeout=max(0.0, until - clock.monotonic()))
        except Empty:
            break
        replies[step_id] = reply
    return replies
