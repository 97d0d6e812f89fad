"""
Service providers: a secret part in the address at which each reads our metadata.

Safe while the previous release runs: the new column has a default; what that release registers in the meantime has no
such address, and is switched to a new key by hand.

Revision: 0017
Follows: 0016
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "service_providers", sa.Column("metadata_token", sa.String(length=64), nullable=False, server_default="")
    )
    providers = sa.table(
        "service_providers", sa.column("organization_id"), sa.column("application_id"), sa.column("metadata_token")
    )
    connection = op.get_bind()
    for row in list(connection.execute(sa.select(providers.c.organization_id, providers.c.application_id))):
        connection.execute(
            sa.update(providers)
            .where(providers.c.organization_id == row.organization_id, providers.c.application_id == row.application_id)
            .values(metadata_token=secrets.token_urlsafe(16))
        )


def downgrade() -> None:
    op.drop_column("service_providers", "metadata_token")
