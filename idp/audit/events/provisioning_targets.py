"""Audit events of applications that are told of accounts."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningTargetChanged(Event):
    tag = "provisioning-target.changed"
    sentence = "changed how {application} is told of accounts: {before} became {after}"
    application: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningTokenSet(Event):
    tag = "provisioning-target.token-replaced"
    sentence = "gave a new token for telling {application} of accounts"
    application: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningEnabled(Event):
    tag = "provisioning-target.enabled"
    sentence = "switched on that {application} is told of accounts, at {endpoint}"
    application: str
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningDisabled(Event):
    tag = "provisioning-target.disabled"
    sentence = "switched off that {application} is told of accounts"
    application: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningTargetRemoved(Event):
    tag = "provisioning-target.removed"
    sentence = (
        "removed the endpoint at which {application} was told of accounts; {accounts} accounts stay there as they are"
    )
    application: str
    accounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningStopped(Event):
    tag = "provisioning-target.stopped"
    sentence = "stopped telling {application} of accounts: it refuses the token"
    application: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningResumed(Event):
    tag = "provisioning-target.resumed"
    sentence = "let {application} be told of accounts again"
    application: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningHeld(Event):
    tag = "provisioning-target.braked"
    sentence = "held back deactivations at {application} until somebody approves: {count} of {there} accounts"
    application: str
    count: int
    there: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningApproved(Event):
    tag = "provisioning-target.approved"
    sentence = "approved {count} deactivations at {application}"
    application: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningRetried(Event):
    tag = "provisioning-target.retried"
    sentence = "let {count} accounts be sent to {application} once more"
    application: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSent(Event):
    tag = "account.sent"
    sentence = "told {application} of the account ({act})"
    application: str
    act: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDeprovisioned(Event):
    tag = "account.deprovisioned"
    sentence = "took the account away from {application} ({how})"
    application: str
    how: str
