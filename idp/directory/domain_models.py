"""The table of domains."""

from datetime import datetime

from sqlalchemy import Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from idp.directory.models import Owned, owned_by


class Domain(Owned):
    """
    A domain that an organization says is its own, and whether that is proven.

    ``name`` is in its A-label form (RFC 5890), ``state`` one of ``unverified``, ``verified``, ``missing-token`` (the
    proof was not found; its power lasts until the grace is over), ``frozen`` (no new claims, no deletions),
    ``superseded`` (another organization has proven it since) and ``removed``. Only who has power over a domain holds
    its ``held_name``: so one organization does, whoever writes at the same moment (threats T20).

    ``method`` is how it is proven: ``dns`` (a TXT record) or ``https`` (a file). ``claiming`` is ``manual`` or
    ``automatic``: whether new accounts on it become managed by themselves.
    """

    __tablename__ = "domains"
    __table_args__ = (
        UniqueConstraint("held_name"),
        Index("ix_domains_organization_id_name", "organization_id", "name"),
        Index("ix_domains_check_at", "check_at"),
    )

    name: Mapped[str] = mapped_column(String(253))
    held_name: Mapped[str | None] = mapped_column(String(253))
    state: Mapped[str] = mapped_column(String(16))
    method: Mapped[str] = mapped_column(String(8), default="dns")
    token: Mapped[str] = mapped_column(String(64))
    claiming: Mapped[str] = mapped_column(String(16), default="manual")
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    check_at: Mapped[datetime | None]
    missing_since: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    finding: Mapped[str] = mapped_column(String(1024), default="")
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class ClaimList(Owned):
    """Addresses (as their keys) that ``created_by`` has uploaded for a domain, for a day; see `directory.claim_lists`."""

    __tablename__ = "claim_lists"
    __table_args__ = (owned_by("domain_id", "domains"), Index("ix_claim_lists_created_at", "created_at"))

    domain_id: Mapped[str] = mapped_column(String(64))
    addresses: Mapped[list[str]] = mapped_column(default=list)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
