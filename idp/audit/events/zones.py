"""Audit events of zones, and what the block list keeps out."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneCreated(Event):
    tag = "zone.created"
    sentence = "created the zone {name} ({usage}): {contents}"
    name: str
    usage: str
    contents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneChanged(Event):
    tag = "zone.changed"
    sentence = "changed the zone {name}: {changes}"
    name: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneDeleted(Event):
    tag = "zone.deleted"
    sentence = "deleted the zone {name}: {contents}"
    name: str
    contents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBlocked(Event):
    """A request came from a zone of the block list and got no answer; of one network so many in a minute are written."""

    tag = "request.blocked"
    sentence = "got no answer ({what}): the address is in the zone {zone} of the block list"
    attempt_id: str
    zone: str
    what: str
