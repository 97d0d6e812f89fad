"""
What a sign-on must prove. Pure: recorded context in, decision and trace out.

Later conditions (network, device, time …) become rules here; the shape stays.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Method(StrEnum):
    """How something was proven (RFC 8176 names where there is one)."""

    PASSWORD = "pwd"  # noqa: S105 (a method, not a password)
    TOTP = "otp"
    RECOVERY_CODE = "recovery"


SECOND_STEPS = frozenset({Method.TOTP, Method.RECOVERY_CODE})


class Strength(IntEnum):
    """What was proven, as a class: the authentication context, in neutral words."""

    PASSWORD = 1
    SECOND_STEP = 2


class SecondStep(StrEnum):
    """What an authentication policy says of the second step."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class SignOnPolicy:
    """The part of a stored policy that the evaluator reads; ``version`` goes into the attempt."""

    version: int
    second_step: SecondStep


@dataclass(frozen=True, slots=True)
class Decision:
    """What is required, and by which rule."""

    required: Strength
    rule: str


def decide(policy: SignOnPolicy, *, has_second_step: bool, asked: Strength | None) -> Decision:
    """Return what this sign-on must prove. *asked* is the application's own demand, if any."""
    if policy.second_step is SecondStep.REQUIRED:
        return Decision(Strength.SECOND_STEP, "authentication-policy: second step required")
    if asked is Strength.SECOND_STEP:
        return Decision(Strength.SECOND_STEP, "application: second step asked for")
    if policy.second_step is SecondStep.OPTIONAL and has_second_step:
        return Decision(Strength.SECOND_STEP, "authentication-policy: second step where there is one")
    return Decision(Strength.PASSWORD, "authentication-policy: password")


def strength(methods: frozenset[Method]) -> Strength | None:
    """Return what *methods* prove together; None when there is no first step among them."""
    if Method.PASSWORD not in methods:
        return None
    return Strength.SECOND_STEP if methods & SECOND_STEPS else Strength.PASSWORD
