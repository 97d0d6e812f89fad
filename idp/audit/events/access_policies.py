"""Audit events of access policies and their trials."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyCreated(Event):
    tag = "access-policy.created"
    sentence = "created the access policy {name}"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyChanged(Event):
    """An access policy was given a new version of its rules; ``because`` where something else than a hand made it."""

    tag = "access-policy.changed"
    sentence = "gave the access policy {name} version {number} of its rules: {changes}"
    name: str
    number: int
    because: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyDeleted(Event):
    tag = "access-policy.deleted"
    sentence = "deleted the access policy {name}"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyAssigned(Event):
    """An application was put under another access policy (target: the application)."""

    tag = "access-policy.assigned"
    sentence = "put the application {application} under the access policy {after} (before: {before})"
    application: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleAccessPolicyAssigned(Event):
    """The admin console was put under another access policy (target: the organization)."""

    tag = "access-policy.console-assigned"
    sentence = "put the admin console under the access policy {after} (before: {before})"
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyTried(Event):
    """A version of an access policy counts on trial: until a moment, unless somebody confirms it."""

    tag = "access-policy-trial.started"
    sentence = "put version {number} of the access policy {name} on trial instead of {instead_of} (until {until})"
    name: str
    number: int
    instead_of: int
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyConfirmed(Event):
    """What was on trial stays: an administrator has signed in under it (``sign-in``), or said so (``command``)."""

    tag = "access-policy-trial.confirmed"
    sentence = "confirmed version {number} of the access policy {name} (by {by})"
    name: str
    number: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyRolledBack(Event):
    tag = "access-policy-trial.reverted"
    sentence = "put the access policy {name} back from version {number} to {back_to} ({because})"
    name: str
    number: int
    back_to: int
    because: str
