"""
Directories of others that write into ours: their clients, tokens and calls, and which accounts and groups are theirs.

Safe while the previous release runs: there are new tables only.

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op

from idp.base.tables import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provisioning_clients",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("name_key", sa.String(length=256), nullable=False),
        sa.Column("takes_over", sa.String(length=16), nullable=False),
        sa.Column("brake", sa.Integer(), nullable=True),
        sa.Column("braking_since", Instant(), nullable=True),
        sa.Column("braking_count", sa.Integer(), nullable=False),
        sa.Column("braking_left", sa.Integer(), nullable=False),
        sa.Column("stopped_at", Instant(), nullable=True),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("deleted_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_provisioning_clients_organization_id_organizations"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_provisioning_clients")),
        sa.UniqueConstraint(
            "organization_id", "name_key", name=op.f("uq_provisioning_clients_organization_id_name_key")
        ),
    )
    op.create_table(
        "provisioning_tokens",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "client_id"],
            ["provisioning_clients.organization_id", "provisioning_clients.id"],
            name=op.f("fk_provisioning_tokens_organization_id_client_id_provisioning_clients"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_provisioning_tokens_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_provisioning_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_provisioning_tokens_token_hash")),
    )
    op.create_index(
        "ix_provisioning_tokens_organization_id_client_id",
        "provisioning_tokens",
        ["organization_id", "client_id"],
        unique=False,
    )
    op.create_table(
        "provisioned_accounts",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("deactivated_at", Instant(), nullable=True),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=256), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("released_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "client_id"],
            ["provisioning_clients.organization_id", "provisioning_clients.id"],
            name=op.f("fk_provisioned_accounts_organization_id_client_id_provisioning_clients"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "id"],
            ["accounts.organization_id", "accounts.id"],
            name=op.f("fk_provisioned_accounts_organization_id_id_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_provisioned_accounts_organization_id_organizations"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_provisioned_accounts")),
    )
    op.create_index(
        "ix_provisioned_accounts_organization_id_client_id_id",
        "provisioned_accounts",
        ["organization_id", "client_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_provisioned_accounts_external_id",
        "provisioned_accounts",
        ["organization_id", "client_id", "external_id"],
        unique=True,
        sqlite_where=sa.text("external_id <> '' AND released_at IS NULL"),
        postgresql_where=sa.text("external_id <> '' AND released_at IS NULL"),
    )
    op.create_table(
        "provisioned_groups",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=256), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("released_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "client_id"],
            ["provisioning_clients.organization_id", "provisioning_clients.id"],
            name=op.f("fk_provisioned_groups_organization_id_client_id_provisioning_clients"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "id"],
            ["groups.organization_id", "groups.id"],
            name=op.f("fk_provisioned_groups_organization_id_id_groups"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_provisioned_groups_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_provisioned_groups")),
    )
    op.create_index(
        "ix_provisioned_groups_organization_id_client_id_id",
        "provisioned_groups",
        ["organization_id", "client_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_provisioned_groups_external_id",
        "provisioned_groups",
        ["organization_id", "client_id", "external_id"],
        unique=True,
        sqlite_where=sa.text("external_id <> '' AND released_at IS NULL"),
        postgresql_where=sa.text("external_id <> '' AND released_at IS NULL"),
    )
    op.create_table(
        "provisioning_calls",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("what", sa.String(length=128), nullable=False),
        sa.Column("target_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("said", sa.String(length=512), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "client_id"],
            ["provisioning_clients.organization_id", "provisioning_clients.id"],
            name=op.f("fk_provisioning_calls_organization_id_client_id_provisioning_clients"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_provisioning_calls_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_provisioning_calls")),
    )
    op.create_index("ix_provisioning_calls_at", "provisioning_calls", ["at"], unique=False)
    op.create_index(
        "ix_provisioning_calls_organization_id_client_id_id",
        "provisioning_calls",
        ["organization_id", "client_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_provisioning_calls_organization_id_target_id",
        "provisioning_calls",
        ["organization_id", "target_id"],
        unique=False,
    )
    op.create_table(
        "account_import_files",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "id"],
            ["account_imports.organization_id", "account_imports.id"],
            name=op.f("fk_account_import_files_organization_id_id_account_imports"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_account_import_files_organization_id_organizations"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_account_import_files")),
    )
    op.create_index("ix_account_import_files_created_at", "account_import_files", ["created_at"])


def downgrade() -> None:
    op.drop_table("account_import_files")
    op.drop_table("provisioning_calls")
    op.drop_table("provisioned_groups")
    op.drop_table("provisioned_accounts")
    op.drop_table("provisioning_tokens")
    op.drop_table("provisioning_clients")
