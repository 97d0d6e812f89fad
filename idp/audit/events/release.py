"""Audit events of what may be released, under which names."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePolicyChanged(Event):
    tag = "release-policy.changed"
    sentence = "changed what may be released from {before} to {after}"
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRulesChanged(Event):
    """What is sent under which names was changed for a level; ``changes`` has a line for every rule."""

    tag = "release-rules.changed"
    sentence = "changed what the {level} {name} sends under which names: {changes}"
    level: str
    name: str
    changes: tuple[str, ...]
