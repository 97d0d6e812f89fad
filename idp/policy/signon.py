"""
What a sign-on must prove. Pure: recorded context in, decision out.

An authentication policy says what is asked of a person at all; the rules of contextual access
(`policy.access`) and the application can ask for more, never for less.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from idp.base.values import quickly_made


class Method(StrEnum):
    """How something was proven (RFC 8176 names where there is one)."""

    PASSWORD = "pwd"  # noqa: S105 (a method, not a password)
    TOTP = "otp"
    RECOVERY_CODE = "recovery"
    PASSKEY = "passkey"
    """A WebAuthn credential, the person verified by it: two steps in one."""
    SECURITY_KEY = "security-key"
    """A WebAuthn credential that was touched; the person was not verified by it."""
    EMAIL_CODE = "email-code"
    TEMPORARY_PASS = "temporary-pass"  # noqa: S105 (a method, not a pass)
    """A temporary access pass, given by an administrator: two steps in one, once."""
    KNOWN_DEVICE = "known-device"
    """A device on which the second step was proven before, and the person asked not to be asked again."""


FIRST_STEPS = frozenset({Method.PASSWORD, Method.PASSKEY, Method.TEMPORARY_PASS})
SECOND_STEPS = frozenset(
    {
        Method.TOTP,
        Method.RECOVERY_CODE,
        Method.PASSKEY,
        Method.SECURITY_KEY,
        Method.EMAIL_CODE,
        Method.TEMPORARY_PASS,
        Method.KNOWN_DEVICE,
    }
)
WEAK = frozenset({Method.EMAIL_CODE, Method.KNOWN_DEVICE})
"""Second steps that suffice where the authentication policy allows them, and are attested to nobody."""
STRONG_SECOND_STEPS = SECOND_STEPS - WEAK
PHISHING_RESISTANT = frozenset({Method.PASSKEY, Method.SECURITY_KEY})
ENROLLABLE = frozenset({Method.TOTP, Method.PASSKEY, Method.SECURITY_KEY})
"""Second steps that a person sets up while signing in."""
DEFAULT_METHODS = (
    Method.PASSWORD,
    Method.TOTP,
    Method.RECOVERY_CODE,
    Method.PASSKEY,
    Method.SECURITY_KEY,
    Method.TEMPORARY_PASS,
)
"""What an authentication policy allows unless it says otherwise: everything but codes by e-mail."""


class Strength(IntEnum):
    """What was proven, as a class: the authentication context, in neutral words."""

    PASSWORD = 1
    SECOND_STEP = 2
    PHISHING_RESISTANT = 3


# An enumeration's members are slow to look up: these are asked all day.
_WEAKEST, _STRONG, _STRONGEST = Strength.PASSWORD, Strength.SECOND_STEP, Strength.PHISHING_RESISTANT


TYPICAL_METHODS: dict[Strength, tuple[Method, ...]] = {
    Strength.PASSWORD: (Method.PASSWORD,),
    Strength.SECOND_STEP: (Method.PASSWORD, Method.TOTP),
    Strength.PHISHING_RESISTANT: (Method.PASSKEY,),
}
"""How each strength is usually proven: what a preview of an answer shows, before anybody has signed in."""


class SecondStep(StrEnum):
    """What an authentication policy says of the second step."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


_ALWAYS, _IF_SET_UP = SecondStep.REQUIRED, SecondStep.OPTIONAL


@quickly_made
@dataclass(frozen=True, slots=True)
class Proof:
    """That something was proven, how and when; ``fresh`` if within this very sign-on."""

    method: Method
    at: datetime
    fresh: bool = False


@quickly_made
@dataclass(frozen=True, slots=True)
class SignOnPolicy:
    """
    The part of a stored authentication policy that the evaluator reads.

    Args:
        version: goes into the attempt.
        methods: what may be used to sign in at all.
        in_grace: who has no second step yet is not asked for one in a session that they have.
        may_put_off: who has none may put off setting one up at a new sign-in. Whoever puts it off for
            the last time keeps the session of that sign-in: then only `in_grace` is left.
    """

    version: int
    second_step: SecondStep
    methods: frozenset[Method] = frozenset(DEFAULT_METHODS)
    in_grace: bool = False
    may_put_off: bool = False

    def anew(self) -> "SignOnPolicy":
        """Return the policy as it decides about somebody who has no session to go on with."""
        return replace(self, in_grace=self.in_grace and self.may_put_off)


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What must be proven, and by which rule.

    Args:
        required: the least strength.
        weak_suffices: a weak second step (`WEAK`) counts towards it: so where the authentication policy alone asks.
        any_of: of each of these sets at least one method must be among the proofs.
        within: proofs older than this do not count.
    """

    required: Strength
    rule: str
    weak_suffices: bool = False
    any_of: tuple[frozenset[Method], ...] = ()
    within: timedelta | None = None


def decide(policy: SignOnPolicy, *, has_second_step: bool, asked: Strength | None) -> Decision:
    """Return what this sign-on must prove. *asked* is the application's own demand, if any."""
    own = _by_policy(policy, has_second_step)
    if asked is None:
        return own
    return both(own, Decision(asked, f"application: {_WORDS[asked]} asked for"))


def _by_policy(policy: SignOnPolicy, has_second_step: bool) -> Decision:
    says = policy.second_step
    if says is _ALWAYS:
        return _REQUIRED if has_second_step or not policy.in_grace else _IN_GRACE
    return _WHERE_THERE_IS_ONE if says is _IF_SET_UP and has_second_step else _PASSWORD


def _own(required: Strength, rule: str) -> Decision:
    return Decision(required, f"authentication-policy: {rule}", weak_suffices=True)


_REQUIRED = _own(Strength.SECOND_STEP, "second step required")
_IN_GRACE = _own(Strength.PASSWORD, "second step not yet required (grace)")
_WHERE_THERE_IS_ONE = _own(Strength.SECOND_STEP, "second step where there is one")
_PASSWORD = _own(Strength.PASSWORD, "password")


def both(one: Decision, other: Decision) -> Decision:
    """Return what satisfies both; its rule is the one that asks for more (the first where neither does)."""
    within = [decision.within for decision in (one, other) if decision.within is not None]
    # Whoever asks for a password only says nothing of second steps.
    weak = all(decision.weak_suffices for decision in (one, other) if decision.required > Strength.PASSWORD)
    return Decision(
        required=max(one.required, other.required),
        rule=other.rule if asks_more(other, one) else one.rule,
        weak_suffices=weak,
        any_of=one.any_of + tuple(wanted for wanted in other.any_of if wanted not in one.any_of),
        within=min(within) if within else None,
    )


def asks_more(other: Decision, one: Decision) -> bool:
    """Say whether *other* asks for something that *one* does not; where the strengths differ they alone decide."""
    if other.required != one.required:
        return other.required > one.required
    if other.required > Strength.PASSWORD and one.weak_suffices and not other.weak_suffices:
        return True
    younger = other.within is not None and (one.within is None or other.within < one.within)
    return younger or bool(set(other.any_of) - set(one.any_of))


def counting(decision: Decision, proofs: Iterable[Proof], now: datetime) -> tuple[Proof, ...]:
    """Return the *proofs* that are young enough for *decision*."""
    within = decision.within
    if within is None:
        return tuple(proofs)
    return tuple(proof for proof in proofs if proof.fresh or now - proof.at <= within)


def meets(decision: Decision, proofs: Iterable[Proof], now: datetime) -> bool:
    """Say whether *proofs* satisfy *decision*."""
    methods = frozenset({proof.method for proof in counting(decision, proofs, now)})
    have = strength(methods, weak=decision.weak_suffices)
    return (
        have is not None
        and have >= decision.required
        and (not decision.any_of or all(methods & wanted for wanted in decision.any_of))
    )


def strength(methods: frozenset[Method], *, weak: bool = False) -> Strength | None:
    """
    Return what *methods* prove together; None when there is no first step among them.

    Args:
        weak: count second steps that are attested to nobody (`WEAK`), too.
    """
    if not methods & FIRST_STEPS:
        return None
    if methods & PHISHING_RESISTANT:
        return _STRONGEST
    return _STRONG if methods & STRONG_SECOND_STEPS or (weak and methods & WEAK) else _WEAKEST


_WORDS = {
    Strength.PASSWORD: "a password",
    Strength.SECOND_STEP: "second step",
    Strength.PHISHING_RESISTANT: "phishing-resistant second step",
}
