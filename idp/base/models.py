"""Tables of the ground: the installation itself, deferred work, messages to the outside."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.base.tables import Base


class Installation(Base):
    """The one row that says this database is initialised, and which wrapping key it was made with."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    initialized_at: Mapped[datetime]
    wrapping_check: Mapped[str] = mapped_column(String(512))


class Job(Base):
    """
    Deferred work, written in the transaction that asks for it; run at least once.

    ``key`` makes it idempotent. A job that failed too often is dead and stays visible.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_finished_at_run_at", "finished_at", "run_at"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(256), unique=True)
    organization_id: Mapped[str | None] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    run_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(2000), default="")


class OutboxMessage(Base):
    """A message to the outside (mail, http), written with its cause and sent after the commit."""

    __tablename__ = "outbox_messages"
    __table_args__ = (Index("ix_outbox_messages_sent_at_next_at", "sent_at", "next_at"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    organization_id: Mapped[str | None] = mapped_column(String(64))
    destination: Mapped[str] = mapped_column(String(2048))
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(2000), default="")
