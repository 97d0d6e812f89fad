"""
Domains of organizations: which names can be one, and what follows from looking for their proof. Pure.

A domain has power (its accounts can be managed, people can join by it) from the day that it is proven until its proof
has been missing for 28 days: for 7 all goes on, then nobody comes in by it any more, after 14 it is frozen (no new
claims, no deletions), after 28 it is let go. Whoever has proven it holds it until then, or until somebody else proves
that it is theirs and the holder's own proof is gone: a proof wins, a claim never does (threats T20).
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

import idna
from publicsuffixlist import PublicSuffixList

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.policy.free_mail import FREE_MAIL

JOINS_FOR = timedelta(days=7)
FROZEN_AFTER = timedelta(days=14)
RELEASED_AFTER = timedelta(days=28)
DAILY = timedelta(days=1)
LOOKED_FOR = timedelta(days=30)
"""How long a proof that never was is looked for by itself."""
_HOURLY_FOR = timedelta(days=2)
_LONGEST = 253
_PREFIX = "ostiary-domain-verification="
CHALLENGE_LABEL = "_ostiary-challenge"
FILE_PATH = "/.well-known/ostiary-domain-verification.txt"


class State(StrEnum):
    """What stands with a domain."""

    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    MISSING_TOKEN = "missing-token"  # noqa: S105 (a state, not a token)
    FROZEN = "frozen"
    SUPERSEDED = "superseded"
    REMOVED = "removed"


class Method(StrEnum):
    """How a domain is proven: a TXT record, or a file of its web site."""

    DNS = "dns"
    HTTPS = "https"


class Finding(StrEnum):
    """What came of looking for a proof. ``unknown``: nobody answered, or not to this question."""

    FOUND = "found"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Turn(StrEnum):
    """What a look has changed; each is audited, and told to administrators."""

    VERIFIED = "verified"
    FOUND_AGAIN = "found-again"
    MISSING = "missing"
    JOINING_STOPPED = "joining-stopped"
    FROZEN = "frozen"
    RELEASED = "released"


POWER = frozenset({State.VERIFIED, State.MISSING_TOKEN, State.FROZEN})
PROVABLE = frozenset({State.UNVERIFIED, State.SUPERSEDED})
"""What becomes verified by a proof that is found."""
GONE = frozenset({State.SUPERSEDED, State.REMOVED})


@dataclass(frozen=True, slots=True)
class Standing:
    """What a domain's row says of its state."""

    state: State
    missing_since: datetime | None
    checked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """Where a domain stands after a look, and what that has changed (None: nothing)."""

    state: State
    missing_since: datetime | None
    turn: Turn | None = None


def name(value: str) -> str:
    """
    Return *value* as the name of a domain that can be an organization's own: A-labels in lower case (RFC 5890).

    Raises:
        Invalid: it is none; or whoever registers names, or gives mailboxes, below it does so for everybody.
    """
    typed = value.strip().removesuffix(".")
    fault = Invalid(
        phrase("“%(value)s” is no domain name.", value=value[:80]),
        field="name",
        advice="Write it like example.org, without http:// and @.",
    )
    if not typed or len(typed) > _LONGEST or _is_address(typed):
        raise fault
    try:
        found = idna.encode(typed, uts46=True).decode("ascii").lower()
    except idna.IDNAError as error:
        raise fault from error
    if len(found) > _LONGEST or "." not in found or _is_address(found) or found.rpartition(".")[2].isdigit():
        raise fault
    if found in FREE_MAIL:
        raise Invalid(
            phrase(
                "Anybody can have a mailbox at %(found)s: it cannot be the domain of one organization.", found=found
            ),
            field="name",
        )
    if _suffixes().privatesuffix(found) is None:
        raise Invalid(
            phrase(
                "Names below %(found)s belong to many owners: it cannot be the domain of one organization.", found=found
            ),
            field="name",
            advice="Add the domain that you have registered, such as example.org or example.co.uk.",
        )
    return found


def shown(found: str) -> str:
    """Return a domain as people read it (U-labels), where that is another way to write it."""
    try:
        return idna.decode(found)
    except idna.IDNAError:
        return found


def expected(token: str) -> str:
    """Return what the TXT record, or the file, says."""
    return _PREFIX + token


def names_to_ask(found: str) -> tuple[str, str]:
    """Return the names at which the TXT record is looked for."""
    return f"{CHALLENGE_LABEL}.{found}", found


def file_address(found: str) -> str:
    """Return the address at which the file is looked for."""
    return f"https://{found}{FILE_PATH}"


def has_power(state: str) -> bool:
    """Say whether a domain in *state* is the organization's own: it holds the name, and its accounts are managed."""
    return state in POWER


def may_claim(state: str, missing_since: datetime | None, now: datetime) -> bool:
    """Say whether accounts may be claimed through it, and those that were be deleted."""
    if state == State.VERIFIED:
        return True
    return state == State.MISSING_TOKEN and missing_since is not None and now - missing_since < FROZEN_AFTER


def may_join(state: str, missing_since: datetime | None, now: datetime) -> bool:
    """Say whether people may join by it, and new accounts on it become managed by themselves."""
    if state == State.VERIFIED:
        return True
    return state == State.MISSING_TOKEN and missing_since is not None and now - missing_since < JOINS_FOR


def after(standing: Standing, finding: Finding, now: datetime) -> Step:
    """
    Return what follows from a look for the proof of a domain that nobody else holds.

    A look moves one step at most: who was frozen by it is not let go by the same.
    """
    state, since = standing.state, standing.missing_since
    if state == State.REMOVED:
        return Step(state, since)
    if finding is Finding.FOUND:
        return _found(state)
    if state in PROVABLE:
        return Step(state, None)
    if state is State.VERIFIED or since is None:
        return Step(State.MISSING_TOKEN, now, Turn.MISSING)
    missing = now - since
    if state is State.FROZEN:
        if missing >= RELEASED_AFTER:
            return Step(State.UNVERIFIED, None, Turn.RELEASED)
        return Step(state, since)
    if missing >= FROZEN_AFTER:
        return Step(State.FROZEN, since, Turn.FROZEN)
    last = standing.checked_at
    if missing >= JOINS_FOR and last is not None and last - since < JOINS_FOR:
        return Step(state, since, Turn.JOINING_STOPPED)
    return Step(state, since)


def _found(state: State) -> Step:
    turns = {
        State.UNVERIFIED: Turn.VERIFIED,
        State.SUPERSEDED: Turn.VERIFIED,
        State.MISSING_TOKEN: Turn.FOUND_AGAIN,
        State.FROZEN: Turn.FOUND_AGAIN,
    }
    return Step(State.VERIFIED, None, turns.get(state))


def takes_over(method: Method, holder_method: Method, holder: Finding) -> bool:
    """
    Say whether a proof by *method* takes the domain from another organization, of whose proof *holder* was found.

    While the holder's proof stands, it does not: whoever owns the domain takes that record out first. A file is a
    weaker proof than a record: it takes nothing over while the record could not be asked for.
    """
    if holder is Finding.FOUND:
        return False
    return holder is Finding.ABSENT or (method is Method.DNS and holder_method is Method.HTTPS)


def next_look(state: str, *, created_at: datetime, now: datetime) -> datetime | None:
    """Return when a domain is looked at again by itself; None: only when somebody asks."""
    if state in POWER:
        return now + DAILY
    if state == State.UNVERIFIED and now - created_at < LOOKED_FOR:
        return now + (timedelta(hours=1) if now - created_at < _HOURLY_FOR else DAILY)
    return None


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value.strip("[]"))
    except ValueError:
        return False
    return True


@cache
def _suffixes() -> PublicSuffixList:
    """The list that comes with its package: of registries, and of those who let others have names below theirs."""
    return PublicSuffixList(accept_unknown=True)
