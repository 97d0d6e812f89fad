"""Audit events of how people come in: invitations, imports, joining, asking for access."""

from dataclasses import dataclass
from typing import Any

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRevoked(Event):
    """An invitation was taken back before it was accepted (target: the account)."""

    tag = "invitation.revoked"
    sentence = "took the invitation of {email} back"
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountImportPreviewed(Event):
    """A file of accounts was read; nothing was done yet (target: the import)."""

    tag = "account-import.previewed"
    sentence = "read the file {file_name} of accounts: {counts}"
    file_name: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountImportApplied(Event):
    """What a file would do was done (target: the import)."""

    tag = "account-import.completed"
    sentence = "imported the file {file_name} of accounts: {counts}"
    file_name: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountImportUndone(Event):
    """An import was taken back, as far as it could be (target: the import)."""

    tag = "account-import.reversed"
    sentence = "undid the import of the file {file_name}: {counts}"
    file_name: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRemoved(Event):
    """An account that nobody ever used was removed when its import was undone."""

    tag = "account.removed"
    sentence = "removed the account {email}, which nobody had used"
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequestMade(Event):
    """A person asked for access to an application (target: the request)."""

    tag = "access-request.made"
    sentence = "asked for access to {application}: {reason}"
    application_id: str
    application: str
    account_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequestWithdrawn(Event):
    """A person took a request back (target: the request)."""

    tag = "access-request.withdrawn"
    sentence = "withdrew a request for access"
    application_id: str
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequestApproved(Event):
    """An administrator gave what was asked for (target: the request)."""

    tag = "access-request.approved"
    sentence = "approved the request of {email} for {application}: {answer}"
    application_id: str
    application: str
    email: str
    until: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequestDenied(Event):
    """An administrator refused what was asked for (target: the request)."""

    tag = "access-request.denied"
    sentence = "denied the request of {email} for {application}: {answer}"
    application_id: str
    application: str
    email: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRuleCreated(Event):
    tag = "join-rule.created"
    sentence = "let people with an address on {domain} join: {terms}"
    domain: str
    terms: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRuleChanged(Event):
    tag = "join-rule.changed"
    sentence = "changed how people with an address on {domain} join from {before} to {after}"
    domain: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRuleDeleted(Event):
    tag = "join-rule.deleted"
    sentence = "let nobody with an address on {domain} join any more"
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountJoined(Event):
    """Somebody proved an address and made an account by a join rule (target: the account)."""

    tag = "account.joined"
    sentence = "joined as {email} by the rule for {domain}"
    email: str
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequestMade(Event):
    """Somebody proved an address and waits for approval (target: the request)."""

    tag = "join-request.made"
    sentence = "asked to join as {email} ({name}), by the rule for {domain}"
    email: str
    name: str
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequestApproved(Event):
    tag = "join-request.approved"
    sentence = "let {email} join"
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequestDenied(Event):
    tag = "join-request.denied"
    sentence = "did not let {email} join: {answer}"
    email: str
    answer: str
