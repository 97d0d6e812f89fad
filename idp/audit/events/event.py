"""What every audit event is: a frozen dataclass with a tag ``noun.past-tense`` and a sentence."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    What every event has: whose organization, and what it happened to.

    A detail cannot be forgotten or misspelled, and a secret has no field to go in. ``sentence`` is what an entry
    says to a person, after the name of whoever did it; its fields stand in braces.
    """

    tag: ClassVar[str] = ""
    sentence: ClassVar[str] = ""
    organization_id: str | None
    target_id: str
