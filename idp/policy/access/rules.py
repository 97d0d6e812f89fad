"""
The rules of an access policy: a document that is written as a whole, in versions.

Guard rails come first: each denies, whatever their order. Of the rules, in order, the first that
matches answers. The catch-all answers where none does; it is always there.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from idp.policy.access.context import AccountKind, Behaviour, RequestKind
from idp.policy.signon import Method, Strength

OPERATING_SYSTEMS = (
    *("Windows", "macOS", "Linux", "ChromeOS", "Android", "iOS"),
    *("tvOS", "Tizen", "webOS", "Roku", "PlayStation", "Xbox"),
)
BROWSERS = ("Chrome", "Edge", "Firefox", "Safari", "Opera", "Samsung Internet")
"""Families that rules can name: those that `base.user_agents` reads out of what a browser says of itself."""


class Mode(StrEnum):
    """Whether a rule counts."""

    ON = "on"
    REPORT_ONLY = "report-only"
    """It decides nothing; what it would have decided is recorded."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class People:
    """Accounts, groups and kinds of accounts: any of what is named, none of what is excepted. Nothing named: everyone."""

    accounts: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    kinds: frozenset[AccountKind] = frozenset()
    except_accounts: frozenset[str] = frozenset()
    except_groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Targets:
    """Applications, and sites with all of theirs. Nothing named: every one."""

    applications: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    except_applications: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Networks:
    """In any of these zones (ids), in none of the excepted ones. Nothing named: anywhere."""

    zones: frozenset[str] = frozenset()
    except_zones: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Devices:
    """What the device must be; None and empty: does not matter."""

    known: bool | None = None
    certificate: bool | None = None
    operating_systems: frozenset[str] = frozenset()
    browsers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Times:
    """
    When, in the time zone *zone* (IANA name).

    Args:
        days: 0 is Monday; empty: every day.
        begins, ends: minutes since midnight; where *ends* is not after *begins* it is on the next day, and
            the day that counts is the one it began on. Both None: all day.
        not_before, not_after: first and last day; None: unbounded.
    """

    zone: str = "UTC"
    days: frozenset[int] = frozenset()
    begins: int | None = None
    ends: int | None = None
    not_before: date | None = None
    not_after: date | None = None


@dataclass(frozen=True, slots=True)
class Sessions:
    """
    What the session of this browser must be like.

    Args:
        older_than: it began longer ago than this.
        proven: any of these methods is among its proofs.
        not_proven: none of these is.
        proof_older_than: the youngest of its proofs is older than this.
    """

    older_than: timedelta | None = None
    proven: frozenset[Method] = frozenset()
    not_proven: frozenset[Method] = frozenset()
    proof_older_than: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """All of them must hold. One that says nothing holds always."""

    people: People = field(default_factory=People)
    targets: Targets = field(default_factory=Targets)
    networks: Networks = field(default_factory=Networks)
    devices: Devices = field(default_factory=Devices)
    requests: frozenset[RequestKind] = frozenset()
    times: Times | None = None
    behaviours: frozenset[Behaviour] = frozenset()
    sessions: Sessions = field(default_factory=Sessions)


class Effect(StrEnum):
    """What a rule answers."""

    ALLOW = "allow"
    REQUIRE = "require"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a rule answers when it matches.

    Args:
        strength, methods, within: of ``require``: the least strength, one of these methods, no proof older.
        text: of ``deny``: what the person is told.
    """

    effect: Effect = Effect.ALLOW
    strength: Strength = Strength.PASSWORD
    methods: frozenset[Method] = frozenset()
    within: timedelta | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, or one guard rail (whose answer denies). ``id`` is stable across versions."""

    id: str
    name: str
    conditions: Conditions = field(default_factory=Conditions)
    answer: Answer = field(default_factory=Answer)
    mode: Mode = Mode.ON


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one version of an access policy."""

    guards: tuple[Rule, ...] = ()
    rules: tuple[Rule, ...] = ()
    catch_all: Answer = field(default_factory=Answer)

    @property
    def trivial(self) -> bool:
        """Whether every request is allowed and nothing is required: nothing need be looked up to know the outcome."""
        live = any(rule.mode is not Mode.OFF for rule in (*self.guards, *self.rules))
        return not live and self.catch_all.effect is Effect.ALLOW
