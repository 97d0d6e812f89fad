"""One unit of work: a transaction, and who is doing it, when, from where."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from idp.base.db import Transaction
from idp.base.values import quickly_made


@dataclass(frozen=True, slots=True)
class HeldRole:
    """
    A role that an actor holds: everywhere (no organization), in one organization, at one of its sites, or for one
    of its applications (then ``site_id`` is that of the application). ``permissions`` are those of a role of the organization's own; of one that comes with
    Ostiary they are known by its name.
    """

    role: str
    organization_id: str | None = None
    site_id: str | None = None
    application_id: str | None = None
    permissions: tuple[str, ...] = ()


@quickly_made
@dataclass(frozen=True, slots=True)
class Actor:
    """Who performs the work. ``kind`` is ``account``, ``client``, ``provisioning``, ``operator``, ``job`` or ``anonymous``."""

    kind: str
    id: str = ""
    name: str = ""
    organization_id: str | None = None
    roles: tuple[HeldRole, ...] = ()


ANONYMOUS = Actor("anonymous")


@quickly_made
@dataclass(frozen=True, slots=True)
class Place:
    """Where an address is, as far as it is known: ISO 3166 country, city, autonomous system, degrees."""

    country: str = ""
    city: str = ""
    asn: str = ""
    latitude: float | None = None
    longitude: float | None = None

    def __str__(self) -> str:
        """Return the place as people say it, as far as it is known: "Kraków, PL"."""
        return ", ".join(part for part in (self.city, self.country) if part)


_UNKNOWN = Place()


def nowhere(_ip: str) -> Place:
    """Return that nothing is known of where an address is."""
    return _UNKNOWN


@quickly_made
@dataclass(frozen=True, slots=True)
class Origin:
    """
    Where the work comes from. ``door`` is ``web``, ``cli``, ``api`` or ``job``.

    ``devices`` is what the browser's device cookie holds, unchecked; ``certificate`` the subject of a client
    certificate that the connection, or a trusted proxy, has verified. ``locate`` says where an address is.
    """

    door: str
    ip: str = ""
    request_id: str = ""
    user_agent: str = ""
    devices: str = ""
    certificate: str = ""
    locate: Callable[[str], Place] = nowhere


@quickly_made
@dataclass(frozen=True, slots=True)
class Work:
    """
    The one argument of every verb.

    Four fields, for ever: settings, request and application do not get in. A verb never
    commits; whoever made the work does.
    """

    tx: Transaction
    actor: Actor
    now: datetime
    origin: Origin
