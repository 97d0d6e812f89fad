"""
Domains, managed accounts, groups in groups and by rule, roles of an organization's own, invitations, imports,
who may join, requests for access, layouts of the launcher, pictures, search words, runs, counts by day.

Safe while the previous release runs: new columns have defaults, and nothing is taken away.

Revision: 0011
Follows: 0010
"""

import sqlalchemy as sa
from alembic import op

from idp.base.tables import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_imports",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=256), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_by_name", sa.String(length=320), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("applied_at", Instant(), nullable=True),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_account_imports_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_account_imports")),
    )
    op.create_index(
        "ix_account_imports_organization_id_created_at",
        "account_imports",
        ["organization_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "daily_counts",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("measure", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_daily_counts_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "measure", "subject_id", "day", name=op.f("pk_daily_counts")),
    )
    op.create_table(
        "domains",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=253), nullable=False),
        sa.Column("held_name", sa.String(length=253), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("claiming", sa.String(length=16), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("verified_at", Instant(), nullable=True),
        sa.Column("checked_at", Instant(), nullable=True),
        sa.Column("check_at", Instant(), nullable=True),
        sa.Column("missing_since", Instant(), nullable=True),
        sa.Column("removed_at", Instant(), nullable=True),
        sa.Column("finding", sa.String(length=1024), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_domains_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_domains")),
        sa.UniqueConstraint("held_name", name=op.f("uq_domains_held_name")),
    )
    op.create_index("ix_domains_check_at", "domains", ["check_at"], unique=False)
    op.create_index(
        "ix_accounts_organization_id_kind", "accounts", ["organization_id", "kind", "email_key"], unique=False
    )
    op.create_index(
        "ix_accounts_organization_id_policy_id",
        "accounts",
        ["organization_id", "policy_id", "email_key"],
        unique=False,
        sqlite_where=sa.text("policy_id IS NOT NULL"),
        postgresql_where=sa.text("policy_id IS NOT NULL"),
    )
    op.create_index(
        "ix_applications_organization_id_access_policy_id",
        "applications",
        ["organization_id", "access_policy_id"],
        unique=False,
        sqlite_where=sa.text("access_policy_id IS NOT NULL"),
        postgresql_where=sa.text("access_policy_id IS NOT NULL"),
    )
    op.create_index("ix_domains_organization_id_name", "domains", ["organization_id", "name"], unique=False)
    op.create_table(
        "claim_lists",
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "domain_id"],
            ["domains.organization_id", "domains.id"],
            name=op.f("fk_claim_lists_organization_id_domain_id_domains"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_claim_lists_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_claim_lists")),
    )
    op.create_index("ix_claim_lists_created_at", "claim_lists", ["created_at"], unique=False)
    op.create_table(
        "former_slugs",
        sa.Column("slug", sa.String(length=63), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("given_up_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_former_slugs_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_former_slugs")),
    )
    op.create_table(
        "join_requests",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("email_key", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", sa.String(length=320), nullable=False),
        sa.Column("answer", sa.String(length=1024), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_join_requests_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_join_requests")),
    )
    op.create_index(
        "ix_join_requests_organization_id_email_key", "join_requests", ["organization_id", "email_key"], unique=False
    )
    op.create_index(
        "ix_join_requests_organization_id_state_created_at",
        "join_requests",
        ["organization_id", "state", "created_at"],
        unique=False,
    )
    op.create_table(
        "join_rules",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("notify", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_join_rules_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_join_rules")),
        sa.UniqueConstraint("organization_id", "domain", name=op.f("uq_join_rules_organization_id_domain")),
    )
    op.create_table(
        "pictures",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_pictures_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_pictures")),
    )
    op.create_index("ix_pictures_id", "pictures", ["id"], unique=True)
    op.create_table(
        "roles",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("name_key", sa.String(length=256), nullable=False),
        sa.Column("description", sa.String(length=1024), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_roles_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_roles")),
        sa.UniqueConstraint("organization_id", "name_key", name=op.f("uq_roles_organization_id_name_key")),
    )
    op.create_table(
        "runs",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=256), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cursor", sa.String(length=320), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_by_name", sa.String(length=320), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("stop_asked_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_runs_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_runs")),
    )
    op.create_index("ix_runs_organization_id_created_at", "runs", ["organization_id", "created_at"], unique=False)
    op.create_index("ix_runs_state_created_at", "runs", ["state", "created_at"], unique=False)
    op.create_table(
        "search_words",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("word", sa.String(length=128), nullable=False),
        sa.Column("target_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_search_words_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "kind", "word", "target_id", name=op.f("pk_search_words")),
    )
    op.create_index(
        "ix_search_words_organization_id_kind_target_id_word",
        "search_words",
        ["organization_id", "kind", "target_id", "word"],
        unique=False,
    )
    op.create_table(
        "account_import_rows",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("import_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.Column("problem", sa.String(length=512), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "import_id"],
            ["account_imports.organization_id", "account_imports.id"],
            name=op.f("fk_account_import_rows_organization_id_import_id_account_imports"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_account_import_rows_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_account_import_rows")),
        sa.UniqueConstraint(
            "organization_id",
            "import_id",
            "number",
            name=op.f("uq_account_import_rows_organization_id_import_id_number"),
        ),
    )
    op.create_table(
        "group_nestings",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("parent_id", sa.String(length=64), nullable=False),
        sa.Column("child_id", sa.String(length=64), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("valid_to", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "child_id"],
            ["groups.organization_id", "groups.id"],
            name=op.f("fk_group_nestings_organization_id_child_id_groups"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "parent_id"],
            ["groups.organization_id", "groups.id"],
            name=op.f("fk_group_nestings_organization_id_parent_id_groups"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_group_nestings_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_group_nestings")),
    )
    op.create_index(
        "ix_group_nestings_organization_id_child_id", "group_nestings", ["organization_id", "child_id"], unique=False
    )
    op.create_index(
        "ix_group_nestings_organization_id_parent_id", "group_nestings", ["organization_id", "parent_id"], unique=False
    )
    op.create_table(
        "group_rules",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("condition", sa.String(length=4000), nullable=False),
        sa.Column("exceptions", sa.JSON(), nullable=False),
        sa.Column("brake_percent", sa.Integer(), nullable=False),
        sa.Column("active_at", Instant(), nullable=True),
        sa.Column("held_at", Instant(), nullable=True),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "group_id"],
            ["groups.organization_id", "groups.id"],
            name=op.f("fk_group_rules_organization_id_group_id_groups"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_group_rules_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_group_rules")),
        sa.UniqueConstraint("organization_id", "group_id", name=op.f("uq_group_rules_organization_id_group_id")),
    )
    op.create_table(
        "invitations",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("invited_by", sa.String(length=64), nullable=False),
        sa.Column("invited_by_name", sa.String(length=320), nullable=False),
        sa.Column("import_id", sa.String(length=64), nullable=True),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["accounts.organization_id", "accounts.id"],
            name=op.f("fk_invitations_organization_id_account_id_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_invitations_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_invitations")),
    )
    op.create_index(
        "ix_invitations_organization_id_account_id", "invitations", ["organization_id", "account_id"], unique=False
    )
    op.create_index(
        "ix_invitations_organization_id_sent_at", "invitations", ["organization_id", "sent_at"], unique=False
    )
    op.create_table(
        "launcher_arrangements",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("sections", sa.JSON(), nullable=False),
        sa.Column("favourites", sa.JSON(), nullable=False),
        sa.Column("opened", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "id"],
            ["accounts.organization_id", "accounts.id"],
            name=op.f("fk_launcher_arrangements_organization_id_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_launcher_arrangements_organization_id_organizations"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_launcher_arrangements")),
    )
    op.create_table(
        "launcher_layouts",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("overrides", sa.Boolean(), nullable=False),
        sa.Column("sections", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "group_id"],
            ["groups.organization_id", "groups.id"],
            name=op.f("fk_launcher_layouts_organization_id_group_id_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_launcher_layouts_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_launcher_layouts")),
    )
    op.create_table(
        "access_requests",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=1024), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", sa.String(length=320), nullable=False),
        sa.Column("answer", sa.String(length=1024), nullable=False),
        sa.Column("grant_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["accounts.organization_id", "accounts.id"],
            name=op.f("fk_access_requests_organization_id_account_id_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "application_id"],
            ["applications.organization_id", "applications.id"],
            name=op.f("fk_access_requests_organization_id_application_id_applications"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_access_requests_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_access_requests")),
    )
    op.create_index(
        "ix_access_requests_organization_id_account_id",
        "access_requests",
        ["organization_id", "account_id"],
        unique=False,
    )
    op.create_index(
        "uq_access_requests_pending",
        "access_requests",
        ["organization_id", "account_id", "application_id"],
        unique=True,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_access_requests_organization_id_state_created_at",
        "access_requests",
        ["organization_id", "state", "created_at"],
        unique=False,
    )
    op.create_table(
        "default_groups",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "application_id"],
            ["applications.organization_id", "applications.id"],
            name=op.f("fk_default_groups_organization_id_application_id_applications"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "group_id"],
            ["groups.organization_id", "groups.id"],
            name=op.f("fk_default_groups_organization_id_group_id_groups"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_default_groups_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_default_groups")),
        sa.UniqueConstraint(
            "organization_id",
            "application_id",
            "role",
            "group_id",
            name=op.f("uq_default_groups_organization_id_application_id_role_group_id"),
        ),
    )
    op.create_index(
        "ix_default_groups_organization_id_group_id", "default_groups", ["organization_id", "group_id"], unique=False
    )
    op.add_column("access_grants", sa.Column("reason", sa.String(length=1024), server_default="", nullable=False))
    op.create_index(
        "ix_access_grants_organization_id_subject_id", "access_grants", ["organization_id", "subject_id"], unique=False
    )
    op.add_column("accounts", sa.Column("email_domain", sa.String(length=255), server_default="", nullable=False))
    at = "instr(email_key, '@')" if op.get_bind().dialect.name == "sqlite" else "strpos(email_key, '@')"
    op.execute(f"UPDATE accounts SET email_domain = substr(email_key, {at} + 1)")
    op.create_index(
        "ix_accounts_email_domain_organization_id", "accounts", ["email_domain", "organization_id"], unique=False
    )
    op.add_column("accounts", sa.Column("attribute_sources", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("accounts", sa.Column("domain_id", sa.String(length=64), nullable=True))
    op.add_column("accounts", sa.Column("managed_at", Instant(), nullable=True))
    op.add_column("accounts", sa.Column("deletion_at", Instant(), nullable=True))
    op.add_column("accounts", sa.Column("deletion_from", sa.String(length=16), server_default="", nullable=False))
    op.add_column("accounts", sa.Column("erased_at", Instant(), nullable=True))
    op.add_column("accounts", sa.Column("last_active_at", Instant(), nullable=True))
    op.add_column("accounts", sa.Column("language", sa.String(length=16), server_default="", nullable=False))
    op.add_column(
        "accounts", sa.Column("created_through", sa.String(length=16), server_default="administrator", nullable=False)
    )
    op.add_column("accounts", sa.Column("typed_by_person", sa.JSON(), server_default="[]", nullable=False))
    op.create_index(
        "ix_accounts_deletion_at",
        "accounts",
        ["deletion_at"],
        unique=False,
        sqlite_where=sa.text("deletion_at IS NOT NULL"),
        postgresql_where=sa.text("deletion_at IS NOT NULL"),
    )
    op.create_index("ix_accounts_organization_id_domain_id", "accounts", ["organization_id", "domain_id"], unique=False)
    op.add_column("applications", sa.Column("requestable", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("applications", sa.Column("note", sa.String(length=1024), server_default="", nullable=False))
    op.add_column("applications", sa.Column("picture_id", sa.String(length=64), nullable=True))
    op.create_index("ix_applications_organization_id_name", "applications", ["organization_id", "name"], unique=False)
    op.create_index(
        "ix_attempts_refused",
        "attempts",
        ["organization_id", "at"],
        unique=False,
        sqlite_where=sa.text("outcome = 'refused'"),
        postgresql_where=sa.text("outcome = 'refused'"),
    )
    op.create_index(
        "ix_attempts_refused_by_application",
        "attempts",
        ["organization_id", "application_id", "at"],
        unique=False,
        sqlite_where=sa.text("outcome = 'refused'"),
        postgresql_where=sa.text("outcome = 'refused'"),
    )
    op.create_index(
        "ix_attempts_succeeded_by_application",
        "attempts",
        ["organization_id", "application_id", "at"],
        unique=False,
        sqlite_where=sa.text("outcome = 'succeeded'"),
        postgresql_where=sa.text("outcome = 'succeeded'"),
    )
    op.create_index(
        "ix_audit_entries_organization_id_actor_id_at",
        "audit_entries",
        ["organization_id", "actor_id", "at"],
        unique=False,
    )
    op.create_index(
        "ix_audit_entries_organization_id_tag_at", "audit_entries", ["organization_id", "tag", "at"], unique=False
    )
    op.drop_index("ix_memberships_organization_id_group_id", table_name="memberships")
    op.create_index(
        "ix_memberships_organization_id_group_id_account_id",
        "memberships",
        ["organization_id", "group_id", "account_id"],
        unique=False,
    )
    op.add_column("clients", sa.Column("made_from", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("groups", sa.Column("kind", sa.String(length=16), server_default="manual", nullable=False))
    op.add_column("groups", sa.Column("description", sa.String(length=1024), server_default="", nullable=False))
    op.add_column("groups", sa.Column("deleted_at", Instant(), nullable=True))
    op.add_column("organizations", sa.Column("language", sa.String(length=16), server_default="", nullable=False))
    op.add_column("organizations", sa.Column("console_policy_id", sa.String(length=64), nullable=True))
    op.add_column("sites", sa.Column("languages", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("sites", sa.Column("picture_id", sa.String(length=64), nullable=True))
    with op.batch_alter_table("role_assignments") as assignments:
        assignments.alter_column("account_id", existing_type=sa.String(length=64), nullable=True)
        assignments.add_column(sa.Column("group_id", sa.String(length=64), nullable=True))
        assignments.add_column(sa.Column("application_id", sa.String(length=64), nullable=True))
        assignments.create_foreign_key(
            op.f("fk_role_assignments_organization_id_group_id_groups"),
            "groups",
            ["organization_id", "group_id"],
            ["organization_id", "id"],
        )
    op.create_index(
        "ix_role_assignments_organization_id_group_id",
        "role_assignments",
        ["organization_id", "group_id"],
        unique=False,
    )
    # What exists already is found once the job has written its words: `idp serve` does that, or `idp jobs run`.
    op.execute(
        "INSERT INTO jobs (id, kind, key, payload, created_at, run_at, tries, last_error)"
        " SELECT 'job_searchindex0011', 'search-index', 'search-index:0011', '{\"key\": \"0011\"}',"
        " initialized_at, initialized_at, 0, '' FROM installation"
    )

    op.add_column("sign_on_sessions", sa.Column("console_seen_at", Instant(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":  # listed and found by code points, as in SQLite
        for table, column, length in (
            ("accounts", "email_key", 320),
            ("groups", "name_key", 256),
            ("search_words", "word", 128),
        ):
            op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar({length}) COLLATE "C"')
    for table in ("saml_subjects", "saml_names", "logouts", "account_import_rows", "join_requests"):
        op.create_index(f"ix_{table}_organization_id_account_id", table, ["organization_id", "account_id"])


def downgrade() -> None:
    for table in ("logouts", "saml_names", "saml_subjects"):
        op.drop_index(f"ix_{table}_organization_id_account_id", table)
    op.drop_column("sign_on_sessions", "console_seen_at")
    op.execute("DELETE FROM jobs WHERE kind = 'search-index'")
    op.drop_index("ix_role_assignments_organization_id_group_id", table_name="role_assignments")
    op.execute("DELETE FROM role_assignments WHERE account_id IS NULL")
    with op.batch_alter_table("role_assignments") as assignments:
        assignments.drop_constraint(op.f("fk_role_assignments_organization_id_group_id_groups"), type_="foreignkey")
        assignments.drop_column("application_id")
        assignments.drop_column("group_id")
        assignments.alter_column("account_id", existing_type=sa.String(length=64), nullable=False)
    op.drop_index("ix_access_grants_organization_id_subject_id", table_name="access_grants")
    op.drop_index("ix_accounts_email_domain_organization_id", table_name="accounts")
    op.drop_index("ix_accounts_deletion_at", table_name="accounts")
    op.drop_index("ix_accounts_organization_id_domain_id", table_name="accounts")
    op.drop_index("ix_applications_organization_id_name", table_name="applications")
    op.drop_index("ix_attempts_refused", table_name="attempts")
    op.drop_index("ix_attempts_refused_by_application", table_name="attempts")
    op.drop_index("ix_attempts_succeeded_by_application", table_name="attempts")
    op.drop_index("ix_audit_entries_organization_id_actor_id_at", table_name="audit_entries")
    op.drop_index("ix_audit_entries_organization_id_tag_at", table_name="audit_entries")
    op.drop_column("sites", "picture_id")
    op.drop_column("sites", "languages")
    op.drop_column("organizations", "console_policy_id")
    op.drop_column("organizations", "language")
    op.drop_index("ix_memberships_organization_id_group_id_account_id", table_name="memberships")
    op.create_index(
        "ix_memberships_organization_id_group_id", "memberships", ["organization_id", "group_id"], unique=False
    )
    op.drop_column("groups", "deleted_at")
    op.drop_column("groups", "description")
    op.drop_column("groups", "kind")
    op.drop_index("ix_applications_organization_id_access_policy_id", table_name="applications")
    op.drop_index("ix_accounts_organization_id_policy_id", table_name="accounts")
    op.drop_index("ix_accounts_organization_id_kind", table_name="accounts")
    op.drop_column("clients", "made_from")
    op.drop_column("applications", "picture_id")
    op.drop_column("applications", "note")
    op.drop_column("applications", "requestable")
    op.drop_column("accounts", "created_through")
    op.drop_column("accounts", "attribute_sources")
    op.drop_column("accounts", "language")
    op.drop_column("accounts", "last_active_at")
    op.drop_column("accounts", "erased_at")
    op.drop_column("accounts", "deletion_from")
    op.drop_column("accounts", "deletion_at")
    op.drop_column("accounts", "managed_at")
    op.drop_column("accounts", "domain_id")
    op.drop_column("accounts", "email_domain")
    op.drop_column("access_grants", "reason")
    op.drop_index("ix_default_groups_organization_id_group_id", table_name="default_groups")
    op.drop_table("default_groups")
    op.drop_index("uq_access_requests_pending", table_name="access_requests")
    op.drop_index("ix_access_requests_organization_id_account_id", table_name="access_requests")
    op.drop_index("ix_access_requests_organization_id_state_created_at", table_name="access_requests")
    op.drop_table("access_requests")
    op.drop_table("launcher_layouts")
    op.drop_table("launcher_arrangements")
    op.drop_index("ix_invitations_organization_id_account_id", table_name="invitations")
    op.drop_index("ix_invitations_organization_id_sent_at", table_name="invitations")
    op.drop_table("invitations")
    op.drop_table("group_rules")
    op.drop_index("ix_group_nestings_organization_id_child_id", table_name="group_nestings")
    op.drop_index("ix_group_nestings_organization_id_parent_id", table_name="group_nestings")
    op.drop_table("group_nestings")
    op.drop_table("account_import_rows")
    op.drop_index("ix_search_words_organization_id_kind_target_id_word", table_name="search_words")
    op.drop_table("search_words")
    op.drop_index("ix_runs_organization_id_created_at", table_name="runs")
    op.drop_index("ix_runs_state_created_at", table_name="runs")
    op.drop_table("runs")
    op.drop_table("roles")
    op.drop_table("pictures")
    op.drop_table("join_rules")
    op.drop_index("ix_join_requests_organization_id_email_key", table_name="join_requests")
    op.drop_index("ix_join_requests_organization_id_state_created_at", table_name="join_requests")
    op.drop_table("join_requests")
    op.drop_table("former_slugs")
    op.drop_index("ix_claim_lists_created_at", table_name="claim_lists")
    op.drop_table("claim_lists")
    op.drop_index("ix_domains_check_at", table_name="domains")
    op.drop_index("ix_domains_organization_id_name", table_name="domains")
    op.drop_table("domains")
    op.drop_table("daily_counts")
    op.drop_index("ix_account_imports_organization_id_created_at", table_name="account_imports")
    op.drop_table("account_imports")
