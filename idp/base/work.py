"""One unit of work: a transaction, and who is doing it, when, from where."""

from dataclasses import dataclass
from datetime import datetime

from idp.base.db import Transaction


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that an actor holds: everywhere (no organization), in one organization, or at one of its sites."""

    role: str
    organization_id: str | None = None
    site_id: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who performs the work. ``kind`` is ``account``, ``client``, ``operator``, ``job`` or ``anonymous``."""

    kind: str
    id: str = ""
    name: str = ""
    organization_id: str | None = None
    roles: tuple[HeldRole, ...] = ()


ANONYMOUS = Actor("anonymous")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the work comes from. ``door`` is ``web``, ``cli``, ``api`` or ``job``."""

    door: str
    ip: str = ""
    request_id: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """
    The one argument of every verb.

    Four fields, for ever: settings, request and application do not get in. A verb never
    commits; whoever made the work does.
    """

    tx: Transaction
    actor: Actor
    now: datetime
    origin: Origin
