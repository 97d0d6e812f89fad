"""
Telling applications from here, without a browser: at once after a sign-out, and from the outbox.

A letter is written in one transaction, sent in none, and what came back is noted in another. All go
in parallel, so that one dead application delays nobody.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
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
from idp.signon import session
from idp.signon.logout import BACK, FINISH, SETTLED, WAITING
from idp.signon.models import Logout, LogoutStep
from idp.signon.teller import ASKED, CANNOT, FAILED, Letter, Post, Reply, Tellers, Verdict

OpenWork = Callable[[], AbstractContextManager[Work]]

SECONDS = 6.0
MOST_BYTES = 64 * 1024
_MOST_AT_ONCE = 32

log = structlog.get_logger("idp.logout")


def at_once(
    open_work: OpenWork, tellers: Tellers, organization_id: str, logout_id: str, post: Post, *, seconds: float = SECONDS
) -> None:
    """
    Tell every application of a logout that can be called, now and in parallel, for at most *seconds*.

    Call it after the commit of the transaction that ended the session. What has not answered by then
    goes on by the browser, if one takes part and the application can be told so, else by the outbox.
    """
    with open_work() as work:
        letters = _letters(work, tellers, organization_id, logout_id)
    if not letters:
        return
    replies = _sent(letters, post, seconds)
    with open_work() as work:
        logout = work.tx.session.get_one(Logout, (organization_id, logout_id))
        for step in logout_.steps(work, logout):
            if step.id not in letters:
                continue
            verdict = _note(work, tellers, logout, step, replies.get(step.id, Reply(cause="no answer in time")))
            ways = tellers[step.protocol].ways(work, logout_.told(logout, step))
            if verdict.outcome == ASKED and ways.front and logout.handle_hash is not None:
                work.tx.session.refresh(step)
                logout_.go_by_browser(work, step, ways)


def sender(open_work: OpenWork, tellers: Tellers, post: Post) -> Sender:
    """Return what sends the outbox messages of steps. A step that is settled by then is sent nothing."""

    def send(message: Message) -> None:
        key = (str(message.content["organization_id"]), str(message.content["step_id"]))
        with open_work() as work:
            letter = _letter(work, tellers, key)
        if letter is None:
            return
        reply = post(letter)
        with open_work() as work:
            step = work.tx.session.get_one(LogoutStep, key)
            logout = work.tx.session.get_one(Logout, (step.organization_id, step.logout_id))
            verdict = _note(work, tellers, logout, step, reply)
        if verdict.outcome == ASKED:
            raise Unavailable("An application did not confirm a logout.", cause=verdict.cause)

    return send


def posting(allowed: Sequence[str], *, http_loopback: bool) -> Post:
    """Return the guarded way to the outside (D18), with what the operator allows beyond public addresses."""

    def post(letter: Letter) -> Reply:
        try:
            answer = egress.post(
                letter.address,
                letter.body,
                content_type=letter.content_type,
                headers=letter.headers,
                allowed=allowed,
                http_loopback=http_loopback,
                most_bytes=MOST_BYTES,
            )
        except Unavailable as error:
            return Reply(cause=error.cause)
        return Reply(answer.status, answer.body)

    return post


def handlers(tellers: Tellers) -> dict[str, Handler]:
    """Return what handles the jobs of logouts."""

    def ended(work: Work, payload: Mapping[str, Any]) -> None:
        logout_.tell_of(work, tellers, payload["organization_id"], payload["session_id"], payload["because"])

    def outdated(work: Work, payload: Mapping[str, Any]) -> None:
        session.end_outdated(work, payload["organization_id"], payload["account_id"])

    def finish(work: Work, payload: Mapping[str, Any]) -> None:
        found = work.tx.session.get(Logout, (payload["organization_id"], payload["logout_id"]))
        if found is not None:
            logout_.finish(work, found)

    return {session.ENDED: ended, accounts.OUTDATED: outdated, FINISH: finish}


def _letters(work: Work, tellers: Tellers, organization_id: str, logout_id: str) -> dict[str, Letter]:
    logout = work.tx.session.get_one(Logout, (organization_id, logout_id))
    letters: dict[str, Letter] = {}
    for step in logout_.steps(work, logout):
        if step.channel == BACK and step.outcome == WAITING and len(letters) < _MOST_AT_ONCE:
            try:
                letter = _letter(work, tellers, (organization_id, step.id))
            except IdpError as error:  # of one application: the outbox tries again
                log.warning("letter not written", step=step.id, cause=error.cause)
                continue
            if letter is not None:
                letters[step.id] = letter
    return letters


def _letter(work: Work, tellers: Tellers, key: tuple[str, str]) -> Letter | None:
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
    letter = teller.letter(work, logout_.told(logout, step)) if teller is not None else None
    if not logout_.ask(work, step):
        step.tries += 1
    work.tx.session.flush()
    work.tx.session.refresh(step)
    if letter is None:
        logout_.settle(work, logout, step, Verdict(CANNOT, "the application has no address to be told at any more"))
    return letter


def _note(work: Work, tellers: Tellers, logout: Logout, step: LogoutStep, reply: Reply) -> Verdict:
    verdict = Verdict(ASKED, reply.cause)
    if not reply.cause:
        verdict = tellers[step.protocol].judge(work, logout_.told(logout, step), reply)
    if verdict.outcome == ASKED and step.tries >= backoff.MOST_TRIES:
        verdict = Verdict(FAILED, verdict.cause)
    logout_.settle(work, logout, step, verdict)
    return verdict


def _sent(letters: Mapping[str, Letter], post: Post, seconds: float) -> dict[str, Reply]:
    """Post all *letters* at the same time; return what was answered within *seconds*."""
    answers: Queue[tuple[str, Reply]] = Queue()

    def send(step_id: str, letter: Letter) -> None:
        answers.put((step_id, post(letter)))

    for step_id, letter in letters.items():
        threading.Thread(target=send, args=(step_id, letter), name="logout", daemon=True).start()
    until = clock.monotonic() + seconds
    replies: dict[str, Reply] = {}
    while len(replies) < len(letters):
        try:
            step_id, reply = answers.get(timeout=max(0.0, until - clock.monotonic()))
        except Empty:
            break
        replies[step_id] = reply
    return replies
