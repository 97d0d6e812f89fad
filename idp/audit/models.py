"""Tables of what happened. Copies, without foreign keys: they outlive what they speak of."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.base.tables import Base


class AuditEntry(Base):
    """One fact. Written by `audit.log.record` in the transaction of the effect, never changed."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_organization_id_at", "organization_id", "at"),
        Index("ix_audit_entries_target_id", "target_id"),
        Index("ix_audit_entries_organization_id_tag_at", "organization_id", "tag", "at"),
        Index("ix_audit_entries_organization_id_actor_id_at", "organization_id", "actor_id", "at"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]
    tag: Mapped[str] = mapped_column(String(64))
    organization_id: Mapped[str | None] = mapped_column(String(64))
    target_id: Mapped[str] = mapped_column(String(64))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(64))
    actor_name: Mapped[str] = mapped_column(String(320))
    door: Mapped[str] = mapped_column(String(16))
    ip: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    details: Mapped[dict[str, Any]]


class Attempt(Base):
    """
    How one sign-in, sign-on, logout or token request went: ordered steps and a plain cause.

    ``id`` is the reference that error pages show. ``context`` is what the evaluator judged
    by; with ``policy_version``, ``decision`` and ``rule`` it can be judged again later.
    Digests and structure only: no assertion, token, password or code is ever in it.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        Index("ix_attempts_organization_id_at", "organization_id", "at"),
        Index(
            "ix_attempts_account_id",
            "account_id",
            sqlite_where=text("account_id IS NOT NULL"),
            postgresql_where=text("account_id IS NOT NULL"),
        ),
        Index(
            "ix_attempts_refused",
            "organization_id",
            "at",
            sqlite_where=text("outcome = 'refused'"),
            postgresql_where=text("outcome = 'refused'"),
        ),
        Index(
            "ix_attempts_refused_by_application",
            "organization_id",
            "application_id",
            "at",
            sqlite_where=text("outcome = 'refused'"),
            postgresql_where=text("outcome = 'refused'"),
        ),
        Index(
            "ix_attempts_succeeded_by_application",
            "organization_id",
            "application_id",
            "at",
            sqlite_where=text("outcome = 'succeeded'"),
            postgresql_where=text("outcome = 'succeeded'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(32))
    organization_id: Mapped[str | None] = mapped_column(String(64))
    site_id: Mapped[str | None] = mapped_column(String(64))
    application_id: Mapped[str | None] = mapped_column(String(64))
    account_id: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    ip: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    code: Mapped[str] = mapped_column(String(64))
    cause: Mapped[str] = mapped_column(String(2000))
    policy_version: Mapped[int | None]
    decision: Mapped[str] = mapped_column(String(16))
    rule: Mapped[str] = mapped_column(String(128))
    context: Mapped[dict[str, Any]]
    steps: Mapped[list[dict[str, Any]]]
