"""The table of signing keys."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.base.tables import Base


class SigningKey(Base):
    """
    A key of a site, for one purpose. Life: ``next`` → ``active`` → ``retired`` → ``gone``.

    ``purpose`` is ``saml-signing`` or ``token-signing``; ``algorithm`` ``RSA-3072`` (a brought key: its size),
    ``RSA-2048``, ``P-256``, ``P-384``, ``P-521`` or ``Ed25519``. The private part is sealed by the vault for this row.
    ``id`` is also the public key id (``kid``).
    """

    __tablename__ = "signing_keys"
    __table_args__ = (Index("ix_signing_keys_organization_id_site_id", "organization_id", "site_id"),)

    organization_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    site_id: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(32))
    algorithm: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    private_sealed: Mapped[str] = mapped_column(Text)
    public_pem: Mapped[str] = mapped_column(Text)
    certificate_pem: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]
