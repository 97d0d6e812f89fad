"""Tables of the OAuth half of applications."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.base.db import Base
from idp.directory.models import Owned, owned_by


class Client(Base):
    """
    The OAuth half of an application. ``registration`` is its RFC 7591 client metadata.

    The secret is stored as a fingerprint of 256 random bits; a public client has none.
    """

    __tablename__ = "clients"
    __table_args__ = (owned_by("application_id", "applications"), owned_by("site_id", "sites"))

    organization_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    application_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    site_id: Mapped[str] = mapped_column(String(64))
    client_id: Mapped[str] = mapped_column(String(64), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64), default="")
    registration: Mapped[dict[str, Any]]
    pkce_required: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class ClientOrigin(Base):
    """An origin that a public client's scripts run at: they may call us from there (CORS)."""

    __tablename__ = "client_origins"
    __table_args__ = (
        owned_by("application_id", "applications"),
        Index("ix_client_origins_site_id_origin", "site_id", "origin"),
    )

    organization_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    application_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    origin: Mapped[str] = mapped_column(String(255), primary_key=True)
    site_id: Mapped[str] = mapped_column(String(64))


class Grant(Owned):
    """
    What a person allowed a client in one sign-on; owns the tokens that came of it.

    Dead once revoked, or behind the account's epoch, or with its session unless ``offline``.
    """

    __tablename__ = "grants"
    __table_args__ = (
        owned_by("application_id", "applications"),
        owned_by("account_id", "accounts"),
        Index("ix_grants_organization_id_account_id", "organization_id", "account_id"),
        Index("ix_grants_organization_id_session_id", "organization_id", "session_id"),
    )

    application_id: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str] = mapped_column(String(64))
    session_id: Mapped[str] = mapped_column(String(64))
    epoch: Mapped[int] = mapped_column(Integer)
    subject: Mapped[str] = mapped_column(String(255))
    scope: Mapped[str] = mapped_column(String(1024))
    offline: Mapped[bool] = mapped_column(default=False)
    details: Mapped[dict[str, Any]]
    authenticated_at: Mapped[datetime]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str] = mapped_column(String(64), default="")


class RefreshToken(Owned):
    """
    One refresh token of a grant, as a fingerprint. Used once; a second use ends the grant (O21).
    """

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        owned_by("grant_id", "grants"),
        Index("ix_refresh_tokens_organization_id_grant_id", "organization_id", "grant_id"),
    )

    grant_id: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class RevokedToken(Base):
    """An access token (by its ``jti``) that was revoked before its time."""

    __tablename__ = "revoked_tokens"

    token_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    organization_id: Mapped[str] = mapped_column(String(64))
    revoked_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class OidcSubject(Owned):
    """The ``sub`` that clients know an account by: random, never reused (X23)."""

    __tablename__ = "oidc_subjects"
    __table_args__ = (
        Index("ix_oidc_subjects_subject", "subject", unique=True),
        Index(
            "ix_oidc_subjects_organization_id_account_id_sector", "organization_id", "account_id", "sector", unique=True
        ),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    sector: Mapped[str] = mapped_column(String(255), default="")
    subject: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
