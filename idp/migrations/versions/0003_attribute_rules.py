"""
What is sent under which name; further attributes of accounts; what a NameID is made of, and whose it is.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

from idp.base.tables import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Defaults of the server: the former release, which knows nothing of these, goes on inserting.
    op.add_column("release_policies", sa.Column("rules", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("accounts", sa.Column("attributes", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column(
        "service_providers", sa.Column("name_id_source", sa.String(length=1000), nullable=False, server_default="")
    )
    op.create_table(
        "saml_names",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=1024), nullable=False),
        sa.Column("value_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_saml_names_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_saml_names")),
        sa.UniqueConstraint(
            "organization_id",
            "application_id",
            "value_digest",
            name=op.f("uq_saml_names_organization_id_application_id_value_digest"),
        ),
    )


def downgrade() -> None:
    op.drop_table("saml_names")
    op.drop_column("service_providers", "name_id_source")
    op.drop_column("accounts", "attributes")
    op.drop_column("release_policies", "rules")
