"""Whom a changed zone meets, by where people have signed on from lately: for the sentence that is said before it counts."""

from dataclasses import dataclass

from idp.base.work import Work
from idp.directory.zones import Contents
from idp.policy.access import recording
from idp.policy.access.networks import CompiledZone, compile_zone
from idp.policy.permissions import Permission, require
from idp.signon.replaying import beginning, recorded_since


@dataclass(frozen=True, slots=True)
class Moved:
    """How many people have signed on from an address that comes into a zone, and from one that leaves it."""

    entering: int
    leaving: int


def moved(work: Work, organization_id: str, before: Contents, after: Contents, *, days: int, most: int) -> Moved:
    """
    Return how many people have signed on, in the last *days* days, from where *before* and *after* differ.

    Args:
        most: look at no more than so many sign-ons, the newest.

    Raises:
        Forbidden: the actor may not read the log there.
    """
    require(work, Permission.AUDIT_READ, organization_id)
    was, becomes = _compiled(before), _compiled(after)
    entering: set[str] = set()
    leaving: set[str] = set()
    since = beginning(work, organization_id, days=days, most=most)
    for rows in recorded_since(work, organization_id, since):
        for row in rows:
            place = recording.place_of(row.context)
            inside = [bool(zone.contains(row.ip, *place)) for zone in (was, becomes)]
            if inside == [False, True]:
                entering.add(row.account_id)
            elif inside == [True, False]:
                leaving.add(row.account_id)
    return Moved(len(entering), len(leaving))


def _compiled(contents: Contents) -> CompiledZone:
    return compile_zone(contents.networks, contents.asns, contents.countries, contents.cities)
