"""Tables of the directory. The organization is part of every key (threats D4)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from idp.base.db import Base


class Organization(Base):
    """The tenant. Owns accounts, groups, policies, sites, applications and its audit log."""

    __tablename__ = "organizations"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str] = mapped_column(String(256))
    created_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class Owned(Base):
    """What belongs to one organization: its key is (organization, id)."""

    __abstract__ = True

    @declared_attr
    @classmethod
    def organization_id(cls) -> Mapped[str]:
        return mapped_column(String(64), ForeignKey("organizations.id"), primary_key=True, sort_order=-2)

    id: Mapped[str] = mapped_column(String(64), primary_key=True, sort_order=-1)


def owned_by(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key into *table* that cannot leave the organization."""
    return ForeignKeyConstraint(
        ["organization_id", column], [f"{table}.organization_id", f"{table}.id"], ondelete=ondelete
    )


class Site(Owned):
    """
    A protocol face of the organization: own entity ID and issuer, own keys, own applications.

    From ``description`` to ``metadata_valid_days`` is what its SAML metadata says of it, and how.
    ``client_registration`` says which clients may register themselves: ``off`` (none), ``token``
    (those that bring an initial access token) or ``open``.
    """

    __tablename__ = "sites"

    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str] = mapped_column(String(256))
    accent: Mapped[str] = mapped_column(String(16), default="")
    support_contact: Mapped[str] = mapped_column(String(320), default="")
    pkce_for_public_clients_only: Mapped[bool] = mapped_column(default=False)
    client_registration: Mapped[str] = mapped_column(String(8), default="off")
    registered_clients_open_to_everyone: Mapped[bool] = mapped_column(default=False)
    registered_clients_may_be_legacy: Mapped[bool] = mapped_column(default=False)
    fetch_request_objects: Mapped[bool] = mapped_column(default=False)
    assertions_for_token_endpoint: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str] = mapped_column(String(1024), default="")
    logo_url: Mapped[str] = mapped_column(String(2048), default="")
    logo_width: Mapped[int] = mapped_column(Integer, default=0)
    logo_height: Mapped[int] = mapped_column(Integer, default=0)
    organization_url: Mapped[str] = mapped_column(String(2048), default="")
    technical_contact: Mapped[str] = mapped_column(String(320), default="")
    sign_metadata: Mapped[bool] = mapped_column(default=False)
    metadata_valid_days: Mapped[int] = mapped_column(Integer, default=365)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class Account(Owned):
    """
    A person, one per organization, who signs in once for all of its sites.

    ``epoch`` counts the events that end every sign-on of this account (disabled, password
    changed, "sign out everywhere"). Sessions and grants remember the epoch they were born
    in and are dead once it has moved on. ``email_key`` is the canonical form that is unique.
    ``attributes`` are further ones by name, each a list of texts (see `directory.attributes`).
    ``updated_at`` is when what is known of the person changed last (None: never, since an earlier release).
    ``kind`` is ``member``, ``guest`` (an external person) or ``break-glass`` (for emergencies; using it raises an alarm).
    ``policy_id`` is the authentication policy that it is in (None, for members only: the organization's default).
    ``grace_used`` counts sign-ins for which setting up a second step was put off.
    """

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("organization_id", "email_key"), Index("ix_accounts_email_key", "email_key"))

    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(256))
    given_name: Mapped[str] = mapped_column(String(256), default="")
    family_name: Mapped[str] = mapped_column(String(256), default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    kind: Mapped[str] = mapped_column(String(16), default="member", server_default="member")
    policy_id: Mapped[str | None] = mapped_column(String(64))
    grace_used: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class Group(Owned):
    """A named set of accounts of the organization."""

    __tablename__ = "groups"
    __table_args__ = (UniqueConstraint("organization_id", "name_key"),)

    name: Mapped[str] = mapped_column(String(256))
    name_key: Mapped[str] = mapped_column(String(256))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class Membership(Owned):
    """
    That an account is in a group, from one source, from and to a time.

    The account is a member while any of its sources' rows holds. ``source`` is ``manual``,
    ``rule:<id>``, ``scim:<client>``, ``sync:<source>`` or ``default``.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        owned_by("group_id", "groups"),
        owned_by("account_id", "accounts"),
        Index("ix_memberships_organization_id_account_id", "organization_id", "account_id"),
        Index("ix_memberships_organization_id_group_id", "organization_id", "group_id"),
    )

    group_id: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(128))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class RoleAssignment(Owned):
    """That an account administers the organization, or one site of it, in a role."""

    __tablename__ = "role_assignments"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        Index("ix_role_assignments_organization_id_account_id", "organization_id", "account_id"),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(64))
    site_id: Mapped[str | None] = mapped_column(String(64))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class Application(Owned):
    """
    What people sign in to, in neutral words: its name, tile and state.

    ``protocol`` says which half describes it: ``saml`` (a service provider) or ``oidc`` (a
    client). ``launch_url`` is written by that half. ``first_party`` marks the organization's
    own applications, which need no consent. ``access_policy_id`` is the access policy that it is
    under (None: the organization's default for applications). A deleted application stays as a tombstone.
    """

    __tablename__ = "applications"
    __table_args__ = (
        owned_by("site_id", "sites"),
        Index("ix_applications_organization_id_site_id", "organization_id", "site_id"),
    )

    site_id: Mapped[str] = mapped_column(String(64))
    protocol: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(256))
    launch_url: Mapped[str] = mapped_column(String(2048), default="")
    first_party: Mapped[bool] = mapped_column(default=False)
    access_policy_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class AccessGrant(Owned):
    """
    That everyone, a group or an account may open an application, from and to a time.

    ``subject_kind`` is ``everyone``, ``group`` or ``account``; ``subject_id`` is the
    organization's id for ``everyone``. No grant: no assertion and no token.
    """

    __tablename__ = "access_grants"
    __table_args__ = (
        owned_by("application_id", "applications"),
        Index("ix_access_grants_organization_id_application_id", "organization_id", "application_id"),
    )

    application_id: Mapped[str] = mapped_column(String(64))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
