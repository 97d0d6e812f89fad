"""Tables of the directories of others that write into ours, and of what is theirs here."""

from datetime import datetime

from sqlalchemy import Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from idp.directory.models import Owned, owned_by


class ProvisioningClient(Owned):
    """
    Another directory that writes accounts and groups of one organization.

    ``takes_over`` says which accounts it may take over that it finds by their address: ``nothing``, ``managed`` ones,
    or all of the organization's ``domains``. ``brake`` is how many accounts it may deactivate, or give other
    addresses, within an hour (None: a tenth of its own); from ``braking_since`` on ``braking_count`` counts them, and
    ``braking_left`` the members that it takes out of groups. One that was stopped (``stopped_at``) waits
    for an administrator. ``failing_since`` is when it began to be refused what it wants to write. A deleted one stays
    as a tombstone; ``name_key`` is its id then.
    """

    __tablename__ = "provisioning_clients"
    __table_args__ = (UniqueConstraint("organization_id", "name_key"),)

    name: Mapped[str] = mapped_column(String(256))
    name_key: Mapped[str] = mapped_column(String(256))
    takes_over: Mapped[str] = mapped_column(String(16), default="managed")
    brake: Mapped[int | None] = mapped_column(Integer)
    braking_since: Mapped[datetime | None]
    braking_count: Mapped[int] = mapped_column(Integer, default=0)
    braking_left: Mapped[int] = mapped_column(Integer, default=0)
    stopped_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class ProvisioningToken(Owned):
    """A bearer token of a client; only its digest is kept. Two of one client may be good at the same time."""

    __tablename__ = "provisioning_tokens"
    __table_args__ = (
        owned_by("client_id", "provisioning_clients"),
        UniqueConstraint("token_hash"),
        Index("ix_provisioning_tokens_organization_id_client_id", "organization_id", "client_id"),
    )

    client_id: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class _Provisioned(Owned):
    """
    That an account or group of the same id is a client's. ``released_at``: no more, but it was.

    ``external_id`` is what the client calls it; ``version`` counts what changed of it that its own row does not show.
    """

    __abstract__ = True

    client_id: Mapped[str] = mapped_column(String(64))
    external_id: Mapped[str] = mapped_column(String(256), default="")
    since: Mapped[datetime]
    released_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, object]:
        return {"version_id_col": cls.version}


_NAMED = text("external_id <> '' AND released_at IS NULL")


class ProvisionedAccount(_Provisioned):
    """An account of a client. ``deactivated_at`` is when the client has deactivated it: only then it may wake it again."""

    __tablename__ = "provisioned_accounts"
    __table_args__ = (
        owned_by("id", "accounts"),
        owned_by("client_id", "provisioning_clients"),
        Index("ix_provisioned_accounts_organization_id_client_id_id", "organization_id", "client_id", "id"),
        Index(
            "uq_provisioned_accounts_external_id",
            "organization_id",
            "client_id",
            "external_id",
            unique=True,
            sqlite_where=_NAMED,
            postgresql_where=_NAMED,
        ),
    )

    deactivated_at: Mapped[datetime | None]


class ProvisionedGroup(_Provisioned):
    """A group of a client. ``changes`` counts, and ``changed_at`` dates, what of it stands in no column of its own."""

    __tablename__ = "provisioned_groups"
    __table_args__ = (
        owned_by("id", "groups"),
        owned_by("client_id", "provisioning_clients"),
        Index("ix_provisioned_groups_organization_id_client_id_id", "organization_id", "client_id", "id"),
        Index(
            "uq_provisioned_groups_external_id",
            "organization_id",
            "client_id",
            "external_id",
            unique=True,
            sqlite_where=_NAMED,
            postgresql_where=_NAMED,
        ),
    )

    changes: Mapped[int] = mapped_column(Integer, default=0)
    changed_at: Mapped[datetime]


class ProvisioningCall(Owned):
    """A call of a client and what came of it, in words; its id is that of the attempt."""

    __tablename__ = "provisioning_calls"
    __table_args__ = (
        owned_by("client_id", "provisioning_clients"),
        Index("ix_provisioning_calls_organization_id_client_id_id", "organization_id", "client_id", "id"),
        Index("ix_provisioning_calls_organization_id_target_id", "organization_id", "target_id"),
        Index("ix_provisioning_calls_at", "at"),
    )

    client_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    method: Mapped[str] = mapped_column(String(8))
    what: Mapped[str] = mapped_column(String(128))
    target_id: Mapped[str] = mapped_column(String(64), default="")
    status: Mapped[int] = mapped_column(Integer)
    said: Mapped[str] = mapped_column(String(512), default="")
