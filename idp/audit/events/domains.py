"""Audit events of domains, and of the accounts that are managed through them."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainAdded(Event):
    tag = "domain.added"
    sentence = "added the domain {name}, to be proven by {method}"
    name: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainMethodChanged(Event):
    tag = "domain.method-changed"
    sentence = "chose to prove the domain {name} by {after} (was {before})"
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainVerified(Event):
    """The proof of a domain was found: the first time, or again after it had been missing."""

    tag = "domain.verified"
    sentence = "found the proof of the domain {name} ({method}); it was {before}"
    name: str
    method: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainProofMissed(Event):
    """The proof of a domain was not found any more. Its power lasts for the days of grace."""

    tag = "domain.proof-missed"
    sentence = "did not find the proof of the domain {name}: {finding}"
    name: str
    finding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainJoiningStopped(Event):
    """The proof of a domain has been missing for a week: nobody comes in by it any more."""

    tag = "domain.joining-stopped"
    sentence = "stopped joining by the domain {name}: its proof is missing since {missing_since}"
    name: str
    missing_since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainFrozen(Event):
    """The grace is over: no account is claimed or deleted through the domain until it is proven again."""

    tag = "domain.frozen"
    sentence = "froze the domain {name}: its proof is missing since {missing_since}"
    name: str
    missing_since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainReleased(Event):
    """A domain was let go since its proof was missing for too long."""

    tag = "domain.released"
    sentence = (
        "let the domain {name} go: its proof is missing since {missing_since}; {accounts} accounts are managed no more"
    )
    name: str
    missing_since: str
    accounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSuperseded(Event):
    """Somebody else has proven that a domain is theirs, and the proof of its holder was gone."""

    tag = "domain.superseded"
    sentence = "lost the domain {name}, which another organization has proven; {accounts} accounts are managed no more"
    name: str
    accounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRemoved(Event):
    tag = "domain.removed"
    sentence = "removed the domain {name} ({before}); {accounts} accounts are managed no more"
    name: str
    before: str
    accounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainClaimingChanged(Event):
    tag = "domain.claiming-changed"
    sentence = "made the claiming of new accounts on {name} {after} (was {before})"
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainClaimed(Event):
    """Accounts on a domain became managed. Each has an entry of its own besides."""

    tag = "domain.claimed"
    sentence = "claimed {count} accounts on the domain {name} ({which})"
    name: str
    count: int
    which: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainUnclaimed(Event):
    """Accounts on a domain are managed no more. Each has an entry of its own besides."""

    tag = "domain.unclaimed"
    sentence = "gave back {count} accounts on the domain {name} ({which})"
    name: str
    count: int
    which: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountClaimed(Event):
    tag = "account.claimed"
    sentence = "claimed the account {email} through the domain {domain}"
    email: str
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUnclaimed(Event):
    tag = "account.unclaimed"
    sentence = "gave the account {email} back, which was managed through the domain {domain} ({cause})"
    email: str
    domain: str
    cause: str
