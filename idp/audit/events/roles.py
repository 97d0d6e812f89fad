"""Audit events of roles, and what was refused for want of one."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted(Event):
    """
    An account or a group (the target) was given a role.

    ``subject`` is its address or name, ``scope`` where it holds: ``organization``, or the name of a site or application.
    """

    tag = "role.granted"
    sentence = "gave {subject} the role {role} for {scope} (until: {until}; reason: {reason})"
    role: str
    subject: str = "an account"
    scope: str = "the organization"
    site_id: str | None = None
    application_id: str | None = None
    until: str = "withdrawn"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleWithdrawn(Event):
    """A role was taken from an account or a group (the target)."""

    tag = "role.withdrawn"
    sentence = "took the role {role} for {scope} from {subject} (reason: {reason})"
    role: str
    subject: str
    scope: str
    site_id: str | None = None
    application_id: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCreated(Event):
    """The organization has a role of its own (the target) more."""

    tag = "role.created"
    sentence = "created the role {name} with {permissions}"
    name: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChanged(Event):
    """A role of the organization's own was changed; only what did is named."""

    tag = "role.changed"
    sentence = "changed the role {name} from {before} to {after}"
    name: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDeleted(Event):
    tag = "role.deleted"
    sentence = "deleted the role {name}"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDenied(Event):
    """A verb refused an actor (recorded by the door, in a transaction of its own)."""

    tag = "access.denied"
    sentence = "was not allowed to do this: {what}"
    what: str
