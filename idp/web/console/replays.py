"""What a replay found, as a page shows it."""

from dataclasses import dataclass
from datetime import datetime

from idp.policy.access.replay import Change, Count
from idp.signon import replay_words
from idp.signon.replaying import Replayed
from idp.signon.reporting import OfRule

DAYS = 7
"""So many days are looked back at before a change."""
MOST = 1_000
"""So many sign-ons are judged while somebody waits, the newest: it takes a tenth of a second."""
LOOKS_BACK = ("1", "7", "30")
"""Over how many days a page can look back."""
MOST_REPORTED = 5_000
"""So many sign-ons are read for what rules have reported, the newest."""
_MOST_SHOWN = 10
_MOST_OF_RULE = 5


@dataclass(frozen=True, slots=True)
class Met:
    """One person whom a change would meet: how often, why, and an attempt as example."""

    person: str
    sign_ons: int
    why: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of change (`Change`): how many sign-ons of how many people, the first ten of them."""

    change: str
    sign_ons: int
    people: int
    first: tuple[Met, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """
    A replay for a page: since when, how many sign-ons were judged, and what would have been different.

    ``newest``: these are the newest only, there are more in the days that were asked for.
    """

    since: datetime
    judged: int
    groups: tuple[Group, ...]
    newest: bool


def shown(of: Replayed) -> Shown:
    """Return a replay as a page shows it."""
    return Shown(
        of.since,
        of.tally.judged,
        tuple(_group(of, change) for change in replay_words.WORDS if _met(of, change)),
        of.newest,
    )


def _met(of: Replayed, change: Change) -> bool:
    return of.tally.count(change) > 0


def _group(of: Replayed, change: Change) -> Group:
    people = replay_words.people(of, change)
    first = tuple(
        Met(
            of.people.get(account_id, account_id),
            count.count,
            tuple(replay_words.why(change, reason) for reason in sorted(count.why, key=lambda one: -count.why[one])),
            count.examples[-1],
        )
        for account_id, count in people[:_MOST_SHOWN]
    )
    return Group(change.value, of.tally.count(change), len(people), first)


def most_met(rule: OfRule) -> list[tuple[str, Count]]:
    """Return the five accounts, by their ids, that a rule in report-only has met most often."""
    return sorted(rule.people.items(), key=lambda one: (-one[1].count, one[0]))[:_MOST_OF_RULE]


def days(asked: str) -> int:
    """Return how many days somebody asked to be looked back at: one, seven or thirty."""
    return int(asked) if asked in LOOKS_BACK else DAYS
