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
class GroupChanged(Event):
    tag = "group.changed"
    sentence = "changed the group {name}: {before} became {after}"
    name: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDeleted(Event):
    tag = "group.deleted"
    sentence = "deleted the group {name}, which had {members} members and opened {applications}"
    name: str
    members: int
    applications: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemoved(Event):
    tag = "group.member-removed"
    sentence = "took an account out of the group {group} (source: {source})"
    group: str
    account_id: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNested(Event):
    tag = "group.nested"
    sentence = "put the group {child} inside of the group {group}"
    group: str
    child: str
    child_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupUnnested(Event):
    tag = "group.unnested"
    sentence = "took the group {child} out of the group {group}"
    group: str
    child: str
    child_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRuleWritten(Event):
    tag = "group.rule-written"
    sentence = "wrote the rule of the group {group}: {condition} (brake: {brake_percent} %)"
    group: str
    condition: str
    before: str
    brake_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRuleSwitchedOn(Event):
    tag = "group.rule-enabled"
    sentence = "switched the rule of the group {group} on"
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRuleSwitchedOff(Event):
    tag = "group.rule-disabled"
    sentence = "switched the rule of the group {group} off; whoever is a member stays"
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRuleRemoved(Event):
    tag = "group.rule-removed"
    sentence = "removed the rule of the group {group} (its members stayed: {members_kept})"
    group: str
    members_kept: bool
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRuleExceptionsChanged(Event):
    tag = "group.rule-exceptions-changed"
    sentence = "changed who is an exception to the rule of the group {group}"
    group: str
    added: list[str]
    removed: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRuleRan(Event):
    tag = "group.rule-applied"
    sentence = "let the rule of the group {group} run over everybody: {entered} entered, {left} left"
    group: str
    entered: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRuleHeld(Event):
    """A run would have let go of more members than the brake allows; nothing was changed."""

    tag = "group.rule-stopped"
    sentence = "stopped a run of the rule of the group {group}: {leaving} of {members} members would leave"
    group: str
    entering: int
    leaving: int
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultGroupMarked(Event):
    """Target: the application."""

    tag = "group.default-marked"
    sentence = "made {group} a default group of the application {application} for the role {role}"
    group: str
    group_id: str
    application: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultGroupUnmarked(Event):
    """Target: the application."""

    tag = "group.default-unmarked"
    sentence = "made {group} no default group of the application {application} for the role {role} any more"
    group: str
    group_id: str
    application: str
    role: str
