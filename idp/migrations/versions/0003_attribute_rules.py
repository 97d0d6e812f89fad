"""
What is sent under which name; further attributes of accounts; what a NameID is made of.

Revision: 0003
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Defaults of the server: the former release, which knows nothing of these, goes on inserting.
    op.add_column("release_policies", sa.Column("rules", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("accounts", sa.Column("attributes", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column(
        "service_providers", sa.Column("name_id_source", sa.String(length=1000), nullable=False, server_default="")
    )


def downgrade() -> None:
    op.drop_column("service_providers", "name_id_source")
    op.drop_column("accounts", "attributes")
    op.drop_column("release_policies", "rules")
