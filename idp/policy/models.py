"""Policies that an administrator changes at run time."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from idp.base.db import Base


class AuthenticationPolicy(Base):
    """
    How the accounts of an organization sign in. One is the organization's default.

    ``second_step`` is ``off``, ``optional`` (asked of those who have one) or ``required``.
    """

    __tablename__ = "authentication_policies"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    organization_id: Mapped[str] = mapped_column(String(64), ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(256))
    is_default: Mapped[bool]
    second_step: Mapped[str] = mapped_column(String(16), default="required")
    password_minimum: Mapped[int] = mapped_column(Integer, default=12)
    session_idle_seconds: Mapped[int] = mapped_column(Integer, default=3600)
    session_absolute_seconds: Mapped[int] = mapped_column(Integer, default=43200)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def session_idle(self) -> timedelta:
        return timedelta(seconds=self.session_idle_seconds)

    @property
    def session_absolute(self) -> timedelta:
        return timedelta(seconds=self.session_absolute_seconds)


class ReleasePolicy(Base):
    """
    Which attributes may leave, and what is sent: of the whole organization, of a site, or to one application.

    An attribute leaves only where every level that names any names it; ``attributes`` is None (JSON
    null) where a level names none, and so says nothing. ``rules`` are those of `policy.rules`.
    """

    __tablename__ = "release_policies"
    __table_args__ = (
        UniqueConstraint("organization_id", "level", "subject_id"),
        Index("ix_release_policies_organization_id_subject_id", "organization_id", "subject_id"),
    )

    organization_id: Mapped[str] = mapped_column(String(64), ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    level: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(64))
    attributes: Mapped[list[str] | None] = mapped_column(JSON, nullable=False)
    rules: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}
