"""
Messages that were accepted: on SQLite one tree instead of a table and two indexes; elsewhere nothing changes.

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op

from idp.base.tables import Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.drop_index("ix_seen_messages_expires_at", table_name="seen_messages")
    _make_anew(with_rowid=False)


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    _make_anew(with_rowid=True)
    op.create_index("ix_seen_messages_expires_at", "seen_messages", ["expires_at"])


def _make_anew(*, with_rowid: bool) -> None:
    op.rename_table("seen_messages", "seen_messages_before")
    op.create_table(
        "seen_messages",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("issuer_hash", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=256), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "issuer_hash", "message_id", name=op.f("pk_seen_messages")),
        sqlite_with_rowid=with_rowid,
    )
    # What was accepted before stays refused (X19).
    op.execute(
        "INSERT INTO seen_messages (site_id, issuer_hash, message_id, seen_at, expires_at)"
        " SELECT site_id, issuer_hash, message_id, seen_at, expires_at FROM seen_messages_before"
    )
    op.drop_table("seen_messages_before")
