"""
Remember where a service provider's metadata comes from, whose signature it must have, and what waits for approval.

With an index for what is asked at every sign-on (the policies that bear on one application among ten thousand).

Safe while the previous release runs: every column is nullable or has a server default.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

from idp.base.tables import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("service_providers") as table:
        table.add_column(sa.Column("metadata_key", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("refreshed_at", Instant(), nullable=True))
        table.add_column(sa.Column("refresh_due_at", Instant(), nullable=True))
        table.add_column(sa.Column("refresh_error", sa.String(length=2000), nullable=False, server_default=""))
        table.add_column(sa.Column("offered", sa.JSON(), nullable=True))
        table.add_column(sa.Column("ends_at", Instant(), nullable=True))
        table.add_column(sa.Column("warn_at", Instant(), nullable=True))
        table.add_column(sa.Column("warned", sa.JSON(), nullable=False, server_default="{}"))
    op.create_index("ix_service_providers_entity_id", "service_providers", ["entity_id"], unique=False)
    op.create_index("ix_service_providers_refresh_due_at", "service_providers", ["refresh_due_at"], unique=False)
    op.create_index("ix_service_providers_ends_at", "service_providers", ["ends_at"], unique=False)
    op.create_index("ix_service_providers_warn_at", "service_providers", ["warn_at"], unique=False)
    op.create_index(
        "ix_release_policies_organization_id_subject_id",
        "release_policies",
        ["organization_id", "subject_id"],
        unique=False,
    )
    op.execute("UPDATE service_providers SET refresh_due_at = updated_at WHERE metadata_url <> ''")
    op.execute("UPDATE service_providers SET warn_at = updated_at")
