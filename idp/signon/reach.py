"""
Whether somebody can still get in: the dispatcher, walked with what a person has and can set up. Pure.

The lock-out guard asks this before a policy is kept. It asks the very dispatcher that the pages obey, so that
guard and pages cannot disagree.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from idp.policy.access.outcome import ALLOWED, Outcome
from idp.policy.signon import STRONG_SECOND_STEPS, Method, Proof, SignOnPolicy
from idp.signon.flow import (
    AskFirstStep,
    AskSecondStep,
    Complete,
    EnrolSecondStep,
    Facts,
    OpenSession,
    Refuse,
    Step,
    next_step,
)
from idp.signon.request import SignOnRequest

_MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Means:
    """What a person can prove: *first_steps* that stand for the password, too; *second_steps* that they have."""

    first_steps: frozenset[Method]
    second_steps: frozenset[Method]


@dataclass(frozen=True, slots=True)
class Tried:
    """What a person has proven on their way so far, and whether it is in a session."""

    proofs: tuple[Proof, ...] = ()
    saved: bool = False


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """Why nobody gets on from here: the rule that says so, in words; empty where means are what is missing."""

    rule: str
    lacks: frozenset[Method] = frozenset()


Judge = Callable[[Tried], Outcome]
"""What an access policy says of somebody who has come so far."""


def way_in(
    request: SignOnRequest,
    policy: SignOnPolicy,
    means: Means,
    now: datetime,
    judge: Judge = lambda _: ALLOWED,
    judge_console: Judge = lambda _: ALLOWED,
) -> DeadEnd | None:
    """
    Return None where some way leads to the end of the sign-on, else the dead end of the way that came furthest.

    Args:
        request: of our own pages: no application, nothing to agree to.
        means: what the person has; what the policy lets people set up while they sign in comes to it.
        judge_console: what the access policy of the admin console says, where the sign-on is to it.
    """
    ends = list(_walk(request, policy, means, now, (judge, judge_console), Tried(), 0))
    if any(dead is None for _, dead in ends):
        return None
    return max(ends, key=lambda end: end[0])[1] if ends else DeadEnd("")


def _walk(
    request: SignOnRequest,
    policy: SignOnPolicy,
    means: Means,
    now: datetime,
    judges: tuple[Judge, Judge],
    tried: Tried,
    steps: int,
) -> Iterator[tuple[int, DeadEnd | None]]:
    proven = frozenset(proof.method for proof in tried.proofs)
    facts = Facts(
        now=now,
        cancelled=False,
        account_id="" if not proven else "somebody",
        proofs=tried.proofs,
        unsaved=bool(proven) and not tried.saved,
        policy=policy,
        second_steps=(means.second_steps | (proven & STRONG_SECOND_STEPS)) & policy.methods,
        allowed=True,
        consent_missing=False,
        session_access=judges[0](tried) if proven else ALLOWED,
        application_access=judges[1](tried) if proven else ALLOWED,
        put_off=True,
    )
    step = next_step(request, facts)
    if isinstance(step, Complete):
        yield steps, None
    elif isinstance(step, OpenSession):
        yield from _walk(request, policy, means, now, judges, Tried(tried.proofs, saved=True), steps + 1)
    elif isinstance(step, Refuse):
        yield steps, DeadEnd(step.rule or step.refusal.value)
    else:
        wanted, has = _wanted(step, policy), _has(step, means)
        ways = sorted((wanted & has) - proven) if steps < _MOST_STEPS else []
        if not ways:
            yield steps, DeadEnd("", wanted - proven)
        for method in ways:
            further = Tried((*tried.proofs, Proof(method, now, fresh=True)))
            yield from _walk(request, policy, means, now, judges, further, steps + 1)


def _wanted(step: Step, policy: SignOnPolicy) -> frozenset[Method]:
    if isinstance(step, AskFirstStep):
        return frozenset({Method.PASSWORD, Method.PASSKEY}) & policy.methods
    return step.methods if isinstance(step, AskSecondStep | EnrolSecondStep) else frozenset()


def _has(step: Step, means: Means) -> frozenset[Method]:
    if isinstance(step, AskFirstStep):
        return means.first_steps
    return means.second_steps if isinstance(step, AskSecondStep) else frozenset(Method)  # whoever can set one up has it
