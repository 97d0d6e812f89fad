"""Audit events of runs: what is long and is done in steps."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    tag = "run.started"
    sentence = "started “{title}” ({total} in all)"
    kind: str
    title: str
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStopAsked(Event):
    tag = "run.stop-asked"
    sentence = "asked for “{title}” to be stopped after {done} of {total}; what was done stays done"
    title: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    tag = "run.ended"
    sentence = "came to the end of “{title}” ({state}): {done} done, {failed} not"
    title: str
    state: str
    done: int
    failed: int
