"""
What is to be done at a target: a decision on what is wanted and what is known, and nothing else.

Asked twice it says the same; once all of it is done it says nothing any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

FEW = 20
"""So many deactivations are never too many at once."""


class Act(StrEnum):
    """What is sent of an account."""

    CREATE = "create"
    UPDATE = "update"
    DEACTIVATE = "deactivate"


@dataclass(frozen=True, slots=True)
class Known:
    """
    What is known of an account at a target.

    Args:
        active: it may be active there.
        linked: its id there is known.
        digest: of what was sent last; empty: it is to be sent again.
    """

    active: bool
    linked: bool
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is to be created, updated and deactivated, each by the id of the account here, sorted."""

    creates: tuple[str, ...]
    updates: tuple[str, ...]
    deactivations: tuple[str, ...]

    def acts(self) -> dict[str, Act]:
        """Return what is to be done for each account of whom something is."""
        return {
            **dict.fromkeys(self.creates, Act.CREATE),
            **dict.fromkeys(self.updates, Act.UPDATE),
            **dict.fromkeys(self.deactivations, Act.DEACTIVATE),
        }


_NOBODY = Known(active=False, linked=False, digest="")


def plan(wanted: Mapping[str, str], known: Mapping[str, Known]) -> Plan:
    """
    Return what makes a target as it is wanted.

    Args:
        wanted: the digest of what is to be known there, for each account that shall be active there.
        known: what is known of accounts there; who is in neither has nothing done.
    """
    acts = {one: act(wanted.get(one), known.get(one, _NOBODY)) for one in {*wanted, *known}}

    def of(what: Act) -> tuple[str, ...]:
        return tuple(sorted(one for one, found in acts.items() if found is what))

    return Plan(of(Act.CREATE), of(Act.UPDATE), of(Act.DEACTIVATE))


def act(wanted: str | None, known: Known) -> Act | None:
    """Return what is to be done for one account; None: nothing. *wanted* as in `plan`, None: not wanted there."""
    if wanted is None:
        return Act.DEACTIVATE if known.active else None
    if not known.linked:
        return Act.CREATE
    return None if known.active and known.digest == wanted else Act.UPDATE


def brakes(deactivations: int, recent: int, there: int, percent: int) -> bool:
    """
    Say whether *deactivations* are too many to be done without somebody's approval.

    Args:
        recent: so many were done, or are on their way, of late.
        there: so many accounts were there before all of these.
        percent: more than this part of them is too many; `FEW` never are, and with 100 nothing is.
    """
    at_once = deactivations + recent
    return deactivations > 0 and at_once > FEW and at_once * 100 > there * percent
