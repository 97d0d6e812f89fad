"""Tables of applications that are told of accounts: where, and whom somebody has to look at again."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.directory.models import Owned, owned_by


class ProvisioningTarget(Owned):
    """
    The SCIM endpoint of an application: where it is told of the accounts that may open it.

    ``token_sealed`` is the bearer token, which nobody reads again. ``everybody``: it is told of all who may open it; else of those
    of them who are in one of ``group_ids`` alone. ``pushed_group_ids`` are those that are made there as groups; ``mapping`` says which of our attributes is which of SCIM's. ``on_loss`` is what
    happens there to who may no longer open it: ``deactivate`` or ``delete``. More deactivations at once than
    ``brake_percent`` of the accounts there (and than twenty) wait for approval: ``held_at``.

    ``enabled_at`` is None while nothing is sent. ``stopped_at``: the endpoint has refused the token, nothing is sent until
    an administrator has looked. ``failing_since``, ``error``, ``tries`` and ``next_at`` are of an endpoint that does not
    answer. ``groups_due_at``: its groups are to be looked at; ``groups_locked_until``: somebody is at them.
    ``update_by`` is how accounts are changed there: ``patch``, or ``put`` where that is not known. What is
    noted in passing does not change ``version``, which is for people.
    """

    __tablename__ = "provisioning_targets"
    __table_args__ = (
        owned_by("application_id", "applications"),
        UniqueConstraint("organization_id", "application_id"),
    )

    application_id: Mapped[str] = mapped_column(String(64))
    endpoint: Mapped[str] = mapped_column(String(2048))
    token_sealed: Mapped[str] = mapped_column(String(16384), default="")
    everybody: Mapped[bool] = mapped_column(default=False)
    group_ids: Mapped[list[str]] = mapped_column(default=list)
    pushed_group_ids: Mapped[list[str]] = mapped_column(default=list)
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    on_loss: Mapped[str] = mapped_column(String(16), default="deactivate")
    brake_percent: Mapped[int] = mapped_column(Integer, default=10)
    update_by: Mapped[str] = mapped_column(String(8), default="patch")
    enabled_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(32), default="")
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    groups_due_at: Mapped[datetime | None]
    groups_locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class ProvisioningMark(Owned):
    """
    That something has changed of which applications are told, written in the transaction of the change.

    Each is a row of its own, never merged with another: one that is read while a further change commits takes nothing of
    that with it. ``application_id`` empty: whatever application; ``account_id`` empty: all accounts, looked at in parts
    (``cursor`` is the last one that was). ``due_at`` is in the future where access ends by a date.
    """

    __tablename__ = "provisioning_marks"
    __table_args__ = (Index("ix_provisioning_marks_due_at", "due_at"),)

    application_id: Mapped[str] = mapped_column(String(64), default="")
    account_id: Mapped[str] = mapped_column(String(64), default="")
    cursor: Mapped[str] = mapped_column(String(64), default="")
    due_at: Mapped[datetime]


class ToldAccount(Owned):
    """
    An account at a target: what is known of it there, and what is to be sent.

    ``state`` is ``waiting`` (something is to be sent), ``held`` (its deactivation waits for approval), ``there``, ``gone``
    (deactivated or deleted there) or ``failed`` (the endpoint did not take it). ``act`` is what is to be sent, or was
    sent last: ``create``, ``update`` or ``deactivate``. ``active``: it may be active there, as far as is known (from
    the moment before it is first sent). ``remote_id`` is its id there, ``digest`` of what was sent last, ``sent`` which
    attributes that had. ``turn`` counts the changes that somebody asked for: whoever was sending meanwhile notes no
    more than what it learned. The account may be gone from here (an import that was undone): then it goes there, too.
    """

    __tablename__ = "told_accounts"
    __table_args__ = (
        owned_by("target_id", "provisioning_targets", ondelete="CASCADE"),
        UniqueConstraint("organization_id", "target_id", "account_id"),
        Index("ix_told_accounts_organization_id_account_id", "organization_id", "account_id"),
        Index(
            "ix_told_accounts_organization_id_target_id_state_next_at",
            "organization_id",
            "target_id",
            "state",
            "next_at",
        ),
        Index(
            "ix_told_accounts_next_at",
            "next_at",
            sqlite_where=text("next_at IS NOT NULL"),
            postgresql_where=text("next_at IS NOT NULL"),
        ),
    )

    target_id: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    act: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=False)
    approved: Mapped[bool] = mapped_column(default=False)
    remote_id: Mapped[str] = mapped_column(String(256), default="")
    digest: Mapped[str] = mapped_column(String(64), default="")
    sent: Mapped[list[str]] = mapped_column(default=list)
    error: Mapped[str] = mapped_column(String(32), default="")
    tries: Mapped[int] = mapped_column(Integer, default=0)
    turn: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime | None]
    locked_until: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class ToldGroup(Owned):
    """A group at a target: its id there, the digest of what was sent last, how many members that had, what failed."""

    __tablename__ = "told_groups"
    __table_args__ = (
        owned_by("target_id", "provisioning_targets", ondelete="CASCADE"),
        UniqueConstraint("organization_id", "target_id", "group_id"),
    )

    target_id: Mapped[str] = mapped_column(String(64))
    group_id: Mapped[str] = mapped_column(String(64))
    remote_id: Mapped[str] = mapped_column(String(256), default="")
    digest: Mapped[str] = mapped_column(String(64), default="")
    members: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(String(32), default="")
    changed_at: Mapped[datetime]
