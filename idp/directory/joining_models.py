"""Tables of how people come in: invitations, imports, who may join, who asks for access."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.directory.models import Owned, owned_by


class Invitation(Owned):
    """An account that was invited, by whom, until when; the link itself is a one-time value of its own."""

    __tablename__ = "invitations"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        Index("ix_invitations_organization_id_account_id", "organization_id", "account_id"),
        Index("ix_invitations_organization_id_sent_at", "organization_id", "sent_at"),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    email: Mapped[str] = mapped_column(String(320))
    invited_by: Mapped[str] = mapped_column(String(64), default="")
    invited_by_name: Mapped[str] = mapped_column(String(320), default="")
    import_id: Mapped[str | None] = mapped_column(String(64))
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AccountImport(Owned):
    """
    A file of accounts: read, shown as a difference, applied, undone.

    ``state`` is ``reading``, ``previewed``, ``applying``, ``applied``, ``undoing`` or ``undone``; ``options`` what was chosen
    (groups, whether to invite); ``counts`` how many rows would do what.
    """

    __tablename__ = "account_imports"
    __table_args__ = (Index("ix_account_imports_organization_id_created_at", "organization_id", "created_at"),)

    file_name: Mapped[str] = mapped_column(String(256), default="")
    state: Mapped[str] = mapped_column(String(16))
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_by: Mapped[str] = mapped_column(String(64), default="")
    created_by_name: Mapped[str] = mapped_column(String(320), default="")
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class AccountImportFile(Owned):
    """The file of an import that is being read, under the import's id; it is gone once it was read."""

    __tablename__ = "account_import_files"
    __table_args__ = (
        owned_by("id", "account_imports", ondelete="CASCADE"),
        Index("ix_account_import_files_created_at", "created_at"),
    )

    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class AccountImportRow(Owned):
    """
    One row of an import: what it would do (``action``: ``create``, ``change``, ``unchanged``, ``wrong``) and what it did.

    ``number`` is the line of the file. ``outcome`` is empty until it is applied, then ``created``, ``changed`` or
    ``refused``; once undone ``removed``, ``disabled``, ``restored``, ``partly`` or ``kept``. ``done`` are the ids of the
    memberships that it began (by the id of the group).
    """

    __tablename__ = "account_import_rows"
    __table_args__ = (
        owned_by("import_id", "account_imports", ondelete="CASCADE"),
        UniqueConstraint("organization_id", "import_id", "number"),
        Index("ix_account_import_rows_organization_id_account_id", "organization_id", "account_id"),
    )

    import_id: Mapped[str] = mapped_column(String(64))
    number: Mapped[int] = mapped_column(Integer)
    email: Mapped[str] = mapped_column(String(320))
    action: Mapped[str] = mapped_column(String(16))
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    done: Mapped[dict[str, Any]] = mapped_column(default=dict)
    problem: Mapped[str] = mapped_column(String(512), default="")
    account_id: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16), default="")


class JoinRule(Owned):
    """Whose addresses are on ``domain`` may join, at once or when somebody has approved, and enters ``groups`` (ids)."""

    __tablename__ = "join_rules"
    __table_args__ = (UniqueConstraint("organization_id", "domain"),)

    domain: Mapped[str] = mapped_column(String(253))
    needs_approval: Mapped[bool] = mapped_column(default=True)
    notify: Mapped[bool] = mapped_column(default=True)
    kind: Mapped[str] = mapped_column(String(16), default="member")
    groups: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class JoinRequest(Owned):
    """Somebody who asked to join, and has proven their address. ``state``: ``pending``, ``approved``, ``denied``."""

    __tablename__ = "join_requests"
    __table_args__ = (
        Index("ix_join_requests_organization_id_state_created_at", "organization_id", "state", "created_at"),
        Index("ix_join_requests_organization_id_email_key", "organization_id", "email_key"),
        Index("ix_join_requests_organization_id_account_id", "organization_id", "account_id"),
    )

    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(256))
    rule_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(320), default="")
    answer: Mapped[str] = mapped_column(String(1024), default="")
    account_id: Mapped[str | None] = mapped_column(String(64))


class AccessRequest(Owned):
    """An account that asks for access to an application. ``state``: ``pending``, ``approved``, ``denied``, ``withdrawn``."""

    __tablename__ = "access_requests"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        owned_by("application_id", "applications"),
        Index("ix_access_requests_organization_id_state_created_at", "organization_id", "state", "created_at"),
        Index("ix_access_requests_organization_id_account_id", "organization_id", "account_id"),
        Index(
            "uq_access_requests_pending",
            "organization_id",
            "account_id",
            "application_id",
            unique=True,
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    application_id: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(1024))
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(320), default="")
    answer: Mapped[str] = mapped_column(String(1024), default="")
    grant_id: Mapped[str | None] = mapped_column(String(64))
