"""
Tokens for APIs that people make themselves.

Safe while the previous release runs: new columns have defaults, and nothing is taken away.

Revision: 0012
Follows: 0011
"""

import sqlalchemy as sa
from alembic import op

from idp.base.tables import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("api_id", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=2048), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("ending", sa.String(length=8), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.Column("last_refused_at", Instant(), nullable=True),
        sa.Column("ending_told_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("revoked_because", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_api_tokens_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["accounts.organization_id", "accounts.id"],
            name=op.f("fk_api_tokens_organization_id_account_id_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "api_id"],
            ["apis.organization_id", "apis.id"],
            name=op.f("fk_api_tokens_organization_id_api_id_apis"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    for columns in (
        ["organization_id", "account_id"],
        ["organization_id", "api_id", "created_at"],
        ["organization_id", "created_at", "id"],
        ["expires_at"],
        ["revoked_at"],
    ):
        op.create_index(op.f(f"ix_api_tokens_{'_'.join(columns)}"), "api_tokens", columns)
    op.add_column("accounts", sa.Column("api_token_epoch", sa.Integer(), server_default="0", nullable=False))
    op.add_column("apis", sa.Column("takes_api_tokens", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column(
        "authentication_policies",
        sa.Column("api_token_days", sa.Integer(), server_default="365", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("authentication_policies", "api_token_days")
    op.drop_column("apis", "takes_api_tokens")
    op.drop_column("accounts", "api_token_epoch")
    op.drop_table("api_tokens")
