"""
The dispatcher: what a person does next. Pure and total; pages never send to one another.

Order: cancelled, first step, the organization's demand (its authentication policy, and its access policy for
sessions), new password where one is due, keep the session, allowed, the application's demand (its access policy,
and its own), consent, done.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from idp.base.values import quickly_made
from idp.policy.access.outcome import ALLOWED, Allowed, Denied, Outcome
from idp.policy.signon import (
    ENROLLABLE,
    FIRST_STEPS,
    STRONG_SECOND_STEPS,
    WEAK,
    Decision,
    Method,
    Proof,
    SecondStep,
    SignOnPolicy,
    both,
    counting,
    decide,
    meets,
    strength,
)
from idp.signon.request import Refusal, SignOnRequest

_OF_ONES_OWN = STRONG_SECOND_STEPS - {Method.TEMPORARY_PASS}
ENROL_WITHIN = timedelta(minutes=5)


@quickly_made
@dataclass(frozen=True, slots=True)
class Facts:
    """
    What the dispatcher judges by.

    Args:
        account_id: who is signing in, or has a session; None while nobody is known.
        proofs: what this person has proven in this browser, in the session or in this sign-on.
        unsaved: some of the proofs are not yet in a session.
        second_steps: what this account can prove as a second step now, as its policy allows.
        allowed: an access grant holds (always so for our own pages).
        consent_missing: the application asks for something that was not agreed to.
        session_access: what the organization's access policy for sessions says.
        application_access: what the access policy of the application says.
        new_password: why a new password is due before anything else; empty: none is.
        put_off: the person has put off setting up a second step in this sign-on.
        grace_used: how often they have done so.
        access_context: what the access policies were asked with, as the attempt records it; nothing is decided by it.
    """

    now: datetime
    cancelled: bool
    account_id: str | None
    proofs: tuple[Proof, ...]
    unsaved: bool
    policy: SignOnPolicy
    second_steps: frozenset[Method]
    allowed: bool
    consent_missing: bool
    session_access: Outcome = ALLOWED
    application_access: Outcome = ALLOWED
    new_password: str = ""
    put_off: bool = False
    grace_used: int = 0
    access_context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_second_step(self) -> bool:
        """Whether there is one of the person's own; a code by e-mail is everybody's, and a temporary pass is lent."""
        return bool(self.second_steps & _OF_ONES_OWN)

    @property
    def judged_by(self) -> SignOnPolicy:
        """The policy as it counts here: a new sign-in is in grace while it may be put off, or was in this very one."""
        return self.policy.anew() if self.unsaved and not self.put_off else self.policy


@dataclass(frozen=True, slots=True)
class AskFirstStep:
    """Show the page with e-mail address and password, and what stands in for the password."""


@dataclass(frozen=True, slots=True)
class AskSecondStep:
    """Ask for a second step: any of *methods*."""

    methods: frozenset[Method]


@dataclass(frozen=True, slots=True)
class EnrolSecondStep:
    """A second step is demanded and there is none that will do: set up one of *methods*."""

    methods: frozenset[Method]
    may_put_off: bool = False


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """The password must be changed before anything else. *why*: see `Facts.new_password`."""

    why: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """What the organization asks is proven: put it into a session, then ask again."""


@dataclass(frozen=True, slots=True)
class AskConsent:
    """Ask whether the application may have what it asks for."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The sign-on ends without success. ``text`` is what a rule tells the person, ``rule`` which one it was."""

    refusal: Refusal
    text: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Complete:
    """Everything asked is proven and allowed."""


Step = AskFirstStep | AskSecondStep | EnrolSecondStep | ChangePassword | OpenSession | AskConsent | Refuse | Complete


def next_step(request: SignOnRequest, facts: Facts) -> Step:
    """Return the next step of the sign-on that *request* began."""
    return judged(request, facts)[0]


def judged(request: SignOnRequest, facts: Facts) -> tuple[Step, Decision]:
    """Return the next step of the sign-on that *request* began, and the decision that it follows (`decision`)."""
    asked_in_all = decision(request, facts)
    return _next_step(request, facts, asked_in_all), asked_in_all


def _next_step(request: SignOnRequest, facts: Facts, asked_in_all: Decision) -> Step:
    if facts.cancelled:
        return Refuse(Refusal.CANCELLED)
    if request.unattainable:
        return Refuse(Refusal.CONTEXT_UNMET)
    proofs = usable(request, facts)
    if strength(frozenset({proof.method for proof in proofs}), weak=True) is None:
        return Refuse(Refusal.LOGIN_REQUIRED) if request.passive else AskFirstStep()
    if request.account_hint and request.account_hint != facts.account_id:
        return Refuse(Refusal.LOGIN_REQUIRED if request.passive else Refusal.WRONG_ACCOUNT)
    if isinstance(facts.session_access, Denied):
        return _denied(facts.session_access)
    wanted = session_decision(facts)
    if not meets(wanted, proofs, facts.now):
        return Refuse(Refusal.LOGIN_REQUIRED) if request.passive else _further_step(facts, wanted, proofs, asked_in_all)
    if facts.new_password:
        return Refuse(Refusal.LOGIN_REQUIRED) if request.passive else ChangePassword(facts.new_password)
    if facts.unsaved:
        can_be_set_up = _best_to_set_up(facts, proofs, asked_in_all)
        offer = _due_after_pass(facts, proofs, can_be_set_up) or _offered(facts, can_be_set_up)
        return (None if request.passive else offer) or OpenSession()
    if not facts.allowed:
        return Refuse(Refusal.NOT_ALLOWED)
    if isinstance(facts.application_access, Denied):
        return _denied(facts.application_access)
    if not meets(asked_in_all, proofs, facts.now):
        if request.passive:
            return Refuse(Refusal.CONTEXT_UNMET)
        return _further_step(facts, asked_in_all, proofs, asked_in_all)
    if facts.consent_missing:
        return Refuse(Refusal.CONSENT_REQUIRED) if request.passive else AskConsent()
    return Complete()


def usable(request: SignOnRequest, facts: Facts) -> tuple[Proof, ...]:
    """
    Return the proofs that count: all that the policy allows, only fresh ones where forced, only young
    ones with a greatest age.
    """
    allowed = facts.policy.methods
    return tuple(
        [
            proof
            for proof in facts.proofs
            if proof.method in allowed
            and (proof.fresh or not request.force)
            and (proof.fresh or request.max_age is None or facts.now - proof.at <= request.max_age)
        ]
    )


def session_decision(facts: Facts) -> Decision:
    """Return what the organization asks for: its authentication policy, and its access policy for sessions."""
    own = decide(facts.judged_by, has_second_step=facts.has_second_step, asked=None)
    return _with_access(own, facts.session_access)


def decision(request: SignOnRequest, facts: Facts) -> Decision:
    """Return what the organization's policies, the application's access policy and the application ask for together."""
    asked = None if request.asked_if_possible and _out_of_reach(request, facts) else request.asked
    own = decide(facts.judged_by, has_second_step=facts.has_second_step, asked=asked)
    return _with_access(_with_access(own, facts.session_access), facts.application_access)


def denial(facts: Facts) -> Denied | None:
    """Return the denial of the access policies, if there is one: that for sessions comes first."""
    for outcome in (facts.session_access, facts.application_access):
        if isinstance(outcome, Denied):
            return outcome
    return None


def _out_of_reach(request: SignOnRequest, facts: Facts) -> bool:
    """Whether the person would have to set something up first for what the application asks."""
    reached = strength(frozenset({Method.PASSWORD}) | (facts.second_steps & STRONG_SECOND_STEPS))
    return request.asked is not None and (reached is None or reached < request.asked)


def _with_access(own: Decision, access: Outcome) -> Decision:
    return both(own, access.requires) if isinstance(access, Allowed) and access.requires is not None else own


def _denied(by: Denied) -> Refuse:
    return Refuse(Refusal.DENIED, by.text, by.rule)


def _best_to_set_up(facts: Facts, proofs: tuple[Proof, ...], later: Decision) -> frozenset[Method]:
    """Return what can be set up: what does for all that will be asked for as well, where there is such."""
    methods = ENROLLABLE & facts.policy.methods
    return _that_would_do(later, frozenset(proof.method for proof in proofs), methods) or methods


def _due_after_pass(facts: Facts, proofs: tuple[Proof, ...], methods: frozenset[Method]) -> EnrolSecondStep | None:
    """
    A temporary pass lets a person in once, to set up a second step of their own where they must have one: until
    they have, there is no session that lives on what is used up.
    """
    came_by_pass = any(proof.method is Method.TEMPORARY_PASS and proof.fresh for proof in proofs)
    if not came_by_pass or facts.second_steps & ENROLLABLE or facts.policy.second_step is not SecondStep.REQUIRED:
        return None
    if facts.put_off and facts.judged_by.in_grace:
        return None
    return EnrolSecondStep(methods, may_put_off=facts.judged_by.in_grace) if methods else None


def _offered(facts: Facts, methods: frozenset[Method]) -> EnrolSecondStep | None:
    """In the days of grace a second step is offered, and may be put off."""
    if not facts.judged_by.in_grace or facts.has_second_step or facts.put_off or not methods:
        return None
    return EnrolSecondStep(methods, may_put_off=True)


def _further_step(facts: Facts, wanted: Decision, proofs: tuple[Proof, ...], later: Decision) -> Step:
    """*later* is what else will be asked for: of what can be set up, only that is offered which does for both."""
    young = counting(wanted, proofs, facts.now)
    methods = frozenset(proof.method for proof in young)
    if strength(methods, weak=True) is None:
        return AskFirstStep()
    missing = _that_would_do(wanted, methods, facts.second_steps)
    if missing:
        return AskSecondStep(missing)
    if not _is_recent(FIRST_STEPS, proofs, facts.now):
        return AskFirstStep()
    if facts.has_second_step and not _is_recent(STRONG_SECOND_STEPS, proofs, facts.now):
        # A11: whoever has a second step proves it before adding another one.
        return AskSecondStep(facts.second_steps & STRONG_SECOND_STEPS)
    can_be_set_up = _that_would_do(wanted, methods, ENROLLABLE & facts.policy.methods)
    does_for_both = _that_would_do(later, methods, can_be_set_up)
    return (
        EnrolSecondStep(does_for_both or can_be_set_up)
        if can_be_set_up
        else Refuse(Refusal.CONTEXT_UNMET, rule=wanted.rule)
    )


def _that_would_do(wanted: Decision, have: frozenset[Method], among: frozenset[Method]) -> frozenset[Method]:
    """Return the methods of *among* that bring *wanted* nearer: what is missing by name first, then by strength."""
    usable_here = frozenset(method for method in among - have if method not in WEAK or wanted.weak_suffices)
    missing = next((group for group in wanted.any_of if not have & group), None)
    if missing is not None:
        return usable_here & missing
    return frozenset(method for method in usable_here if _strong_enough(wanted, have | {method}))


def _strong_enough(wanted: Decision, methods: frozenset[Method]) -> bool:
    reached = strength(methods, weak=wanted.weak_suffices)
    return reached is not None and reached >= wanted.required


def _is_recent(steps: frozenset[Method], proofs: tuple[Proof, ...], now: datetime) -> bool:
    """Whoever finds a browser signed in cannot set up a second step of their own with it (A11)."""
    return any(proof.method in steps and (proof.fresh or now - proof.at <= ENROL_WITHIN) for proof in proofs)
