"""Tables of groups inside of groups, of rules for groups, and of the default groups of applications."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from idp.directory.models import Owned, owned_by


class GroupNesting(Owned):
    """That the members of one group are members of another one, from and to a time. There is never a circle."""

    __tablename__ = "group_nestings"
    __table_args__ = (
        owned_by("parent_id", "groups"),
        owned_by("child_id", "groups"),
        Index("ix_group_nestings_organization_id_parent_id", "organization_id", "parent_id"),
        Index("ix_group_nestings_organization_id_child_id", "organization_id", "child_id"),
    )

    parent_id: Mapped[str] = mapped_column(String(64))
    child_id: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class GroupRule(Owned):
    """
    Who is in a group by rule: every account of which ``condition`` is true, but for ``exceptions`` (account ids).

    ``active_at`` is None until it is switched on. A run that would let go of more than ``brake_percent`` of the
    members does nothing but write down what it would do: ``held_at``, ``held``.
    """

    __tablename__ = "group_rules"
    __table_args__ = (owned_by("group_id", "groups"), UniqueConstraint("organization_id", "group_id"))

    group_id: Mapped[str] = mapped_column(String(64))
    condition: Mapped[str] = mapped_column(String(4000))
    exceptions: Mapped[list[str]] = mapped_column(default=list)
    brake_percent: Mapped[int] = mapped_column(Integer, default=20)
    active_at: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    held: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class DefaultGroup(Owned):
    """
    That a group is a default one of an application in a role (``user`` or ``administrator``).

    Whoever is given that role is put into all of its default groups. A default group cannot be deleted.
    """

    __tablename__ = "default_groups"
    __table_args__ = (
        owned_by("application_id", "applications"),
        owned_by("group_id", "groups"),
        UniqueConstraint("organization_id", "application_id", "role", "group_id"),
        Index("ix_default_groups_organization_id_group_id", "organization_id", "group_id"),
    )

    application_id: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    group_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
