"""Tables that only the console reads: words to search by, long runs with their progress, counts by day."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Dialect, ForeignKey, Index, Integer, String, TypeDecorator
from sqlalchemy.orm import Mapped, mapped_column

from idp.base.tables import Base, sorted_text
from idp.base.texts import packed, unpacked
from idp.directory.models import Owned


class Sentences(TypeDecorator[list[str]]):
    """A list of sentences, kept so that each can be said in any language; one that was kept as text stays text."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> Any:
        """Return the sentences as JSON keeps them."""
        return None if value is None else [packed(one) for one in value]

    def process_result_value(self, value: Any, dialect: Dialect) -> list[str] | None:
        """Return the sentences that were kept."""
        return None if value is None else [unpacked(one) for one in value]


class SearchWord(Base):
    """
    A word by which something is found, folded (`directory.search`). Whoever begins to type it finds the target.

    Words are ordered by their characters in every database, or the beginning of one would be no range of the index.
    """

    __tablename__ = "search_words"
    __table_args__ = (
        Index("ix_search_words_organization_id_kind_target_id_word", "organization_id", "kind", "target_id", "word"),
    )

    organization_id: Mapped[str] = mapped_column(String(64), ForeignKey("organizations.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    word: Mapped[str] = mapped_column(sorted_text(128), primary_key=True)
    target_id: Mapped[str] = mapped_column(String(64), primary_key=True)


class Run(Owned):
    """
    Something long that an administrator has asked for, and how far it has come: it is done in steps by jobs.

    ``title`` is kept in English, for files and the audit log; ``parameters["title"]`` as a phrase, for pages (`runs.title`).
    ``state`` is ``waiting``, ``running``, ``finished``, ``stopped`` or ``failed``. ``findings`` are the first hundred
    things that could not be done, in plain words; ``result`` is what it found out, where that is what it was for.
    """

    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_organization_id_created_at", "organization_id", "created_at"),
        Index("ix_runs_state_created_at", "state", "created_at"),
    )

    kind: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(256), default="")
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    total: Mapped[int] = mapped_column(Integer, default=0)
    done: Mapped[int] = mapped_column(Integer, default=0)
    failed: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(16))
    cursor: Mapped[str] = mapped_column(String(320), default="")
    findings: Mapped[list[str]] = mapped_column(Sentences(), default=list)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_by: Mapped[str] = mapped_column(String(64), default="")
    created_by_name: Mapped[str] = mapped_column(String(320), default="")
    created_at: Mapped[datetime]
    stop_asked_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class DailyCount(Base):
    """
    How often something happened on a day (UTC): sign-ons by outcome, those of an application (`directory.daily_counts`).

    ``day`` is empty for what is of the last thirty days together.
    """

    __tablename__ = "daily_counts"

    organization_id: Mapped[str] = mapped_column(String(64), ForeignKey("organizations.id"), primary_key=True)
    measure: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(64), primary_key=True, default="")
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
