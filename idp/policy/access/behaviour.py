"""
What is unusual about a sign-on, compared with the same person's own past sign-ins. Pure.

Somebody who never signed in before has no past: everything about them is new. What is not known of
this sign-on (its country, its coordinates) is not unusual.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from idp.policy.access.context import Behaviour

SUCCESSES = 20
"""How many of the last successful sign-ins tell what is usual."""
MANY = 10
WITHIN = timedelta(hours=1)
"""So many failures within this are many."""
FASTEST_KM_PER_HOUR = 805.0
NEAR_KM = 100.0
"""Places of addresses are not exact: what is nearer than this is no travel."""
_EARTH_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class SignIn:
    """
    One sign-in: of the past, or the one that is judged.

    Args:
        network: as failures are counted: an IPv4 address, an IPv6 /64.
        country: ISO 3166 code; empty: not known.
        latitude, longitude: degrees; None: not known.
        device_id: of the known device; empty: none.
    """

    at: datetime
    network: str
    country: str = ""
    latitude: float | None = None
    longitude: float | None = None
    device_id: str = ""
    succeeded: bool = True


def behaviours(past: Sequence[SignIn], now: SignIn) -> frozenset[Behaviour]:
    """
    Return what is unusual about *now*.

    Args:
        past: the last `SUCCESSES` successful sign-ins of the same account, and the last `MANY` that failed.
    """
    successes = sorted((one for one in past if one.succeeded), key=_at, reverse=True)[:SUCCESSES]
    found = set()
    if not now.device_id or all(one.device_id != now.device_id for one in successes):
        found.add(Behaviour.NEW_DEVICE)
    if all(one.network != now.network for one in successes):
        found.add(Behaviour.NEW_NETWORK)
    if now.country and all(one.country != now.country for one in successes):
        found.add(Behaviour.NEW_COUNTRY)
    if _impossible(successes, now):
        found.add(Behaviour.IMPOSSIBLE_TRAVEL)
    if sum(1 for one in past if not one.succeeded and now.at - one.at <= WITHIN) >= MANY:
        found.add(Behaviour.MANY_FAILURES)
    return frozenset(found)


def _at(one: SignIn) -> datetime:
    return one.at


def _impossible(successes: list[SignIn], now: SignIn) -> bool:
    """Compare with the last place that is known: nobody flies faster than an airliner."""
    last = next((one for one in successes if one.latitude is not None and one.longitude is not None), None)
    if last is None or now.latitude is None or now.longitude is None:
        return False
    distance = kilometres(last, now)
    hours = max((now.at - last.at) / timedelta(hours=1), 0.0)
    return distance > NEAR_KM and distance > FASTEST_KM_PER_HOUR * hours


def kilometres(one: SignIn, other: SignIn) -> float:
    """Return how far apart two sign-ins were on the ground (haversine); 0 where a place is not known."""
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        return 0.0
    from_, to = radians(one.latitude), radians(other.latitude)
    part = sin((to - from_) / 2) ** 2
    part += cos(from_) * cos(to) * sin(radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(part)))
