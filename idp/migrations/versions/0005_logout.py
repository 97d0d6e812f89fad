"""
Single logout: logouts and their steps; names that were terminated beside the one that is in use.

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op

from idp.base.tables import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "logouts",
        sa.Column("handle_hash", sa.String(length=64), nullable=True),
        sa.Column("browser_hash", sa.String(length=64), nullable=True),
        sa.Column("claim_until", Instant(), nullable=True),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("because", sa.String(length=64), nullable=False),
        sa.Column("started_by", sa.String(length=64), nullable=False),
        sa.Column("resume_url", sa.String(length=256), nullable=False),
        sa.Column("protocol_state", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("resumed_at", Instant(), nullable=True),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_logouts_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_logouts")),
        sa.UniqueConstraint("handle_hash", name=op.f("uq_logouts_handle_hash")),
    )
    op.create_index(op.f("ix_logouts_created_at"), "logouts", ["created_at"])
    op.create_table(
        "logout_steps",
        sa.Column("logout_id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("application_name", sa.String(length=256), nullable=False),
        sa.Column("protocol", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.JSON(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("visit_url", sa.String(length=256), nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=500), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("until", Instant(), nullable=True),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "logout_id"],
            ["logouts.organization_id", "logouts.id"],
            name=op.f("fk_logout_steps_organization_id_logout_id_logouts"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_logout_steps_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_logout_steps")),
    )
    op.create_index("ix_logout_steps_organization_id_logout_id", "logout_steps", ["organization_id", "logout_id"])
    op.create_index("ix_logout_steps_organization_id_session_id", "logout_steps", ["organization_id", "session_id"])
    op.create_index("ix_logout_steps_message_id", "logout_steps", ["message_id"], unique=True)
    with op.batch_alter_table("saml_subjects") as subjects:
        subjects.drop_constraint(op.f("uq_saml_subjects_organization_id_application_id_account_id"), type_="unique")
    op.create_index(
        "ix_saml_subjects_live",
        "saml_subjects",
        ["organization_id", "application_id", "account_id"],
        unique=True,
        sqlite_where=sa.text("terminated_at IS NULL"),
        postgresql_where=sa.text("terminated_at IS NULL"),
    )
