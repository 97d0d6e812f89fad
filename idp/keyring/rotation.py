"""What to do about keys now. Pure: a plan; doing it and asking again leads to an empty plan."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

NEXT, ACTIVE, RETIRED = "next", "active", "retired"


@dataclass(frozen=True, slots=True)
class KeyState:
    """What the plan needs to know of a key. ``since`` is when it entered its state."""

    id: str
    state: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """Keys to move, and whether a new ``next`` one is to be made; ``withheld`` are those that would move but are held."""

    make_next: bool = False
    promote: str | None = None
    retire: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


def plan(
    keys: Iterable[KeyState],
    now: datetime,
    *,
    lifetime: timedelta,
    publish_ahead: timedelta,
    keep_retired: timedelta,
    at_once: bool = False,
) -> Plan:
    """
    Return what to do now for the keys of one site, purpose and algorithm.

    A key is never signed with before it has been public for *publish_ahead*, and never
    withdrawn before *keep_retired* has passed since it last signed. Only where a key that
    signed is missing does the next one step in at once.

    Args:
        at_once: rotate as soon as the rule above allows, not only when *lifetime* is over.
    """
    known = list(keys)
    active = [key for key in known if key.state == ACTIVE]
    waiting = sorted((key for key in known if key.state == NEXT), key=lambda key: key.since)
    drop = tuple(key.id for key in known if key.state == RETIRED and now - key.since >= keep_retired)
    if not active:
        if waiting and (at_once or len(known) > len(waiting) or now - waiting[0].since >= publish_ahead):
            return Plan(promote=waiting[0].id, drop=drop)
        if waiting:
            return Plan(drop=drop)
        return Plan(make_next=True, drop=drop)
    due = at_once or any(now - key.since >= lifetime for key in active)
    soon = due or any(now - key.since >= lifetime - publish_ahead for key in active)
    if due and waiting and now - waiting[0].since >= publish_ahead:
        return Plan(promote=waiting[0].id, retire=tuple(key.id for key in active), drop=drop)
    return Plan(make_next=soon and not waiting, drop=drop)


def holding(todo: Plan, held: frozenset[str]) -> Plan:
    """
    Return what is left of *todo* where the keys *held* must neither retire nor go.

    A key takes over only where those before it may all retire: there is one active key.
    """
    staying = tuple(key for key in todo.retire if key in held)
    kept = tuple(key for key in todo.drop if key in held)
    return Plan(
        make_next=todo.make_next,
        promote=None if staying else todo.promote,
        retire=() if staying else todo.retire,
        drop=tuple(key for key in todo.drop if key not in held),
        withheld=staying + kept,
    )
