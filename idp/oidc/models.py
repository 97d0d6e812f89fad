"""Tables of the OAuth half of applications, and of the APIs that tokens are for."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, false
from sqlalchemy.orm import Mapped, mapped_column

from idp.base.tables import Base
from idp.directory.models import Owned, owned_by


class Client(Base):
    """
    The OAuth half of an application. ``registration`` is its RFC 7591 client metadata.

    The secret is stored as a fingerprint of 256 random bits; a public client has none. ``secret_made_at`` is
    None for one of a release that did not keep it: then it is as old as the client. ``sector`` is
    the sector identifier of pairwise subjects, empty for public ones (OpenID Connect Core 8.1).
    A client that registered itself has ``self_registered`` and the fingerprint of its registration
    access token (RFC 7592 section 3). ``made_from`` is the application template that it was registered from, with the
    fields that were given; empty: from none.
    """

    __tablename__ = "clients"
    __table_args__ = (owned_by("application_id", "applications"), owned_by("site_id", "sites"))

    organization_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    application_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    site_id: Mapped[str] = mapped_column(String(64))
    client_id: Mapped[str] = mapped_column(String(64), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64), default="")
    secret_made_at: Mapped[datetime | None]
    registration: Mapped[dict[str, Any]]
    pkce_required: Mapped[bool] = mapped_column(default=True)
    sector: Mapped[str] = mapped_column(String(255), default="")
    self_registered: Mapped[bool] = mapped_column(default=False)
    registration_token_hash: Mapped[str] = mapped_column(String(64), default="")
    made_from: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
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
    ``key_thumbprint`` binds its refresh tokens to a key of a public client (RFC 9449 section 5).
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
    key_thumbprint: Mapped[str] = mapped_column(String(64), default="")
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


class Api(Owned):
    """
    A resource server of a site: what an access token can be for (RFC 8707).

    ``identifier`` is its audience, an absolute URI. ``token_format`` is ``jwt`` (RFC 9068) or
    ``opaque``; ``token_seconds`` how long a token for it lives. It proves who it is at the
    introspection endpoint by its id and a secret, of which the fingerprint is kept. ``takes_api_tokens``: people
    may make tokens of their own for it (`ApiToken`).
    """

    __tablename__ = "apis"
    __table_args__ = (
        owned_by("site_id", "sites"),
        Index("ix_apis_organization_id_site_id_identifier", "organization_id", "site_id", "identifier", unique=True),
    )

    site_id: Mapped[str] = mapped_column(String(64))
    identifier: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(256))
    token_format: Mapped[str] = mapped_column(String(8))
    token_seconds: Mapped[int] = mapped_column(Integer)
    secret_hash: Mapped[str] = mapped_column(String(64), default="")
    takes_api_tokens: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class ApiScope(Owned):
    """
    One thing that can be done at an API. ``name`` is unique among the APIs of a site, so that a scope
    belongs to one API; ``description`` is the sentence that a person agrees to.
    """

    __tablename__ = "api_scopes"
    __table_args__ = (
        owned_by("api_id", "apis", ondelete="CASCADE"),
        Index("ix_api_scopes_organization_id_site_id_name", "organization_id", "site_id", "name", unique=True),
        Index("ix_api_scopes_organization_id_api_id", "organization_id", "api_id"),
    )

    site_id: Mapped[str] = mapped_column(String(64))
    api_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(128))
    description: Mapped[str] = mapped_column(String(512))
    created_at: Mapped[datetime]


class ApiScopeGrant(Owned):
    """
    That everyone, a group, an account or a client may have a scope of an API, from and to a time.

    ``subject_kind`` is ``everyone``, ``group`` or ``account`` (what a person may do), or
    ``application`` (what a client may ask for). Without a grant of both kinds: no such scope.
    """

    __tablename__ = "api_scope_grants"
    __table_args__ = (
        owned_by("scope_id", "api_scopes", ondelete="CASCADE"),
        Index("ix_api_scope_grants_organization_id_scope_id", "organization_id", "scope_id"),
        Index("ix_api_scope_grants_organization_id_subject_id", "organization_id", "subject_id"),
    )

    scope_id: Mapped[str] = mapped_column(String(64))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class OpaqueToken(Owned):
    """
    An access token for an API that wants opaque ones, as a fingerprint. ``grant_id`` is None where the
    client acts for itself.
    """

    __tablename__ = "opaque_tokens"
    __table_args__ = (
        owned_by("api_id", "apis", ondelete="CASCADE"),
        owned_by("application_id", "applications"),
    )

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    api_id: Mapped[str] = mapped_column(String(64))
    application_id: Mapped[str] = mapped_column(String(64))
    grant_id: Mapped[str | None] = mapped_column(String(64))
    claims: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ApiToken(Owned):
    """
    A token that a person made for one API, to use it by programs of their own; of the token itself a fingerprint.

    ``scope`` is what was chosen then: what it is good for is that of it which the person may do now. ``subject`` is as
    whom the API knows the person; ``ending`` are the last characters, by which people tell tokens apart. It is dead once its account has another ``api_token_epoch``.
    ``last_used_at`` and ``last_refused_at`` are written once an hour at most; ``ending_told_at`` is when its person was
    told that it is over soon.
    """

    __tablename__ = "api_tokens"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        owned_by("api_id", "apis", ondelete="CASCADE"),
        Index("ix_api_tokens_organization_id_account_id", "organization_id", "account_id"),
        Index("ix_api_tokens_organization_id_api_id_created_at", "organization_id", "api_id", "created_at"),
        Index("ix_api_tokens_organization_id_created_at_id", "organization_id", "created_at", "id"),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    site_id: Mapped[str] = mapped_column(String(64))
    api_id: Mapped[str] = mapped_column(String(64))
    label: Mapped[str] = mapped_column(String(100))
    scope: Mapped[str] = mapped_column(String(2048))
    subject: Mapped[str] = mapped_column(String(255))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    ending: Mapped[str] = mapped_column(String(8))
    epoch: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    last_used_at: Mapped[datetime | None]
    last_refused_at: Mapped[datetime | None]
    ending_told_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None] = mapped_column(index=True)
    revoked_because: Mapped[str] = mapped_column(String(64), default="")


class DeviceCode(Owned):
    """
    A device that waits for a person to let it in (RFC 8628).

    Both codes are kept as fingerprints. ``state`` is ``waiting``, ``allowed``, ``denied`` or
    ``used``; only the first and the last step change it, each by one conditional statement.
    ``client_ip`` and ``client_agent`` say where the request came from, for the person to compare.
    """

    __tablename__ = "device_codes"
    __table_args__ = (owned_by("application_id", "applications"), owned_by("site_id", "sites"))

    site_id: Mapped[str] = mapped_column(String(64))
    application_id: Mapped[str] = mapped_column(String(64))
    device_code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    asked: Mapped[dict[str, Any]]
    client_ip: Mapped[str] = mapped_column(String(64), default="")
    client_agent: Mapped[str] = mapped_column(String(256), default="")
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    grant_id: Mapped[str | None] = mapped_column(String(64))
    interval_seconds: Mapped[int] = mapped_column(Integer)
    polled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    settled_at: Mapped[datetime | None]


class RegistrationToken(Owned):
    """
    An initial access token: whoever holds it may register clients at the site (RFC 7591 section 3).

    ``uses_left`` counts down by one conditional statement; None: as many as wanted until ``expires_at``.
    """

    __tablename__ = "registration_tokens"
    __table_args__ = (owned_by("site_id", "sites"),)

    site_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(256))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    uses_left: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
