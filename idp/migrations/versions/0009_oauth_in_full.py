"""
APIs and their scopes, opaque tokens, device codes, initial access tokens; what clients and sites say of them.

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

from idp.base.tables import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "apis",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("identifier", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("token_format", sa.String(length=8), nullable=False),
        sa.Column("token_seconds", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"],
            ["sites.organization_id", "sites.id"],
            name=op.f("fk_apis_organization_id_site_id_sites"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_apis_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_apis")),
    )
    op.create_index(
        "ix_apis_organization_id_site_id_identifier", "apis", ["organization_id", "site_id", "identifier"], unique=True
    )
    op.create_table(
        "registration_tokens",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"],
            ["sites.organization_id", "sites.id"],
            name=op.f("fk_registration_tokens_organization_id_site_id_sites"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_registration_tokens_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_registration_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_registration_tokens_token_hash")),
    )
    op.create_table(
        "api_scopes",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("api_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("description", sa.String(length=512), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "api_id"],
            ["apis.organization_id", "apis.id"],
            name=op.f("fk_api_scopes_organization_id_api_id_apis"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_api_scopes_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_api_scopes")),
    )
    op.create_index("ix_api_scopes_organization_id_api_id", "api_scopes", ["organization_id", "api_id"], unique=False)
    op.create_index(
        "ix_api_scopes_organization_id_site_id_name", "api_scopes", ["organization_id", "site_id", "name"], unique=True
    )
    op.create_table(
        "device_codes",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("device_code_hash", sa.String(length=64), nullable=False),
        sa.Column("user_code_hash", sa.String(length=64), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("client_ip", sa.String(length=64), nullable=False),
        sa.Column("client_agent", sa.String(length=256), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("grant_id", sa.String(length=64), nullable=True),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("polled_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "application_id"],
            ["applications.organization_id", "applications.id"],
            name=op.f("fk_device_codes_organization_id_application_id_applications"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"],
            ["sites.organization_id", "sites.id"],
            name=op.f("fk_device_codes_organization_id_site_id_sites"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_device_codes_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_device_codes")),
        sa.UniqueConstraint("device_code_hash", name=op.f("uq_device_codes_device_code_hash")),
        sa.UniqueConstraint("user_code_hash", name=op.f("uq_device_codes_user_code_hash")),
    )
    op.create_index(op.f("ix_device_codes_expires_at"), "device_codes", ["expires_at"], unique=False)
    op.create_table(
        "opaque_tokens",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("api_id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("grant_id", sa.String(length=64), nullable=True),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "api_id"],
            ["apis.organization_id", "apis.id"],
            name=op.f("fk_opaque_tokens_organization_id_api_id_apis"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "application_id"],
            ["applications.organization_id", "applications.id"],
            name=op.f("fk_opaque_tokens_organization_id_application_id_applications"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_opaque_tokens_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_opaque_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_opaque_tokens_token_hash")),
    )
    op.create_index(op.f("ix_opaque_tokens_expires_at"), "opaque_tokens", ["expires_at"], unique=False)
    op.create_table(
        "api_scope_grants",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("scope_id", sa.String(length=64), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("valid_to", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "scope_id"],
            ["api_scopes.organization_id", "api_scopes.id"],
            name=op.f("fk_api_scope_grants_organization_id_scope_id_api_scopes"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_api_scope_grants_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_api_scope_grants")),
    )
    op.create_index(
        "ix_api_scope_grants_organization_id_scope_id",
        "api_scope_grants",
        ["organization_id", "scope_id"],
        unique=False,
    )
    op.create_index(
        "ix_api_scope_grants_organization_id_subject_id",
        "api_scope_grants",
        ["organization_id", "subject_id"],
        unique=False,
    )
    # Defaults of the server: the former release, which knows nothing of these, goes on inserting.
    op.add_column("accounts", sa.Column("updated_at", Instant(), nullable=True))
    op.add_column("clients", sa.Column("sector", sa.String(length=255), nullable=False, server_default=""))
    op.add_column("clients", sa.Column("secret_made_at", Instant(), nullable=True))
    op.add_column("clients", sa.Column("self_registered", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(
        "clients", sa.Column("registration_token_hash", sa.String(length=64), nullable=False, server_default="")
    )
    op.add_column("grants", sa.Column("key_thumbprint", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("sites", sa.Column("client_registration", sa.String(length=8), nullable=False, server_default="off"))
    op.add_column(
        "sites",
        sa.Column("registered_clients_open_to_everyone", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "sites", sa.Column("registered_clients_may_be_legacy", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("sites", sa.Column("fetch_request_objects", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(
        "sites", sa.Column("assertions_for_token_endpoint", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.drop_column("sites", "assertions_for_token_endpoint")
    op.drop_column("sites", "fetch_request_objects")
    op.drop_column("sites", "registered_clients_may_be_legacy")
    op.drop_column("sites", "registered_clients_open_to_everyone")
    op.drop_column("sites", "client_registration")
    op.drop_column("grants", "key_thumbprint")
    op.drop_column("clients", "registration_token_hash")
    op.drop_column("clients", "self_registered")
    op.drop_column("clients", "secret_made_at")
    op.drop_column("clients", "sector")
    op.drop_column("accounts", "updated_at")
    op.drop_index("ix_api_scope_grants_organization_id_subject_id", table_name="api_scope_grants")
    op.drop_index("ix_api_scope_grants_organization_id_scope_id", table_name="api_scope_grants")
    op.drop_table("api_scope_grants")
    op.drop_index(op.f("ix_opaque_tokens_expires_at"), table_name="opaque_tokens")
    op.drop_table("opaque_tokens")
    op.drop_index(op.f("ix_device_codes_expires_at"), table_name="device_codes")
    op.drop_table("device_codes")
    op.drop_index("ix_api_scopes_organization_id_site_id_name", table_name="api_scopes")
    op.drop_index("ix_api_scopes_organization_id_api_id", table_name="api_scopes")
    op.drop_table("api_scopes")
    op.drop_table("registration_tokens")
    op.drop_index("ix_apis_organization_id_site_id_identifier", table_name="apis")
    op.drop_table("apis")
