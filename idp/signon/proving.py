"""
What a person hands in on a sign-in page: checked, counted, recorded and put beside the sign-on.

Outcomes are values, so that a wrong try commits its counters. Each verb works on a `Progress`
whose next step is the one that the person answered; the page looks before it calls.
"""

from dataclasses import dataclass, replace

from idp.audit.events import BreachedPasswordFound
from idp.audit.log import record
from idp.base.errors import Conflict
from idp.base.texts import phrase
from idp.base.work import Actor, Work
from idp.directory.attributes import attributes_of
from idp.directory.models import Account
from idp.directory.policies import authentication_policy, release_levels
from idp.policy.release import released
from idp.policy.signon import Method, Strength
from idp.settings import ThrottlingSettings
from idp.signon import break_glass, consent, devices, flow, lockout, pending
from idp.signon import progress as progress_
from idp.signon.factors import email_code as email_code_
from idp.signon.factors import enrolled, temporary_pass, totp
from idp.signon.factors import password as password_
from idp.signon.factors import recovery as recovery_
from idp.signon.factors.password import Judgement
from idp.signon.factors.totp import Right, Wrong
from idp.signon.lockout import Wait
from idp.signon.progress import Progress

_NO_PASS = phrase("no temporary pass of the account, or one that was used, taken back, too early or too late")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A second step was set up; the recovery codes that come with the first one can be shown now and never again."""

    account_id: str
    recovery_codes: tuple[str, ...]


def try_password(
    work: Work, progress: Progress, typed_email: str, limits: ThrottlingSettings
) -> password_.Try | lockout.Wait:
    """Reserve a try of a password in this sign-on; a throttled one is recorded. Commit before hashing."""
    attempt = password_.begin(work, progress.request.organization_id, typed_email, limits)
    if isinstance(attempt, Wait):
        progress_.failed(work, progress, Method.PASSWORD.value, _throttled(attempt), tried=False)
    return attempt


def settle_password(
    work: Work, progress: Progress, attempt: password_.Try, *, right: bool, rehashed: str | None, listed: bool = False
) -> None:
    """
    Write what came of a reserved try: the proof if it was *right*, else the cause for the administrator.

    Args:
        rehashed: takes the place of the stored hash.
        listed: the password is on the list of breached ones, so that a new one is due (NIST SP 800-63B-4 section 3.1.1.2).
    """
    organization_id = progress.request.organization_id
    if not right or attempt.account_id is None:
        progress_.failed(work, progress, Method.PASSWORD.value, _why_not(attempt), account_id=attempt.account_id)
        if attempt.reserved.last and attempt.account_id is not None:
            lockout.stopped(work, organization_id, attempt.account_id, Method.PASSWORD)
        return
    lockout.succeeded(work, attempt.reserved)
    if rehashed is not None:
        password_.upgrade(work, organization_id, attempt, rehashed)
    if listed and password_.require_new(work, organization_id, attempt.account_id, password_.BREACHED):
        record(
            work,
            BreachedPasswordFound(
                organization_id=organization_id, target_id=attempt.account_id, attempt_id=progress.row.attempt_id
            ),
        )
    pending.prove(work, progress.row, Method.PASSWORD, account_id=attempt.account_id, epoch=attempt.epoch)
    progress_.passed(work, progress, Method.PASSWORD.value)
    break_glass.began(work, organization_id, attempt.account_id, Method.PASSWORD.value, progress.row.attempt_id)
    _prove_remembered_device(work, progress)


def _prove_remembered_device(work: Work, progress: Progress) -> None:
    """On a device that is remembered the second step counts as proven, as far as a weak one will do (A23)."""
    row, organization_id = progress.row, progress.request.organization_id
    assert row.account_id is not None  # it has just been proven
    assert row.account_epoch is not None
    device = devices.find(work, organization_id, row.account_id)
    if device is None:
        return
    account = work.tx.session.get_one(Account, (organization_id, row.account_id))
    days = authentication_policy(work, organization_id, account.policy_id).known_device_days
    if device.remembered(epoch=row.account_epoch, days=days, now=work.now):
        pending.prove(work, row, Method.KNOWN_DEVICE, account_id=row.account_id, epoch=row.account_epoch)
        progress_.passed(work, progress, Method.KNOWN_DEVICE.value)


def remember_days(progress: Progress) -> int:
    """Return for how many days this device can be remembered; 0 where that would help with nothing."""
    wanted = flow.session_decision(progress.facts)
    helps = wanted.weak_suffices and wanted.required > Strength.PASSWORD
    return progress.policy.known_device_days if helps else 0


def remember_device(work: Work, progress: Progress) -> None:
    """The person wants not to be asked for the second step on this device: so it is when the session is opened."""
    if remember_days(progress):
        pending.remember_device(work, progress.row)


def propose_password(work: Work, progress: Progress, wanted: str) -> password_.Proposed | password_.Unfit:
    """Check the new password that is due in this sign-on. Commit before `password.computed`."""
    return password_.propose(
        _as_themselves(work, progress),
        _account_id(progress),
        wanted,
        organization_id=progress.request.organization_id,
    )


def judge_password(work: Work, progress: Progress, typed: str) -> Judgement:
    """Return what there is to say of *typed* as the new password that is due in this sign-on."""
    account = work.tx.session.get_one(Account, (progress.request.organization_id, _account_id(progress)))
    return password_.judge(work, account, typed)


def change_password(work: Work, progress: Progress, new: password_.Computed) -> None:
    """
    Set the new password that was due. Every session of the account ends, and every known device; this sign-on
    goes on with what was proven in it.

    Raises:
        Conflict: somebody else has signed in here in the meantime, or the account's credentials have changed.
    """
    if new.proposed.account_id != progress.facts.account_id:
        raise Conflict("Two requests of this sign-in met. Go on with whichever was first.")
    account = password_.settle_new(_as_themselves(work, progress), new)
    pending.prove_anew(work, progress.row, Method.PASSWORD, epoch=account.epoch)
    progress_.passed(work, progress, "new-password")


def code(work: Work, progress: Progress, typed: str, limits: ThrottlingSettings) -> Right | Wrong | lockout.Wait:
    """Try the code of an authenticator app as the second step of this sign-on, which has five tries (A8)."""
    organization_id, account_id = progress.request.organization_id, _account_id(progress)
    outcome = _in_challenge(work, progress) or totp.verify(work, organization_id, account_id, typed, limits)
    _settle_second_step(work, progress, Method.TOTP, outcome)
    return outcome


def recovery_code(
    work: Work, progress: Progress, typed: str, limits: ThrottlingSettings
) -> Right | Wrong | lockout.Wait:
    """Try a recovery code in place of the second step of this sign-on (A20)."""
    organization_id, account_id = progress.request.organization_id, _account_id(progress)
    outcome = _in_challenge(work, progress) or recovery_.use(work, organization_id, account_id, typed, limits)
    _settle_second_step(work, progress, Method.RECOVERY_CODE, outcome)
    return outcome


def first_pass(
    work: Work, progress: Progress, typed_email: str, typed: str, limits: ThrottlingSettings
) -> Right | Wrong | lockout.Wait:
    """Try a temporary access pass in place of the password. Same work and words whoever it is (A1, A2)."""
    reserved = lockout.reserve_pass(work, limits)
    if isinstance(reserved, Wait):
        progress_.failed(work, progress, Method.TEMPORARY_PASS.value, _throttled(reserved), tried=False)
        return reserved
    organization_id = progress.request.organization_id
    holder = temporary_pass.holder(work, organization_id, typed_email)
    if not temporary_pass.use(work, organization_id, holder.account_id if holder.may_use else "", typed):
        cause = _why_no_pass(holder)
        progress_.failed(work, progress, Method.TEMPORARY_PASS.value, cause, account_id=holder.account_id)
        return Wrong(cause)
    lockout.succeeded(work, reserved)
    pending.prove(work, progress.row, Method.TEMPORARY_PASS, account_id=holder.account_id, epoch=holder.epoch)
    progress_.passed(work, progress, Method.TEMPORARY_PASS.value)
    break_glass.began(work, organization_id, holder.account_id, Method.TEMPORARY_PASS.value, progress.row.attempt_id)
    return Right()


def second_pass(work: Work, progress: Progress, typed: str, limits: ThrottlingSettings) -> Right | Wrong | lockout.Wait:
    """Try a temporary access pass as the second step of this sign-on."""
    organization_id, account_id = progress.request.organization_id, _account_id(progress)
    reserved = lockout.reserve_pass(work, limits)
    outcome: Right | Wrong | Wait
    if isinstance(reserved, Wait):
        outcome = reserved
    elif temporary_pass.use(work, organization_id, account_id, typed):
        lockout.succeeded(work, reserved)
        outcome = Right()
    else:
        outcome = Wrong(_NO_PASS)
    _settle_second_step(work, progress, Method.TEMPORARY_PASS, outcome)
    return outcome


def _why_no_pass(holder: temporary_pass.Holder) -> str:
    if not holder.account_id:
        return phrase("no account of that e-mail address")
    return _NO_PASS if holder.may_use else phrase("the account is disabled, or its policy takes no temporary passes")


def _in_challenge(work: Work, progress: Progress) -> lockout.Wait | None:
    """Reserve one of the tries of this sign-on; when they are used up, it begins anew with the first step."""
    over = lockout.reserve_in_challenge(work, progress.row.id)
    if over is not None and over.over:
        pending.forget_account(work, progress.row)
    return over


def send_email_code(work: Work, progress: Progress) -> lockout.Wait | None:
    """Mail a code to the address of the account that is signing in, or say how long to wait."""
    waiting = email_code_.send(work, _account(work, progress), progress.row)
    if waiting is not None:
        progress_.failed(
            work, progress, Method.EMAIL_CODE.value, _throttled(waiting), account_id=_account_id(progress), tried=False
        )
    return waiting


def email_code_was_sent(work: Work, progress: Progress) -> bool:
    """Say whether a code for this sign-on is on its way and still good."""
    return email_code_.was_sent(work, progress.row)


def email_code(work: Work, progress: Progress, typed: str, limits: ThrottlingSettings) -> Right | Wrong | lockout.Wait:
    """Try a code by e-mail as the second step of this sign-on."""
    outcome = email_code_.verify(work, _account(work, progress), progress.row, typed, limits)
    _settle_second_step(work, progress, Method.EMAIL_CODE, outcome)
    return outcome


def offered_secret(work: Work, progress: Progress) -> bytes:
    """Return the secret that is offered to an authenticator app in this sign-on, each time the same."""
    return totp.enrolment_secret(work.tx.vault, f"{progress.row.id}:{_account_id(progress)}")


def enrol(work: Work, progress: Progress, typed: str, *, name: str) -> Enrolled | Wrong:
    """
    Set up an authenticator of the account with the offered secret, if *typed* is a code of it.

    The code that confirms it is used up and counts as the second step of this sign-on.

    Raises:
        Conflict: the account has as many authenticators as there may be.
    """
    secret = offered_secret(work, progress)
    digits = "".join(typed.split())
    if totp.matching_step(secret, digits, work.now) is None:
        progress_.failed(work, progress, Method.TOTP.value, "the first code of a new authenticator did not fit")
        return Wrong("the first code did not fit")
    account = work.tx.session.get_one(Account, (progress.request.organization_id, _account_id(progress)))
    first = not enrolled.exists(work, account.organization_id, account.id)
    factor = totp.enrol(work, account, secret, name=name)
    totp.use_first_code(work, factor, digits)
    codes = recovery_.make(work, account) if first and Method.RECOVERY_CODE in progress.facts.policy.methods else []
    _prove(work, progress, Method.TOTP)
    return Enrolled(account.id, tuple(codes))


def agree(work: Work, progress: Progress) -> None:
    """The person lets the application have what it asks for, now and until it is taken back."""
    request = progress.request
    consent.give(work, request.organization_id, _account_id(progress), request.application_id, request.asks)
    pending.consented(work, progress.row)


def would_receive(work: Work, progress: Progress) -> dict[str, tuple[str, ...]]:
    """Return the attributes that would leave for the application if this sign-on completes."""
    request = progress.request
    return released(
        attributes_of(work, request.organization_id, _account_id(progress)),
        release_levels(work, request.organization_id, request.site_id, request.application_id),
    )


def email_of(work: Work, progress: Progress) -> str:
    """Return the e-mail address of the account that is signing in."""
    found = attributes_of(work, progress.request.organization_id, _account_id(progress))
    return found.get("email", ("",))[0]


def recovery_codes_left(work: Work, progress: Progress) -> int:
    """Return how many recovery codes the account that is signing in has left."""
    return recovery_.left(work, progress.request.organization_id, _account_id(progress))


def _as_themselves(work: Work, progress: Progress) -> Work:
    """Who has proven to be somebody acts as that person, also before there is a session."""
    account_id, organization_id = _account_id(progress), progress.request.organization_id
    return replace(work, actor=Actor("account", account_id, email_of(work, progress), organization_id))


def _settle_second_step(work: Work, progress: Progress, method: Method, outcome: Right | Wrong | lockout.Wait) -> None:
    if isinstance(outcome, Right):
        _prove(work, progress, method)
    else:
        tried = isinstance(outcome, Wrong)
        cause = outcome.cause if isinstance(outcome, Wrong) else _throttled(outcome)
        progress_.failed(work, progress, method.value, cause, account_id=_account_id(progress), tried=tried)


def _prove(work: Work, progress: Progress, method: Method) -> None:
    row, session = progress.row, progress.session
    epoch = row.account_epoch
    if row.account_id is None and session is not None:  # a step up from a session that is there already
        epoch = session.account_epoch
    assert epoch is not None
    pending.prove(work, row, method, account_id=_account_id(progress), epoch=epoch)
    progress_.passed(work, progress, method.value)


def _account(work: Work, progress: Progress) -> Account:
    return work.tx.session.get_one(Account, (progress.request.organization_id, _account_id(progress)))


def _account_id(progress: Progress) -> str:
    assert progress.facts.account_id is not None  # the dispatcher asks for nothing more of nobody
    return progress.facts.account_id


def _why_not(attempt: password_.Try) -> str:
    if attempt.account_id is None:
        return phrase("no account of that e-mail address, or it has no password")
    return phrase("the account is disabled") if attempt.disabled else phrase("wrong password")


def _throttled(wait: lockout.Wait) -> str:
    if wait.over:
        return phrase("too many wrong tries in this sign-on: it begins anew")
    return (
        phrase("stopped after too many wrong tries")
        if wait.stopped
        else phrase("throttled: %(seconds)s s to wait", seconds=wait.seconds)
    )
