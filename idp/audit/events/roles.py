"""Audit events of roles, and what was refused for want of one."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted(Event):
    tag = "role.granted"
    sentence = "made an account {role}"
    role: str
    site_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDenied(Event):
    """A verb refused an actor (recorded by the door, in a transaction of its own)."""

    tag = "access.denied"
    sentence = "was not allowed to do this: {what}"
    what: str
