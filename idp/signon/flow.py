"""
The dispatcher: what a person does next. Pure and total; pages never send to one another.

Order: cancelled, sign in, second step of the organization's policy, keep the session,
allowed, second step of the application, consent, done.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.policy.signon import Decision, Method, SignOnPolicy, decide, strength
from idp.signon.request import Proof, Refusal, SignOnRequest

ENROL_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What the dispatcher judges by.

    Args:
        account_id: who is signing in, or has a session; None while nobody is known.
        proofs: what this person has proven in this browser, in the session or in this sign-on.
        unsaved: some of the proofs are not yet in a session.
        allowed: an access grant holds (always so for our own pages).
        consent_missing: the application asks for something that was not agreed to.
    """

    now: datetime
    cancelled: bool
    account_id: str | None
    proofs: tuple[Proof, ...]
    unsaved: bool
    policy: SignOnPolicy
    has_second_step: bool
    allowed: bool
    consent_missing: bool


@dataclass(frozen=True, slots=True)
class AskPassword:
    """Show the page with e-mail address and password."""


@dataclass(frozen=True, slots=True)
class AskCode:
    """Ask for the second step."""


@dataclass(frozen=True, slots=True)
class EnrolSecondStep:
    """A second step is demanded and there is none: set one up."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """What the organization's policy asks is proven: put it into a session, then ask again."""


@dataclass(frozen=True, slots=True)
class AskConsent:
    """Ask whether the application may have what it asks for."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The sign-on ends without success."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Complete:
    """Everything asked is proven and allowed."""


Step = AskPassword | AskCode | EnrolSecondStep | OpenSession | AskConsent | Refuse | Complete


def next_step(request: SignOnRequest, facts: Facts) -> Step:
    """Return the next step of the sign-on that *request* began."""
    if facts.cancelled:
        return Refuse(Refusal.CANCELLED)
    if request.unattainable:
        return Refuse(Refusal.CONTEXT_UNMET)
    have = strength(frozenset(proof.method for proof in usable(request, facts)))
    if have is None:
        return Refuse(Refusal.LOGIN_REQUIRED) if request.passive else AskPassword()
    if request.account_hint and request.account_hint != facts.account_id:
        return Refuse(Refusal.LOGIN_REQUIRED if request.passive else Refusal.WRONG_ACCOUNT)
    if have < _policy_decision(facts).required:
        return Refuse(Refusal.LOGIN_REQUIRED) if request.passive else _second_step(facts)
    if facts.unsaved:
        return OpenSession()
    if not facts.allowed:
        return Refuse(Refusal.NOT_ALLOWED)
    if have < decision(request, facts).required:
        return Refuse(Refusal.CONTEXT_UNMET) if request.passive else _second_step(facts)
    if facts.consent_missing:
        return Refuse(Refusal.CONSENT_REQUIRED) if request.passive else AskConsent()
    return Complete()


def usable(request: SignOnRequest, facts: Facts) -> tuple[Proof, ...]:
    """Return the proofs that count: all, only fresh ones where forced, only young ones with a greatest age."""
    return tuple(
        proof
        for proof in facts.proofs
        if (proof.fresh or not request.force)
        and (proof.fresh or request.max_age is None or facts.now - proof.at <= request.max_age)
    )


def decision(request: SignOnRequest, facts: Facts) -> Decision:
    """Return what the policy and the application together ask for."""
    out_of_reach = request.asked_if_possible and not facts.has_second_step
    asked = None if out_of_reach else request.asked
    return decide(facts.policy, has_second_step=facts.has_second_step, asked=asked)


def _policy_decision(facts: Facts) -> Decision:
    return decide(facts.policy, has_second_step=facts.has_second_step, asked=None)


def _second_step(facts: Facts) -> Step:
    if facts.has_second_step:
        return AskCode()
    return EnrolSecondStep() if _password_is_recent(facts) else AskPassword()


def _password_is_recent(facts: Facts) -> bool:
    """Whoever finds a browser signed in cannot set up a second step of their own with it (A11)."""
    return any(
        proof.method is Method.PASSWORD and (proof.fresh or facts.now - proof.at <= ENROL_WITHIN)
        for proof in facts.proofs
    )
