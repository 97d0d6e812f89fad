"""Whether an API token is good, as far as the token, its person and their policy say: pure. What it is good *for* says `standing`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from idp.directory.authentication_policies import AuthenticationFacts
from idp.policy.authentication import PolicyKind


class State(StrEnum):
    """How an API token stands; all but the first are good for nothing."""

    GOOD = "good"
    REVOKED = "revoked"
    OVER = "over"
    ENDED = "ended"
    """The account was disabled since, or its person said that something on it was not them."""
    DISABLED = "disabled"
    BLOCKED = "blocked"
    """The person's policy allows no API tokens; or it is that of a break-glass account."""


FOR_GOOD = frozenset({State.REVOKED, State.OVER, State.ENDED})
"""Nothing brings these back."""


class Made(Protocol):
    """What is asked of a token's row."""

    @property
    def created_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def epoch(self) -> int: ...
    @property
    def revoked_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Owner:
    """What is asked of the person whose token it is."""

    kind: str
    disabled_at: datetime | None
    api_token_epoch: int


def ends_at(token: Made, policy: AuthenticationFacts) -> datetime:
    """Return when *token* is over: at the end that was chosen, or sooner where the policy has come to allow less."""
    return min(token.expires_at, token.created_at + timedelta(days=policy.api_token_days))


def state(token: Made, owner: Owner, policy: AuthenticationFacts, now: datetime) -> State:
    """Return how *token* stands at *now*: over from its last second on."""
    if token.revoked_at is not None:
        return State.REVOKED
    if token.epoch != owner.api_token_epoch:
        return State.ENDED
    if ends_at(token, policy) <= now:
        return State.OVER
    if owner.disabled_at is not None:
        return State.DISABLED
    if not policy.api_tokens_allowed or owner.kind == PolicyKind.BREAK_GLASS:
        return State.BLOCKED
    return State.GOOD
