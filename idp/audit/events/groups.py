"""Audit events of groups."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCreated(Event):
    tag = "group.created"
    sentence = "created the group {name}"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAdded(Event):
    tag = "group.member-added"
    sentence = "added an account to the group {group} (source: {source})"
    group: str
    account_id: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemoved(Event):
    tag = "group.member-removed"
    sentence = "took an account out of the group {group}"
    group: str
    account_id: str
