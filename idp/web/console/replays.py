"""What a replay found, as a page shows it."""

from dataclasses import dataclass
from datetime import datetime

from idp.policy.access.replay import Change
from idp.signon import replay_words
from idp.signon.replaying import Replayed

DAYS = 7
"""So many days are looked back at before a change."""
MOST = 20_000
"""So many sign-ons are judged while somebody waits, the newest."""
_MOST_SHOWN = 10


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
    """A replay for a page: since when, how many sign-ons were judged, and what would have been different."""

    since: datetime
    judged: int
    groups: tuple[Group, ...]


def shown(of: Replayed) -> Shown:
    """Return a replay as a page shows it."""
    return Shown(
        of.since, of.tally.judged, tuple(_group(of, change) for change in replay_words.WORDS if _met(of, change))
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


def days(asked: str) -> int:
    """Return how many days somebody asked to be looked back at: one, seven or thirty."""
    return int(asked) if asked in ("1", "7", "30") else DAYS
