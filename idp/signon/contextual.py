"""Asks the organization's access policies about a sign-on: what they say before a session, and of the application."""

from dataclasses import dataclass, field
from typing import Any

from idp.base.work import Work
from idp.policy.access.context import AccountKind
from idp.policy.access.outcome import ALLOWED, Allowed, Outcome
from idp.policy.signon import Proof
from idp.signon.pending import Pending
from idp.signon.request import SignOnRequest
from idp.signon.session import CurrentSession


@dataclass(frozen=True, slots=True)
class Person:
    """Whose sign-on is judged."""

    account_id: str
    kind: AccountKind
    policy_id: str | None
    grace_used: int


@dataclass(frozen=True, slots=True)
class Access:
    """
    What the access policies say, and the context that they were asked with (for the attempt).

    Break-glass accounts are under no rules.
    """

    session: Outcome = ALLOWED
    application: Outcome = ALLOWED
    recorded: dict[str, Any] = field(default_factory=dict)

    @property
    def requires_something(self) -> bool:
        return any(
            isinstance(outcome, Allowed) and outcome.requires is not None
            for outcome in (self.session, self.application)
        )


def judge(
    work: Work,
    request: SignOnRequest,
    person: Person,
    session: CurrentSession | None,
    row: Pending | None,
    proofs: tuple[Proof, ...],
) -> Access:
    """Return what the access policies of the organization say of this sign-on now."""
    return Access()
