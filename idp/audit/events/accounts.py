"""Audit events of accounts."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCreated(Event):
    tag = "account.created"
    sentence = "created the account {email} for {name}"
    email: str
    name: str
    kind: str = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDisabled(Event):
    tag = "account.disabled"
    sentence = "disabled the account {email}"
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEnabled(Event):
    tag = "account.enabled"
    sentence = "enabled the account {email} again"
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDeletionScheduled(Event):
    """An account was disabled, and will be erased at that time."""

    tag = "account.deletion-scheduled"
    sentence = "scheduled the account {email} for deletion on {deletion_at}"
    email: str
    deletion_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDeletionCancelled(Event):
    tag = "account.deletion-cancelled"
    sentence = "cancelled the deletion of the account {email}, which is {back_to} again"
    email: str
    back_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountErased(Event):
    """An account became a tombstone. Nothing in the entry says whose it was."""

    tag = "account.erased"
    sentence = "erased an account; its id is never given to another"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTokensRevoked(Event):
    """An administrator ended every grant of an account, and with it every token."""

    tag = "account.tokens-revoked"
    sentence = "revoked {grants} grants and {consents} consents of {email}"
    email: str
    grants: int
    consents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsExported(Event):
    """All accounts of an organization were downloaded."""

    tag = "account.exported"
    sentence = "exported all accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRenamed(Event):
    """What a person is called was changed; only the parts that were are named."""

    tag = "account.renamed"
    sentence = "changed the names of the account {email} from {before} to {after}"
    email: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountWordsConfirmed(Event):
    """What the person had typed was taken as right by an administrator: rules of groups go by it from now on."""

    tag = "account.words-confirmed"
    sentence = "confirmed what the person of {email} had typed: {attributes}"
    email: str
    attributes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAttributesChanged(Event):
    """Further attributes of an account changed; only those that did are named, with their values."""

    tag = "account.attributes-changed"
    sentence = "changed attributes of the account {email} from {before} to {after}"
    email: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUnlocked(Event):
    tag = "account.unlocked"
    sentence = "cleared the wrong tries counted for the account {email}"
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPolicyChanged(Event):
    """An account was moved to another authentication policy."""

    tag = "account.policy-changed"
    sentence = "moved the account {email} from the authentication policy {before} to {after}"
    email: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKindChanged(Event):
    """An account became a member, a guest, or a break-glass account."""

    tag = "account.kind-changed"
    sentence = "made the account {email} {after} (was {before})"
    email: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInvited(Event):
    """A person was mailed the link to set the password of an account."""

    tag = "account.invited"
    sentence = "invited {email}"
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChanged(Event):
    """An account has another e-mail address: confirmed by it, given by an administrator, or given back (not me)."""

    tag = "account.email-changed"
    sentence = "changed an e-mail address from {before} to {after} (by: {changed_by})"
    before: str
    after: str
    changed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSessionsEnded(Event):
    """An administrator ended every sign-on of an account."""

    tag = "account.sessions-ended"
    sentence = "ended {count} sessions of {email}, its known devices and grants"
    email: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDataDownloaded(Event):
    """A person took a file of everything that is held of them."""

    tag = "account.data-taken"
    sentence = "took a file of what is held of the account"
