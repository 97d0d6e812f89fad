"""
Passkeys, temporary passes, known devices, history of sign-ins, notices; authentication policies in full;
zones and access policies.

Revision: 0010
Follows: 0009
"""

import secrets

import sqlalchemy as sa
from alembic import op

from idp.base.tables import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_policies",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("rolls_back_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_access_policies_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_access_policies")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_access_policies_organization_id_name")),
    )
    op.create_index("ix_access_policies_rolls_back_at", "access_policies", ["rolls_back_at"], unique=False)
    op.create_table(
        "zones",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("usage", sa.String(length=16), nullable=False),
        sa.Column("networks", sa.JSON(), nullable=False),
        sa.Column("asns", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("countries", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("cities", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_zones_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_zones")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_zones_organization_id_name")),
    )
    op.create_table(
        "access_policy_versions",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "policy_id"],
            ["access_policies.organization_id", "access_policies.id"],
            name=op.f("fk_access_policy_versions_organization_id_policy_id_access_policies"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_access_policy_versions_organization_id_organizations"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "policy_id", "number", name=op.f("pk_access_policy_versions")),
    )
    op.create_table(
        "authenticators",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("credential_id", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.String(length=4096), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("aaguid", sa.String(length=36), nullable=False),
        sa.Column("attestation", sa.String(length=32), nullable=False),
        sa.Column("verifies", sa.Boolean(), nullable=False),
        sa.Column("discoverable", sa.Boolean(), nullable=False),
        sa.Column("backup_eligible", sa.Boolean(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["accounts.organization_id", "accounts.id"],
            name=op.f("fk_authenticators_organization_id_account_id_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_authenticators_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_authenticators")),
    )
    op.create_index("ix_authenticators_credential_id", "authenticators", ["credential_id"], unique=True)
    op.create_index(
        "ix_authenticators_organization_id_account_id",
        "authenticators",
        ["organization_id", "account_id"],
        unique=False,
    )
    op.create_table(
        "former_passwords",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=512), nullable=False),
        sa.Column("pepper", sa.Integer(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["accounts.organization_id", "accounts.id"],
            name=op.f("fk_former_passwords_organization_id_account_id_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_former_passwords_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_former_passwords")),
    )
    op.create_index(
        "ix_former_passwords_organization_id_account_id",
        "former_passwords",
        ["organization_id", "account_id"],
        unique=False,
    )
    op.create_table(
        "known_devices",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("account_epoch", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("former_token_hash", sa.String(length=64), nullable=False),
        sa.Column("rotated_at", Instant(), nullable=False),
        sa.Column("user_agent", sa.String(length=256), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=128), nullable=False),
        sa.Column("first_seen_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("remembered_at", Instant(), nullable=True),
        sa.Column("remembered_until", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["accounts.organization_id", "accounts.id"],
            name=op.f("fk_known_devices_organization_id_account_id_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_known_devices_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_known_devices")),
    )
    op.create_index("ix_known_devices_last_seen_at", "known_devices", ["last_seen_at"], unique=False)
    op.create_index(
        "ix_known_devices_organization_id_account_id", "known_devices", ["organization_id", "account_id"], unique=False
    )
    op.create_table(
        "notices",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["accounts.organization_id", "accounts.id"],
            name=op.f("fk_notices_organization_id_account_id_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_notices_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_organization_id_account_id", "notices", ["organization_id", "account_id"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("methods", sa.JSON(), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("city", sa.String(length=128), nullable=False),
        sa.Column("asn", sa.String(length=16), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=256), nullable=False),
        sa.Column("attempt_id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["accounts.organization_id", "accounts.id"],
            name=op.f("fk_sign_ins_organization_id_account_id_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_sign_ins_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_sign_ins")),
    )
    op.create_index("ix_sign_ins_at", "sign_ins", ["at"], unique=False)
    op.create_index(
        "ix_sign_ins_organization_id_account_id_outcome_at",
        "sign_ins",
        ["organization_id", "account_id", "outcome", "at"],
        unique=False,
    )
    op.create_table(
        "temporary_passes",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("pass_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("valid_to", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["accounts.organization_id", "accounts.id"],
            name=op.f("fk_temporary_passes_organization_id_account_id_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_temporary_passes_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_temporary_passes")),
    )
    op.create_index(
        "ix_temporary_passes_organization_id_account_id",
        "temporary_passes",
        ["organization_id", "account_id"],
        unique=False,
    )
    op.add_column("accounts", sa.Column("kind", sa.String(length=16), server_default="member", nullable=False))
    op.add_column("accounts", sa.Column("grace_used", sa.Integer(), server_default="0", nullable=False))
    op.add_column("applications", sa.Column("access_policy_id", sa.String(length=64), nullable=True))
    op.add_column(
        "authentication_policies", sa.Column("kind", sa.String(length=16), server_default="member", nullable=False)
    )
    op.add_column("authentication_policies", sa.Column("grace_until", Instant(), nullable=True))
    op.add_column(
        "authentication_policies", sa.Column("grace_sign_ins", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "authentication_policies",
        sa.Column(
            "methods",
            sa.JSON(),
            server_default='["pwd","otp","recovery","passkey","security-key","temporary-pass"]',
            nullable=False,
        ),
    )
    op.add_column(
        "authentication_policies", sa.Column("password_score", sa.Integer(), server_default="2", nullable=False)
    )
    op.add_column(
        "authentication_policies", sa.Column("password_history", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "authentication_policies", sa.Column("password_maximum_days", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "authentication_policies", sa.Column("known_device_days", sa.Integer(), server_default="30", nullable=False)
    )
    op.add_column(
        "authentication_policies", sa.Column("upstream_allowed", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.add_column(
        "authentication_policies",
        sa.Column("api_tokens_allowed", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    op.add_column(
        "authentication_policies",
        sa.Column("recovery", sa.JSON(), server_default='["mail","administrator"]', nullable=False),
    )
    op.add_column(
        "authentication_policies", sa.Column("authenticators", sa.JSON(), server_default="[]", nullable=False)
    )
    op.add_column(
        "authentication_policies",
        sa.Column("device_bound_only", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("passwords", sa.Column("must_change", sa.String(length=16), server_default="", nullable=False))
    op.add_column("passwords", sa.Column("imported", sa.String(length=16), server_default="", nullable=False))
    op.add_column(
        "pending_sign_ons", sa.Column("remember_device", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("sign_on_sessions", sa.Column("device_id", sa.String(length=64), server_default="", nullable=False))
    op.add_column("one_time_values", sa.Column("subject_id", sa.String(length=64), nullable=True))
    op.create_index(
        "ix_one_time_values_subject_id",
        "one_time_values",
        ["subject_id"],
        unique=False,
        sqlite_where=sa.text("subject_id IS NOT NULL"),
        postgresql_where=sa.text("subject_id IS NOT NULL"),
    )
    _fill()


def _fill() -> None:
    """Give each organization what a new one begins with: policies for guests and emergencies, and access policies."""
    connection = op.get_bind()
    policies = sa.table(
        "authentication_policies",
        *(sa.column(name) for name in ("organization_id", "id", "name", "kind", "second_step")),
        *(sa.column(name) for name in ("password_minimum", "session_idle_seconds", "session_absolute_seconds")),
        sa.column("known_device_days"),
        sa.column("recovery", sa.JSON()),
        sa.column("is_default", sa.Boolean()),
        sa.column("created_at", Instant()),
        sa.column("version"),
    )
    access = sa.table(
        "access_policies",
        *(sa.column(name) for name in ("organization_id", "id", "kind", "name", "current", "confirmed", "version")),
        sa.column("is_default", sa.Boolean()),
        sa.column("created_at", Instant()),
    )
    versions = sa.table(
        "access_policy_versions",
        *(sa.column(name) for name in ("organization_id", "policy_id", "number", "created_by", "digest")),
        sa.column("rules", sa.JSON()),
        sa.column("created_at", Instant()),
    )
    owners = sa.table("organizations", sa.column("id"), sa.column("created_at", Instant()))
    for organization_id, since in list(connection.execute(sa.select(owners.c.id, owners.c.created_at))):
        taken = {
            row[0]
            for row in connection.execute(
                sa.select(policies.c.name).where(policies.c.organization_id == organization_id)
            )
        }
        for kind, name in (("guest", "Guests"), ("break-glass", "Break glass")):
            connection.execute(
                policies.insert().values(
                    organization_id=organization_id,
                    id=f"pol_{secrets.token_hex(13)}",
                    name=name if name not in taken else f"{name} ({kind})",
                    kind=kind,
                    is_default=False,
                    second_step="required",
                    password_minimum=12,
                    session_idle_seconds=3600,
                    session_absolute_seconds=43200,
                    known_device_days=30 if kind == "guest" else 0,
                    recovery=["mail", "administrator"] if kind == "guest" else ["administrator"],
                    created_at=since,
                    version=1,
                )
            )
        for kind, name in (("session", "Sessions"), ("application", "Applications")):
            policy_id = f"acp_{secrets.token_hex(13)}"
            connection.execute(
                access.insert().values(
                    organization_id=organization_id,
                    id=policy_id,
                    kind=kind,
                    name=name,
                    is_default=True,
                    current=1,
                    confirmed=1,
                    created_at=since,
                    version=1,
                )
            )
            connection.execute(
                versions.insert().values(
                    organization_id=organization_id,
                    policy_id=policy_id,
                    number=1,
                    rules={},
                    digest="44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
                    created_at=since,
                    created_by="",
                )
            )


def downgrade() -> None:
    op.drop_index("ix_one_time_values_subject_id", table_name="one_time_values")
    op.drop_column("one_time_values", "subject_id")
    op.execute("DELETE FROM authentication_policies WHERE kind != 'member'")
    op.drop_column("sign_on_sessions", "device_id")
    op.drop_column("pending_sign_ons", "remember_device")
    op.drop_column("passwords", "imported")
    op.drop_column("passwords", "must_change")
    op.drop_column("authentication_policies", "device_bound_only")
    op.drop_column("authentication_policies", "authenticators")
    op.drop_column("authentication_policies", "recovery")
    op.drop_column("authentication_policies", "api_tokens_allowed")
    op.drop_column("authentication_policies", "upstream_allowed")
    op.drop_column("authentication_policies", "known_device_days")
    op.drop_column("authentication_policies", "password_maximum_days")
    op.drop_column("authentication_policies", "password_history")
    op.drop_column("authentication_policies", "password_score")
    op.drop_column("authentication_policies", "methods")
    op.drop_column("authentication_policies", "grace_sign_ins")
    op.drop_column("authentication_policies", "grace_until")
    op.drop_column("authentication_policies", "kind")
    op.drop_column("applications", "access_policy_id")
    op.drop_column("accounts", "grace_used")
    op.drop_column("accounts", "kind")
    op.drop_index("ix_temporary_passes_organization_id_account_id", table_name="temporary_passes")
    op.drop_table("temporary_passes")
    op.drop_index("ix_sign_ins_at", table_name="sign_ins")
    op.drop_index("ix_sign_ins_organization_id_account_id_outcome_at", table_name="sign_ins")
    op.drop_table("sign_ins")
    op.drop_index("ix_notices_organization_id_account_id", table_name="notices")
    op.drop_table("notices")
    op.drop_index("ix_known_devices_last_seen_at", table_name="known_devices")
    op.drop_index("ix_known_devices_organization_id_account_id", table_name="known_devices")
    op.drop_table("known_devices")
    op.drop_index("ix_former_passwords_organization_id_account_id", table_name="former_passwords")
    op.drop_table("former_passwords")
    op.drop_index("ix_authenticators_credential_id", table_name="authenticators")
    op.drop_index("ix_authenticators_organization_id_account_id", table_name="authenticators")
    op.drop_table("authenticators")
    op.drop_table("access_policy_versions")
    op.drop_table("zones")
    op.drop_index("ix_access_policies_rolls_back_at", table_name="access_policies")
    op.drop_table("access_policies")
