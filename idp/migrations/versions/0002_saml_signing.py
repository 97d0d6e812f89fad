"""
Let each SAML service provider have its own way of signing, and let a site say more of itself in metadata.

Safe while the previous release runs: every column has a server default, and the new table is read
by nobody else.

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op

from idp.base.tables import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "service_providers",
        sa.Column("signature_algorithm", sa.String(length=16), nullable=False, server_default="rsa-sha256"),
    )
    op.add_column(
        "service_providers", sa.Column("encrypt_name_id", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("service_providers", sa.Column("context_map", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("service_providers", sa.Column("legacy_algorithms", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("service_providers", sa.Column("legacy_until", Instant(), nullable=True))
    op.add_column(
        "service_providers", sa.Column("signing_key_id", sa.String(length=64), nullable=False, server_default="")
    )
    op.add_column(
        "service_providers", sa.Column("certificate_by_hand", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("sites", sa.Column("description", sa.String(length=1024), nullable=False, server_default=""))
    op.add_column("sites", sa.Column("logo_url", sa.String(length=2048), nullable=False, server_default=""))
    op.add_column("sites", sa.Column("logo_width", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("sites", sa.Column("logo_height", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("sites", sa.Column("organization_url", sa.String(length=2048), nullable=False, server_default=""))
    op.add_column("sites", sa.Column("technical_contact", sa.String(length=320), nullable=False, server_default=""))
    op.add_column("sites", sa.Column("sign_metadata", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("sites", sa.Column("metadata_valid_days", sa.Integer(), nullable=False, server_default="365"))
    op.create_table(
        "rollover_steps",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("fetched_at", Instant(), nullable=True),
        sa.Column("fetched_by", sa.String(length=256), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("switched_at", Instant(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("proven_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "application_id"],
            ["applications.organization_id", "applications.id"],
            name=op.f("fk_rollover_steps_organization_id_application_id_applications"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "key_id"],
            ["signing_keys.organization_id", "signing_keys.id"],
            name=op.f("fk_rollover_steps_organization_id_key_id_signing_keys"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "application_id", "key_id", name=op.f("pk_rollover_steps")),
    )
