"""
What a person hands in on a sign-in page: checked, counted, recorded and put beside the sign-on.

Outcomes are values, so that a wrong try commits its counters. Each verb works on a `Progress`
whose next step is the one that the person answered; the page looks before it calls.
"""

from dataclasses import dataclass

from idp.base.work import Work
from idp.directory.attributes import attributes_of
from idp.directory.models import Account
from idp.directory.policies import release_levels
from idp.policy.release import released
from idp.policy.signon import Method
from idp.settings import ThrottlingSettings
from idp.signon import consent, lockout, pending
from idp.signon import progress as progress_
from idp.signon.factors import password as password_
from idp.signon.factors import recovery as recovery_
from idp.signon.factors import totp
from idp.signon.factors.totp import Right, Wrong
from idp.signon.lockout import Wait
from idp.signon.progress import Progress


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A second step was set up; the recovery codes can be shown now and never again."""

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
    work: Work, progress: Progress, attempt: password_.Try, *, right: bool, rehashed: str | None
) -> None:
    """Write what came of a reserved try: the proof if it was *right*, else the cause for the administrator."""
    organization_id = progress.request.organization_id
    if not right or attempt.account_id is None:
        progress_.failed(work, progress, Method.PASSWORD.value, _why_not(attempt), account_id=attempt.account_id)
        return
    lockout.succeeded(work, attempt.reserved)
    if rehashed is not None:
        password_.store(work, work.tx.session.get_one(Account, (organization_id, attempt.account_id)), rehashed)
    pending.prove(work, progress.row, Method.PASSWORD, account_id=attempt.account_id, epoch=attempt.epoch)
    progress_.passed(work, progress, Method.PASSWORD.value)


def code(work: Work, progress: Progress, typed: str, limits: ThrottlingSettings) -> Right | Wrong | lockout.Wait:
    """Try the code of an authenticator app as the second step of this sign-on."""
    organization_id, account_id = progress.request.organization_id, _account_id(progress)
    outcome = totp.verify(work, organization_id, account_id, typed, limits)
    _settle_second_step(work, progress, Method.TOTP, outcome)
    return outcome


def recovery_code(
    work: Work, progress: Progress, typed: str, limits: ThrottlingSettings
) -> Right | Wrong | lockout.Wait:
    """Try a recovery code in place of the second step of this sign-on (A20)."""
    organization_id, account_id = progress.request.organization_id, _account_id(progress)
    outcome = recovery_.use(work, organization_id, account_id, typed, limits)
    _settle_second_step(work, progress, Method.RECOVERY_CODE, outcome)
    return outcome


def offered_secret(work: Work, progress: Progress) -> bytes:
    """Return the secret that is offered to an authenticator app in this sign-on, each time the same."""
    return totp.enrolment_secret(work.tx.vault, f"{progress.row.id}:{_account_id(progress)}")


def enrol(work: Work, progress: Progress, typed: str, *, name: str) -> Enrolled | Wrong:
    """
    Set up the account's first authenticator with the offered secret, if *typed* is a code of it.

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
    factor = totp.enrol(work, account, secret, name=name)
    totp.use_first_code(work, factor, digits)
    codes = recovery_.make(work, account) if Method.RECOVERY_CODE in progress.facts.policy.methods else []
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


def _account_id(progress: Progress) -> str:
    assert progress.facts.account_id is not None  # the dispatcher asks for nothing more of nobody
    return progress.facts.account_id


def _why_not(attempt: password_.Try) -> str:
    if attempt.account_id is None:
        return "no account of that e-mail address, or it has no password"
    return "the account is disabled" if attempt.disabled else "wrong password"


def _throttled(wait: lockout.Wait) -> str:
    return "stopped after too many wrong tries" if wait.stopped else f"throttled: {wait.seconds} s to wait"
