"""Tables of the launcher: how its tiles are laid out, for a group and by each person; and of pictures."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.directory.models import Owned, owned_by


class Picture(Owned):
    """
    A logo as our own pages show it: a PNG that we have made of what was uploaded (threats T12).

    Whoever knows its random id may see it: the page to sign in shows it.
    """

    __tablename__ = "pictures"
    __table_args__ = (Index("ix_pictures_id", "id", unique=True),)

    content: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]


class LauncherLayout(Owned):
    """
    How the launcher of whoever is in ``group_id`` is laid out (None: of everyone); the lowest ``rank`` counts.

    ``sections`` is a list of ``{"name": …, "applications": [id, …]}``. ``overrides``: it goes before what a person
    has arranged; else it is only where they begin.
    """

    __tablename__ = "launcher_layouts"
    __table_args__ = (owned_by("group_id", "groups", ondelete="CASCADE"),)

    group_id: Mapped[str | None] = mapped_column(String(64))
    rank: Mapped[int] = mapped_column(Integer)
    overrides: Mapped[bool] = mapped_column(default=False)
    sections: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class LauncherArrangement(Owned):
    """
    How a person has arranged their launcher: sections as in `LauncherLayout`, favourites. ``id`` is the account's.

    ``opened`` are the bookmarks that they opened last, each ``{"id": …, "at": …}`` (ISO 8601): nobody signs on to these, so
    nothing else tells.
    """

    __tablename__ = "launcher_arrangements"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "id"], ["accounts.organization_id", "accounts.id"], ondelete="CASCADE"
        ),
    )

    sections: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    favourites: Mapped[list[str]] = mapped_column(default=list)
    opened: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    updated_at: Mapped[datetime]
