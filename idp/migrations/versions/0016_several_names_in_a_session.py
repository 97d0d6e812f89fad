"""
Participants of a session: a row for each name that an application was given.

Safe while the previous release runs: the new column has a default, and the previous release finds all rows of an
application by what it knows.

Revision: 0016
Follows: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_BEFORE = "uq_participants_organization_id_session_id_application_id"
_SINCE = "uq_participants_organization_id_session_id_application_id_subject_digest"


def upgrade() -> None:
    with op.batch_alter_table("participants") as participants:
        participants.add_column(sa.Column("subject_digest", sa.String(length=64), nullable=False, server_default=""))
        participants.drop_constraint(op.f(_BEFORE), type_="unique")
        participants.create_unique_constraint(
            op.f(_SINCE), ["organization_id", "session_id", "application_id", "subject_digest"]
        )


def downgrade() -> None:
    # One name of each application stays: the one that it was given last.
    op.execute(
        "DELETE FROM participants WHERE EXISTS (SELECT 1 FROM participants AS other"
        " WHERE other.organization_id = participants.organization_id AND other.session_id = participants.session_id"
        " AND other.application_id = participants.application_id AND (other.last_at > participants.last_at"
        " OR (other.last_at = participants.last_at AND other.id > participants.id)))"
    )
    with op.batch_alter_table("participants") as participants:
        participants.drop_constraint(op.f(_SINCE), type_="unique")
        participants.create_unique_constraint(op.f(_BEFORE), ["organization_id", "session_id", "application_id"])
        participants.drop_column("subject_digest")
