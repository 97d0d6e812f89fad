"""Tables of the SAML half of applications."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.base.db import Base
from idp.directory.models import Owned, owned_by


class ServiceProvider(Base):
    """
    The SAML half of an application. Found by (site, entity ID).

    ``description`` is what we read from ``metadata``: endpoints, certificates, name formats,
    wants. The switches beside it are the administrator's and win over the metadata.
    """

    __tablename__ = "service_providers"
    __table_args__ = (
        owned_by("application_id", "applications"),
        owned_by("site_id", "sites"),
        UniqueConstraint("site_id", "entity_id"),
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
    idp_initiated: Mapped[bool] = mapped_column(default=False)
    relay_states: Mapped[list[str]]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class SamlSubject(Owned):
    """
    The persistent NameID that one service provider knows an account by: random, never reused.

    Rows are never deleted, so that a name of a former account is never given to another (X23). Of
    one account at one application one row is not terminated at most.
    """

    __tablename__ = "saml_subjects"
    __table_args__ = (
        Index("ix_saml_subjects_name_id", "name_id", unique=True),
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
