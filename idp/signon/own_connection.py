"""What is seen of the connection that a signed-in person has: their zones, their place, their device."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from idp.base import user_agents
from idp.base.prepared import Prepared
from idp.base.user_agents import UserAgent
from idp.base.work import Place, Work, nowhere
from idp.directory import access_policies
from idp.policy.models import Zone
from idp.signon import contextual
from idp.signon.session import CurrentSession

_NAMES = Prepared(
    select(Zone.id, Zone.name).where(Zone.organization_id == bindparam("organization_id")).order_by(Zone.name)
)


@dataclass(frozen=True, slots=True)
class Connection:
    """
    What rules of contextual access can know of a connection.

    Args:
        zones: names of the organization's zones that the address is in.
        places_known: there are files to look for places in.
        device_known: the person signed in on this device before this session.
        certificate: subject of the client certificate; empty: none was presented.
    """

    zones: tuple[str, ...]
    place: Place
    places_known: bool
    agent: UserAgent
    device_known: bool
    certificate: str


def connection(work: Work, session: CurrentSession) -> Connection:
    """Return what is seen of the connection of *session*'s own person."""
    origin = work.origin
    place = origin.locate(origin.ip)
    zones = access_policies.standing(work, session.organization_id).zones
    inside = {
        zone_id for zone_id, zone in zones.items() if zone.contains(origin.ip, place.country, place.city, place.asn)
    }
    names = work.tx.rows(_NAMES, organization_id=session.organization_id) if inside else []
    return Connection(
        zones=tuple(row.name for row in names if row.id in inside),
        place=place,
        places_known=origin.locate is not nowhere,
        agent=user_agents.read(origin.user_agent),
        device_known=contextual.device_known(work, session),
        certificate=origin.certificate,
    )
