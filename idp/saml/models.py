"""Tables of the SAML half of applications."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.base.tables import Base
from idp.directory.models import Owned, owned_by


class ServiceProvider(Base):
    """
    The SAML half of an application. Found by (site, entity ID).

    ``description`` is what we read from ``metadata``: endpoints, certificates, name formats,
    wants. The switches beside it are the administrator's and win over the metadata.
    ``name_id_source`` is the attribute or expression that names made of a value are made of.
    ``signing_key_id`` names the key that we sign with for it; empty: the active one of the site.
    ``made_from`` is the application template that it was registered from, with the fields that were given
    (empty: from none); ``start_url`` is where the launcher leads where that is not our side.
    It was described by hand where ``metadata_xml`` is empty. ``metadata_token`` is the part of the address at which it
    reads our metadata that nobody else can know: reading there shows that it knows a new key.

    Metadata at ``metadata_url`` is fetched again once ``refresh_due_at`` has come, and must be signed with
    ``metadata_key`` (a certificate) if there is one; what is new and may not be applied by itself waits in
    ``offered``. ``ends_at`` is when the next thing in its description ends, ``warn_at`` when that is to be
    said next; ``warned`` says what was said already.
    """

    __tablename__ = "service_providers"
    __table_args__ = (
        owned_by("application_id", "applications"),
        owned_by("site_id", "sites"),
        UniqueConstraint("site_id", "entity_id"),
        Index("ix_service_providers_entity_id", "entity_id"),
        Index("ix_service_providers_refresh_due_at", "refresh_due_at"),
        Index("ix_service_providers_ends_at", "ends_at"),
        Index("ix_service_providers_warn_at", "warn_at"),
    )

    organization_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    application_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    site_id: Mapped[str] = mapped_column(String(64))
    entity_id: Mapped[str] = mapped_column(String(1024))
    metadata_xml: Mapped[str] = mapped_column(Text)
    metadata_url: Mapped[str] = mapped_column(String(2048), default="")
    description: Mapped[dict[str, Any]]
    sign_response: Mapped[bool] = mapped_column(default=True)
    sign_assertion: Mapped[bool] = mapped_column(default=True)
    encrypt_assertion: Mapped[bool] = mapped_column(default=False)
    require_signed_requests: Mapped[bool] = mapped_column(default=False)
    nameid_format: Mapped[str] = mapped_column(String(256), default="")
    name_id_source: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    idp_initiated: Mapped[bool] = mapped_column(default=False)
    relay_states: Mapped[list[str]]
    signature_algorithm: Mapped[str] = mapped_column(String(16), default="rsa-sha256")
    encrypt_name_id: Mapped[bool] = mapped_column(default=False)
    context_map: Mapped[dict[str, Any]] = mapped_column(default=dict)
    legacy_algorithms: Mapped[list[str]] = mapped_column(default=list)
    legacy_until: Mapped[datetime | None]
    signing_key_id: Mapped[str] = mapped_column(String(64), default="")
    certificate_by_hand: Mapped[bool] = mapped_column(default=False)
    made_from: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    start_url: Mapped[str] = mapped_column(String(2048), default="", server_default="")
    metadata_key: Mapped[str] = mapped_column(Text, default="", server_default="")
    refreshed_at: Mapped[datetime | None]
    refresh_due_at: Mapped[datetime | None]
    refresh_error: Mapped[str] = mapped_column(String(2000), default="", server_default="")
    offered: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    ends_at: Mapped[datetime | None]
    warn_at: Mapped[datetime | None]
    warned: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    metadata_token: Mapped[str] = mapped_column(String(64), default="", server_default="")
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class RolloverStep(Base):
    """
    What is known of one service provider and one new key of ours.

    It is open from ``switched_at``, when we began to sign with that key for it, until ``closed_at``.
    ``fetched_at`` is when its own metadata address was read since the key was published,
    ``confirmed_at`` when an administrator said that it takes the key, ``answered_at`` when we first
    answered with it, ``proven_at`` when the service provider showed that it had taken such an answer.
    """

    __tablename__ = "rollover_steps"
    __table_args__ = (owned_by("application_id", "applications"), owned_by("key_id", "signing_keys"))

    organization_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    application_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    fetched_at: Mapped[datetime | None]
    fetched_by: Mapped[str] = mapped_column(String(256), default="")
    confirmed_at: Mapped[datetime | None]
    switched_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    proven_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class SamlSubject(Owned):
    """
    The persistent NameID that one service provider knows an account by: random, never reused.

    Rows are never deleted, so that a name of a former account is never given to another (X23). Of
    one account at one application one row is not terminated at most.
    """

    __tablename__ = "saml_subjects"
    __table_args__ = (
        Index("ix_saml_subjects_name_id", "name_id", unique=True),
        Index("ix_saml_subjects_organization_id_account_id", "organization_id", "account_id"),
        Index(
            "ix_saml_subjects_live",
            "organization_id",
            "application_id",
            "account_id",
            unique=True,
            sqlite_where=text("terminated_at IS NULL"),
            postgresql_where=text("terminated_at IS NULL"),
        ),
    )

    application_id: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str] = mapped_column(String(64))
    name_id: Mapped[str] = mapped_column(String(256))
    created_at: Mapped[datetime]
    terminated_at: Mapped[datetime | None]


class SamlName(Owned):
    """
    That a name made of attributes belongs to one account at one application, since it was first sent (X23).

    ``value_digest`` is of the form in which names are compared.
    """

    __tablename__ = "saml_names"
    __table_args__ = (
        UniqueConstraint("organization_id", "application_id", "value_digest"),
        Index("ix_saml_names_organization_id_account_id", "organization_id", "account_id"),
    )

    application_id: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str] = mapped_column(String(64))
    value: Mapped[str] = mapped_column(String(1024))
    value_digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
