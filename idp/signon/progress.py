"""What the sign-in pages do with a sign-on in progress: look at it, prove something, open the session."""

from dataclasses import dataclass, replace

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import SignInFailed, SignOnRefused
from idp.audit.log import record
from idp.base.texts import phrase
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.directory.policies import AuthenticationFacts
from idp.settings import ThrottlingSettings
from idp.signon import break_glass, devices, door, flow, history, lockout, notices, pending, trials
from idp.signon import facts as facts_
from idp.signon import session as session_
from idp.signon.flow import Facts, Refuse, Step
from idp.signon.pending import Pending
from idp.signon.request import Refusal, SignOnRequest
from idp.signon.session import CurrentSession

_LIMITS = ThrottlingSettings()
NOT_PROVEN = "not-proven"  # the code of a step that did not match or had to wait; the attempt itself goes on


@quickly_made
@dataclass(frozen=True, slots=True)
class Progress:
    """
    A sign-on as it stands for this browser now.

    Args:
        devices: what the browser's device cookie is to hold from now on; empty: as it is.
    """

    row: Pending
    request: SignOnRequest
    facts: Facts
    policy: AuthenticationFacts
    step: Step
    session: CurrentSession | None
    devices: str = ""


def look(work: Work, handle: str, *, browser: str, session: CurrentSession | None) -> Progress:
    """
    Return the sign-on of *handle* and its next step.

    Raises:
        SignOnLost: unknown, expired, used, or of another browser.
    """
    row = pending.find(work, handle, browser)
    return _look(work, row, session)


def again(work: Work, progress: Progress, *, session: CurrentSession | None) -> Progress:
    """Return the same sign-on as it stands after something was proven in it."""
    return _look(work, progress.row, session)


def _look(work: Work, row: Pending, session: CurrentSession | None) -> Progress:
    request = SignOnRequest.from_json(row.request)
    if session is not None and session.organization_id != request.organization_id:
        session = None
    facts, policy = facts_.gather(work, request, session, row)
    return Progress(row, request, facts, policy, flow.next_step(request, facts), session)


def open_session(
    work: Work, progress: Progress, *, held: CurrentSession | None, limits: ThrottlingSettings = _LIMITS
) -> tuple[str, Progress]:
    """
    Put what was proven into a session; return the cookie's new token and the sign-on as it then stands.

    The device is noted, and so is the sign-in in the person's history.

    Args:
        held: the session this browser has now, of whatever organization; renewed or ended.
    """
    trail = trail_of(work, progress)
    organization_id, account_id = progress.request.organization_id, progress.facts.account_id
    assert account_id is not None
    assert progress.row.account_epoch is not None
    proofs = pending.proofs(progress.row)
    noted = devices.note(
        work,
        organization_id,
        account_id,
        epoch=progress.row.account_epoch,
        proofs=proofs,
        remember_days=progress.policy.known_device_days if progress.row.remember_device else 0,
    )
    if noted.new and not noted.first:
        notices.notify(work, organization_id=organization_id, account_id=account_id, kind=notices.NEW_DEVICE, facts={})
    token, current = session_.start(
        work,
        organization_id=organization_id,
        account_id=account_id,
        epoch=progress.row.account_epoch,
        proofs=proofs,
        policy=progress.policy,
        attempt_id=trail.id,
        replaces=held,
        device_id=noted.device_id,
    )
    pending.put_into_session(work, progress.row, current.id)
    methods = frozenset(proof.method for proof in proofs)
    lockout.helped(work, account_id, methods, limits)
    history.succeeded(
        work,
        organization_id,
        account_id,
        methods=tuple(proof.method.value for proof in proofs),
        device_id=noted.device_id,
        attempt_id=trail.id,
        session_id=current.id,
    )
    trials.signed_in(work, progress.request, current, proofs)
    trail.passed("session", methods=[proof.method.value for proof in progress.facts.proofs])
    if not progress.request.application_id:
        trail.succeeded()
    door.note(trail, progress.request, progress.facts, flow.decision(progress.request, progress.facts))
    attempts.save(work, trail)
    return token, replace(_look(work, progress.row, current), devices=noted.cookie)


def failed(
    work: Work, progress: Progress, method: str, cause: str, *, account_id: str | None = None, tried: bool = True
) -> None:
    """
    Record that a factor was not proven, of whom if that is known; the sign-on goes on.

    Args:
        tried: something was compared; False where the try had to wait, which is nothing for the person's history.
    """
    trail = trail_of(work, progress)
    whose = account_id or progress.row.account_id or ""
    if whose and tried:
        organization_id = progress.request.organization_id
        device = devices.find(work, organization_id, whose)
        history.failed(
            work,
            organization_id,
            whose,
            method=method,
            attempt_id=trail.id,
            device_id="" if device is None else device.id,
        )
    trail.steps.append(
        {"step": method, "state": "failed", "code": NOT_PROVEN, **attempts.kept(cause), "at": work.now.isoformat()}
    )
    attempts.save(work, trail)
    record(
        work,
        SignInFailed(
            organization_id=progress.request.organization_id,
            target_id=whose,
            attempt_id=trail.id,
            method=method,
            cause=cause,
        ),
    )
    if whose and tried:
        break_glass.tried(work, progress.request.organization_id, whose, method, cause, trail.id)


def passed(work: Work, progress: Progress, method: str) -> None:
    """Record in the attempt that a factor was proven."""
    trail = trail_of(work, progress)
    trail.passed(method, at=work.now.isoformat())
    attempts.save(work, trail)


def refused(work: Work, progress: Progress, refusal: Refusal) -> None:
    """Record, once, that the sign-on ends on a page of ours with a refusal."""
    if not pending.end_refused(work, progress.row, refusal.value):
        return
    trail = trail_of(work, progress)
    door.note(trail, progress.request, progress.facts, flow.decision(progress.request, progress.facts))
    trail.failed("access", refusal.value, _cause(progress, refusal))
    attempts.save(work, trail)
    record(
        work,
        SignOnRefused(
            organization_id=progress.request.organization_id,
            target_id=progress.facts.account_id or "",
            attempt_id=trail.id,
            code=refusal.value,
        ),
    )


def _cause(progress: Progress, refusal: Refusal) -> str:
    if refusal is Refusal.DENIED and isinstance(progress.step, Refuse):
        return phrase("%(rule)s: denied", rule=progress.step.rule)
    return _CAUSES.get(refusal, refusal.value)


def trail_of(work: Work, progress: Progress) -> Trail:
    """Return the attempt that this sign-on is."""
    found = attempts.load(work, progress.row.attempt_id)
    return found if found is not None else Trail(kind="sign-in", id=progress.row.attempt_id)


_CAUSES = {
    Refusal.NOT_ALLOWED: phrase(
        "no access grant of this application holds for the account, or the application is disabled"
    ),
    Refusal.WRONG_ACCOUNT: phrase("the application asked for another account than the one that signed in"),
}
