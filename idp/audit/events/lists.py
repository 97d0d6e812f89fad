"""Audit events of lists: who has taken one away as a file."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ListExported(Event):
    """A list was downloaded as a file; its target is the object that it is of, or the organization."""

    tag = "list.exported"
    sentence = "exported the list “{list}” ({filters})"
    list: str
    filters: str
