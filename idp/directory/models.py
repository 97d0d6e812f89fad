"""Tables of the directory. The organization is part of every key (threats D4)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Integer, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, validates

from idp.base.tables import Base, sorted_text


class Organization(Base):
    """
    The tenant. Owns accounts, groups, policies, sites, applications and its audit log.

    ``language`` is what its pages and mails speak to those who chose none (empty: the browser's). The console is an
    application, too: ``console_policy_id`` is the access policy that it is under (None: the default for applications).
    """

    __tablename__ = "organizations"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str] = mapped_column(String(256))
    created_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(String(16), default="", server_default="")
    console_policy_id: Mapped[str | None] = mapped_column(String(64))
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


def _domain_of(context: Any) -> str:
    return str(context.get_current_parameters()["email_key"]).rpartition("@")[2]


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
    (those that bring an initial access token) or ``open``. ``languages`` are those that its pages offer, best first
    (none: all that there are); ``picture_id`` is its logo on our own pages (`Picture`).
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
    languages: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    picture_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class FormerSlug(Base):
    """A short name that a site had once. No other site ever gets it: its issuer is known to applications."""

    __tablename__ = "former_slugs"

    slug: Mapped[str] = mapped_column(String(63), primary_key=True)
    organization_id: Mapped[str] = mapped_column(String(64), ForeignKey("organizations.id"))
    site_id: Mapped[str] = mapped_column(String(64))
    given_up_at: Mapped[datetime]


_ACTIVE = text("disabled_at IS NULL AND deletion_at IS NULL AND erased_at IS NULL")


class Account(Owned):
    """
    A person, one per organization, who signs in once for all of its sites.

    ``epoch`` counts the events that end every sign-on of this account (disabled, password
    changed, "sign out everywhere"). Sessions and grants remember the epoch they were born
    in and are dead once it has moved on. ``email_key`` is the canonical form that is unique,
    ``email_domain`` what stands in it behind the @ (whoever changes the one changes the other).
    ``attributes`` are further ones by name, each a list of texts (see `directory.attributes`); ``attribute_sources`` says
    of any attribute where it came from last (see `directory.attribute_sources`).
    ``updated_at`` is when what is known of the person changed last (None: never, since an earlier release).
    ``kind`` is ``member``, ``guest`` (an external person) or ``break-glass`` (for emergencies; using it raises an alarm).
    ``policy_id`` is the authentication policy that it is in (None, for members only: the organization's default).
    ``grace_used`` counts sign-ins for which setting up a second step was put off.

    A managed account was claimed through a verified domain: ``domain_id``, ``managed_at``. One that is scheduled for
    deletion cannot sign in, is erased at ``deletion_at``, and comes back as it was (``deletion_from``: ``active`` or
    ``disabled``) where that is cancelled. An erased one is a tombstone: no address, no name, its id never reused.
    ``created_through`` is how it came to be: ``administrator``, ``invitation``, ``import``, ``join-rule`` or
    ``provisioning``. ``last_active_at`` is when it signed in last, to within an hour. ``api_token_epoch`` counts what ends
    all API tokens of the person for good (disabled, "this was not me"); each remembers the one that it was made in.
    ``typed_by_person`` names what the person typed and no administrator has vouched for: rules of groups leave it out.
    ``vouched_email`` is the address that was vouched for last, where the person has chosen another one since: rules go by it.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("organization_id", "email_key"),
        Index("ix_accounts_email_key", "email_key"),
        Index("ix_accounts_organization_id_domain_id", "organization_id", "domain_id"),
        Index("ix_accounts_organization_id_kind", "organization_id", "kind", "email_key"),
        Index(
            "ix_accounts_organization_id_policy_id",
            "organization_id",
            "policy_id",
            "email_key",
            sqlite_where=text("policy_id IS NOT NULL"),
            postgresql_where=text("policy_id IS NOT NULL"),
        ),
        Index("ix_accounts_email_domain_organization_id", "email_domain", "organization_id"),
        Index(
            "ix_accounts_deletion_at",
            "deletion_at",
            sqlite_where=text("deletion_at IS NOT NULL"),
            postgresql_where=text("deletion_at IS NOT NULL"),
        ),
        # Counting everybody who may open something is counting this index.
        Index(
            "ix_accounts_active",
            "organization_id",
            "id",
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
    )

    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(sorted_text(320))
    email_domain: Mapped[str] = mapped_column(String(255), default=_domain_of, server_default="")
    name: Mapped[str] = mapped_column(String(256))
    given_name: Mapped[str] = mapped_column(String(256), default="")
    family_name: Mapped[str] = mapped_column(String(256), default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    attribute_sources: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    kind: Mapped[str] = mapped_column(String(16), default="member", server_default="member")
    policy_id: Mapped[str | None] = mapped_column(String(64))
    grace_used: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    domain_id: Mapped[str | None] = mapped_column(String(64))
    managed_at: Mapped[datetime | None]
    deletion_at: Mapped[datetime | None]
    deletion_from: Mapped[str] = mapped_column(String(16), default="", server_default="")
    erased_at: Mapped[datetime | None]
    last_active_at: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(String(16), default="", server_default="")
    created_through: Mapped[str] = mapped_column(String(16), default="administrator", server_default="administrator")
    typed_by_person: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    vouched_email: Mapped[str] = mapped_column(String(320), default="", server_default="")
    api_token_epoch: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}

    @validates("disabled_at")
    def _ends_api_tokens(self, _key: str, at: datetime | None) -> datetime | None:
        """Whoever disables an account, by whatever way, ends its API tokens: enabled again, it has none of them."""
        if at is not None:
            self.api_token_epoch = (self.api_token_epoch or 0) + 1
        return at


class Group(Owned):
    """
    A named set of accounts of the organization.

    ``kind`` says who decides who is in it: ``manual`` (administrators), ``rule`` (`GroupRule`) or ``provisioned``.
    Members of a group inside of it are members by the source ``group:<id>`` (`GroupNesting`). A deleted group stays
    as a tombstone: its id is never reused, and who was in it once can still be told; ``name_key`` is its id then.
    """

    __tablename__ = "groups"
    __table_args__ = (UniqueConstraint("organization_id", "name_key"),)

    name: Mapped[str] = mapped_column(String(256))
    name_key: Mapped[str] = mapped_column(sorted_text(256))
    kind: Mapped[str] = mapped_column(String(16), default="manual", server_default="manual")
    description: Mapped[str] = mapped_column(String(1024), default="", server_default="")
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class Membership(Owned):
    """
    That an account is in a group, from one source, from and to a time.

    The account is a member while any of its sources' rows holds. ``source`` is ``manual``,
    ``rule:<id>``, ``scim:<client>``, ``sync:<source>``, ``default`` or ``group:<id>`` (of a group inside of this one).
    """

    __tablename__ = "memberships"
    __table_args__ = (
        owned_by("group_id", "groups"),
        owned_by("account_id", "accounts"),
        Index("ix_memberships_organization_id_account_id", "organization_id", "account_id"),
        Index("ix_memberships_organization_id_group_id_account_id", "organization_id", "group_id", "account_id"),
    )

    group_id: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(128))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class Role(Owned):
    """A role of an organization's own: some of the permissions that there are (`policy.permissions.Permission`)."""

    __tablename__ = "roles"
    __table_args__ = (UniqueConstraint("organization_id", "name_key"),)

    name: Mapped[str] = mapped_column(String(256))
    name_key: Mapped[str] = mapped_column(String(256))
    description: Mapped[str] = mapped_column(String(1024), default="")
    permissions: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class RoleAssignment(Owned):
    """
    That an account, or whoever is in a group, administers the organization, one site or one application in a role.

    ``role`` is the name of one that comes with Ostiary (`policy.permissions.ROLES`), or the id of a `Role`.
    """

    __tablename__ = "role_assignments"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        owned_by("group_id", "groups"),
        Index("ix_role_assignments_organization_id_account_id", "organization_id", "account_id"),
        Index("ix_role_assignments_organization_id_group_id", "organization_id", "group_id"),
    )

    account_id: Mapped[str | None] = mapped_column(String(64))
    group_id: Mapped[str | None] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(64))
    site_id: Mapped[str | None] = mapped_column(String(64))
    application_id: Mapped[str | None] = mapped_column(String(64))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class Application(Owned):
    """
    What people sign in to, in neutral words: its name, tile and state.

    ``protocol`` says which half describes it: ``saml`` (a service provider), ``oidc`` (a
    client) or ``bookmark`` (none: a tile that leads to an address). ``launch_url`` is written by that half.
    ``requestable``: people may ask for access to it. ``note`` is what its tile tells them; ``picture_id`` its logo. ``first_party`` marks the organization's
    own applications, which need no consent. ``access_policy_id`` is the access policy that it is
    under (None: the organization's default for applications). A deleted application stays as a tombstone.
    """

    __tablename__ = "applications"
    __table_args__ = (
        owned_by("site_id", "sites"),
        Index("ix_applications_organization_id_site_id", "organization_id", "site_id"),
        Index("ix_applications_organization_id_name", "organization_id", "name"),
        Index(
            "ix_applications_organization_id_access_policy_id",
            "organization_id",
            "access_policy_id",
            sqlite_where=text("access_policy_id IS NOT NULL"),
            postgresql_where=text("access_policy_id IS NOT NULL"),
        ),
    )

    site_id: Mapped[str] = mapped_column(String(64))
    protocol: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(256))
    launch_url: Mapped[str] = mapped_column(String(2048), default="")
    first_party: Mapped[bool] = mapped_column(default=False)
    access_policy_id: Mapped[str | None] = mapped_column(String(64))
    requestable: Mapped[bool] = mapped_column(default=False, server_default=false())
    note: Mapped[str] = mapped_column(String(1024), default="", server_default="")
    picture_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class AccessGrant(Owned):
    """
    That everyone, a group or an account may open an application, from and to a time.

    ``subject_kind`` is ``everyone``, ``group`` or ``account``; ``subject_id`` is the
    organization's id for ``everyone``. No grant: no assertion and no token. ``reason`` is why it was given.
    """

    __tablename__ = "access_grants"
    __table_args__ = (
        owned_by("application_id", "applications"),
        Index("ix_access_grants_organization_id_application_id", "organization_id", "application_id"),
        Index("ix_access_grants_organization_id_subject_id", "organization_id", "subject_id"),
    )

    application_id: Mapped[str] = mapped_column(String(64))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(1024), default="", server_default="")
