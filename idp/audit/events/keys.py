"""Audit events of keys."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCreated(Event):
    tag = "key.created"
    sentence = "made a key for {purpose} ({algorithm}), {state}"
    purpose: str
    algorithm: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyImported(Event):
    tag = "key.imported"
    sentence = "brought a key for {purpose} ({algorithm}), {state}"
    purpose: str
    algorithm: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStateChanged(Event):
    tag = "key.state-changed"
    sentence = "moved a key for {purpose} from {before} to {after}"
    purpose: str
    before: str
    after: str
