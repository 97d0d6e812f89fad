"""
What people change on their own account: password, second step, recovery codes, sessions.

The door asks for a password proof of the last five minutes before it calls what is sensitive
(`recently_proven`); changing the password asks for the current one instead.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory.models import Account
from idp.directory.policies import AuthenticationFacts, authentication_policy
from idp.policy import passwords
from idp.policy.signon import FIRST_STEPS, PHISHING_RESISTANT, STRONG_SECOND_STEPS, Method, Proof, SecondStep
from idp.settings import ThrottlingSettings
from idp.signon import lockout, notices
from idp.signon import session as session_
from idp.signon.factors import enrolled, passkey, recovery, totp
from idp.signon.factors import password as password_
from idp.signon.models import Authenticator, Password, SignOnSession, TotpFactor
from idp.signon.session import CurrentSession

RECENT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SignInMeans:
    """
    How a person signs in, as the account page shows it.

    ``password_expires_at`` is None unless a new password is due within two weeks.
    """

    password_changed_at: datetime | None
    password_minimum: int
    password_expires_at: datetime | None
    second_step_required: bool
    authenticators: tuple[TotpFactor, ...]
    recovery_codes_left: int
    passkeys: tuple[Authenticator, ...]
    may_add_passkey: bool
    own_second_steps: int
    allowed: frozenset[Method] = frozenset(Method)

    def allows(self, method: str) -> bool:
        """Say whether the policy allows *method* (what it does not allow is not shown)."""
        return method in self.allowed

    @property
    def may_remove_authenticator(self) -> bool:
        return self.own_second_steps > 1 or not self.second_step_required


def recently_proven(work: Work, session: CurrentSession) -> bool:
    """
    Say whether a first step was proven within the last five minutes (ASVS 7.5.1), and a strong second step as
    lately where there is one: neither a stolen password nor a remembered device adds a second step.
    """
    allowed = authentication_policy(work, session.organization_id, session.policy_id).methods
    recent = {proof.method for proof in session.methods if proof.method in allowed and work.now - proof.at <= RECENT}
    if not recent & FIRST_STEPS:
        return False
    return bool(recent & STRONG_SECOND_STEPS) or not has_second_step(work, session)


def has_second_step(work: Work, session: CurrentSession) -> bool:
    """Say whether the person has set up a second step, of those that may be used."""
    allowed = authentication_policy(work, session.organization_id, session.policy_id).methods
    return enrolled.exists(work, session.organization_id, session.account_id, allowed)


def means(work: Work, session: CurrentSession) -> SignInMeans:
    """Return how the person of *session* signs in."""
    policy = authentication_policy(work, session.organization_id, session.policy_id)
    row = work.tx.session.get(Password, (session.organization_id, session.account_id))
    return SignInMeans(
        password_changed_at=None if row is None else row.changed_at,
        password_minimum=policy.password_rules.minimum,
        password_expires_at=None if row is None else _expires_soon(work, row, policy),
        second_step_required=policy.second_step is SecondStep.REQUIRED,
        authenticators=tuple(totp.factors(work, session.organization_id, session.account_id)),
        recovery_codes_left=recovery.left(work, session.organization_id, session.account_id),
        allowed=policy.methods,
        passkeys=tuple(passkey.of_account(work, session.organization_id, session.account_id)),
        may_add_passkey=bool(policy.methods & PHISHING_RESISTANT),
        own_second_steps=enrolled.count(work, session.organization_id, session.account_id, policy.methods),
    )


def try_current_password(
    work: Work, session: CurrentSession, limits: ThrottlingSettings
) -> password_.Try | lockout.Wait:
    """Reserve a try of the current password. Commit before hashing."""
    return password_.begin(work, session.organization_id, session.email, limits)


def propose_password(work: Work, session: CurrentSession, wanted: str) -> password_.Proposed | password_.Unfit:
    """Check *wanted* as this person's new password. Commit before `password.computed`."""
    return password_.propose(work, session.account_id, wanted, organization_id=session.organization_id)


def judge_password(work: Work, session: CurrentSession, typed: str) -> password_.Judgement:
    """Return what there is to say of *typed* as this person's new password, while it is typed."""
    return password_.judge(work, _account(work, session), typed)


def give_back(work: Work, attempt: password_.Try) -> None:
    """The current password was right, though nothing was changed: it counts as no wrong try."""
    lockout.succeeded(work, attempt.reserved)


def change_password(work: Work, session: CurrentSession, attempt: password_.Try, new: password_.Computed) -> str:
    """
    Set a new password after the current one was proven; return the token of a new session.

    Every sign-on of the account ends. This browser's goes on in a new session, which knows
    the password as just proven and the other steps as they were.

    Raises:
        Conflict: the account's credentials have changed since the password was proposed.
    """
    account = password_.settle_new(work, new)
    lockout.succeeded(work, attempt.reserved)
    session_.end(work, session.organization_id, session.id, because="password changed")
    trail = _trail(session, "password-change")
    trail.passed("password", at=work.now.isoformat())
    trail.succeeded()
    attempts.save(work, trail)
    kept = tuple(proof for proof in session.methods if proof.method is not Method.PASSWORD)
    token, _ = session_.start(
        work,
        organization_id=session.organization_id,
        account_id=session.account_id,
        epoch=account.epoch,
        proofs=(Proof(Method.PASSWORD, work.now), *kept),
        policy=authentication_policy(work, session.organization_id, session.policy_id),
        attempt_id=trail.id,
        replaces=None,
        device_id=session.device_id,
    )
    return token


def offered_secret(work: Work, session: CurrentSession) -> bytes:
    """
    Return the secret that is offered to a further authenticator app.

    The same each time it is asked for in one session, another one once an authenticator was added.
    """
    known = ",".join(factor.id for factor in totp.factors(work, session.organization_id, session.account_id))
    return totp.enrolment_secret(work.tx.vault, f"{session.id}:{session.account_id}:{known}")


def add_authenticator(work: Work, session: CurrentSession, typed: str, *, name: str) -> tuple[str, ...] | None:
    """
    Add an authenticator with the offered secret if *typed* is a code of it; None if it is not.

    Returns the recovery codes that were made with the first one; none with a further one.

    Raises:
        Conflict: there are as many as there may be, or the policy does not allow them.
        Invalid: the name cannot be used.
    """
    check_allowed(work, session, Method.TOTP)
    secret = offered_secret(work, session)
    digits = "".join(typed.split())
    if totp.matching_step(secret, digits, work.now) is None:
        return None
    first = not enrolled.exists(work, session.organization_id, session.account_id)
    factor = totp.add(work, session.account_id, secret, organization_id=session.organization_id, name=name)
    totp.use_first_code(work, factor, digits)
    if not first or not may_use(work, session, Method.RECOVERY_CODE):
        return ()
    return tuple(recovery.make(work, _account(work, session)))


def authenticator(work: Work, session: CurrentSession, factor_id: str) -> TotpFactor:
    """
    Raises:
        NotFound: the person has no such authenticator.
    """
    own = totp.factors(work, session.organization_id, session.account_id)
    found = next((factor for factor in own if factor.id == factor_id), None)
    if found is None:
        raise NotFound("There is no such authenticator.", advice="Look at your account again.")
    return found


def remove_authenticator(work: Work, session: CurrentSession, factor_id: str) -> None:
    """
    Remove one of the person's authenticators. Every other sign-on ends: one that was opened with it would go on (A24).

    Raises:
        NotFound: the person has no such authenticator.
        Conflict: it is the last one, and the organization requires a second step.
    """
    policy = authentication_policy(work, session.organization_id, session.policy_id)
    totp.remove(
        work,
        session.account_id,
        factor_id,
        organization_id=session.organization_id,
        keep_one=policy.second_step is SecondStep.REQUIRED,
    )
    end_other_sessions(work, session, because="second step removed")


def new_recovery_codes(work: Work, session: CurrentSession) -> tuple[str, ...]:
    """
    Make ten new recovery codes; older ones stop working (A20).

    Raises:
        Conflict: the policy does not allow them.
        Invalid: there is no second step that they could stand in for.
    """
    check_allowed(work, session, Method.RECOVERY_CODE)
    if not enrolled.exists(work, session.organization_id, session.account_id):
        raise Invalid("Recovery codes stand in for a second step, and you have none.", advice="Add one first.")
    account = password_.own_or_administered(work, session.account_id, session.organization_id)
    codes = tuple(recovery.make(work, account))
    notices.notify(
        work,
        organization_id=account.organization_id,
        account_id=account.id,
        kind=notices.RECOVERY_CODES_MADE,
        facts={},
    )
    return codes


def sessions(work: Work, session: CurrentSession) -> list[SignOnSession]:
    """Return where the person is signed in, this browser first."""
    found = session_.sessions(work, session.organization_id, session.account_id)
    return sorted(found, key=lambda one: one.id != session.id)


def end_session(work: Work, session: CurrentSession, session_id: str) -> None:
    """
    End one of the person's own sessions.

    Raises:
        NotFound: the person has no such session.
    """
    if session_id not in {one.id for one in sessions(work, session)}:
        raise NotFound("This session is over already.", advice="Look at your account again.")
    session_.end(work, session.organization_id, session_id, because="ended by the person")


def end_other_sessions(work: Work, session: CurrentSession, *, because: str = "ended by the person") -> int:
    """End every session of the person but this one; return how many."""
    others = [one.id for one in sessions(work, session) if one.id != session.id]
    for session_id in others:
        session_.end(work, session.organization_id, session_id, because=because)
    return len(others)


def may_use(work: Work, session: CurrentSession, method: Method) -> bool:
    """Say whether the person's policy allows *method*."""
    return method in authentication_policy(work, session.organization_id, session.policy_id).methods


def check_allowed(work: Work, session: CurrentSession, method: Method) -> None:
    """
    Raises:
        Conflict: the person's policy does not allow *method*, so that it cannot be set up.
    """
    if not may_use(work, session, method):
        raise Conflict(
            "Your organization does not use this way of signing in.",
            advice="Look at your account: it shows what you can use.",
            cause=phrase("the authentication policy does not allow %(value)s", value=method.value),
        )


def _expires_soon(work: Work, row: Password, policy: AuthenticationFacts) -> datetime | None:
    expires = passwords.expires_at(row.changed_at, policy.password_rules.maximum_days)
    return expires if expires is not None and expires - work.now <= passwords.WARN_BEFORE else None


def _account(work: Work, session: CurrentSession) -> Account:
    return work.tx.session.get_one(Account, (session.organization_id, session.account_id))


def _trail(session: CurrentSession, kind: str) -> Trail:
    return Trail(kind=kind, organization_id=session.organization_id, account_id=session.account_id)
