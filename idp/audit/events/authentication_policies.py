"""Audit events of authentication policies."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationPolicyChanged(Event):
    tag = "authentication-policy.changed"
    sentence = "changed the authentication policy {name} from {before} to {after}"
    name: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationPolicyCreated(Event):
    tag = "authentication-policy.created"
    sentence = "created the authentication policy {name} (for {kind}): {says}"
    name: str
    kind: str
    says: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationPolicyDeleted(Event):
    """An authentication policy was deleted; ``moved`` accounts that were in it entered ``moved_to``."""

    tag = "authentication-policy.deleted"
    sentence = "deleted the authentication policy {name}; {moved} accounts entered {moved_to}"
    name: str
    moved: int
    moved_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultAuthenticationPolicyChanged(Event):
    """New members enter another policy than before; those who were there stayed where they were."""

    tag = "authentication-policy.default-chosen"
    sentence = "made {after} the default authentication policy in place of {before}"
    before: str
    after: str
