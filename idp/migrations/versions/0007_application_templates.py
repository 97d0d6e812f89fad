"""
Remember the application template that a service provider was registered from, and where its tile leads.

Revision: 0007
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Defaults of the server: the former release, which knows nothing of these, goes on inserting.
    op.add_column("service_providers", sa.Column("made_from", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column(
        "service_providers", sa.Column("start_url", sa.String(length=2048), nullable=False, server_default="")
    )


def downgrade() -> None:
    op.drop_column("service_providers", "start_url")
    op.drop_column("service_providers", "made_from")
