"""
Applications that are told of accounts; the address of an account that was vouched for last.

Revision: 0014
Follows: 0013
"""

import sqlalchemy as sa
from alembic import op

from idp.base.tables import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


_ACTIVE = sa.text("disabled_at IS NULL AND deletion_at IS NULL AND erased_at IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_accounts_active", "accounts", ["organization_id", "id"], sqlite_where=_ACTIVE, postgresql_where=_ACTIVE
    )
    op.create_table(
        "provisioning_targets",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("endpoint", sa.String(length=2048), nullable=False),
        sa.Column("token_sealed", sa.String(length=16384), nullable=False),
        sa.Column("everybody", sa.Boolean(), nullable=False),
        sa.Column("group_ids", sa.JSON(), nullable=False),
        sa.Column("pushed_group_ids", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("on_loss", sa.String(length=16), nullable=False),
        sa.Column("brake_percent", sa.Integer(), nullable=False),
        sa.Column("update_by", sa.String(length=8), nullable=False),
        sa.Column("enabled_at", Instant(), nullable=True),
        sa.Column("stopped_at", Instant(), nullable=True),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column("error", sa.String(length=32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("held_at", Instant(), nullable=True),
        sa.Column("told_at", Instant(), nullable=True),
        sa.Column("groups_due_at", Instant(), nullable=True),
        sa.Column("groups_locked_until", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "application_id"],
            ["applications.organization_id", "applications.id"],
            name=op.f("fk_provisioning_targets_organization_id_application_id_applications"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_provisioning_targets_organization_id_organizations"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_provisioning_targets")),
        sa.UniqueConstraint(
            "organization_id", "application_id", name=op.f("uq_provisioning_targets_organization_id_application_id")
        ),
    )
    op.create_table(
        "provisioning_marks",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("cursor", sa.String(length=64), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_provisioning_marks_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_provisioning_marks")),
    )
    op.create_index("ix_provisioning_marks_due_at", "provisioning_marks", ["due_at"])
    op.create_table(
        "told_accounts",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("target_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("remote_id", sa.String(length=256), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sent", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(length=32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("locked_until", Instant(), nullable=True),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "target_id"],
            ["provisioning_targets.organization_id", "provisioning_targets.id"],
            name=op.f("fk_told_accounts_organization_id_target_id_provisioning_targets"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_told_accounts_organization_id_organizations"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_told_accounts")),
        sa.UniqueConstraint(
            "organization_id",
            "target_id",
            "account_id",
            name=op.f("uq_told_accounts_organization_id_target_id_account_id"),
        ),
    )
    op.create_index("ix_told_accounts_organization_id_account_id", "told_accounts", ["organization_id", "account_id"])
    op.create_index(
        "ix_told_accounts_organization_id_target_id_state_next_at",
        "told_accounts",
        ["organization_id", "target_id", "state", "next_at"],
    )
    op.create_index(
        "ix_told_accounts_next_at",
        "told_accounts",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_table(
        "told_groups",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("target_id", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("remote_id", sa.String(length=256), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=32), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "target_id"],
            ["provisioning_targets.organization_id", "provisioning_targets.id"],
            name=op.f("fk_told_groups_organization_id_target_id_provisioning_targets"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_told_groups_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_told_groups")),
        sa.UniqueConstraint(
            "organization_id",
            "target_id",
            "group_id",
            name=op.f("uq_told_groups_organization_id_target_id_group_id"),
        ),
    )
    op.add_column("accounts", sa.Column("vouched_email", sa.String(length=320), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_index("ix_accounts_active", "accounts")
    op.drop_column("accounts", "vouched_email")
    op.drop_table("told_groups")
    op.drop_table("told_accounts")
    op.drop_table("provisioning_marks")
    op.drop_table("provisioning_targets")
