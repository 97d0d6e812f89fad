"""
Two organizations with one of everything each, for matrices: Acme, whose administrator Ann is, and Quokka, a neighbour.

Quokka is a second Acme whose every text says so: where "quokka" or one of its ids is shown to Acme, something leaked.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from idp.base.db import Database
from idp.directory import queries
from idp.provisioning import clients, tokens
from idp.provisioning.targets import editing
from tests.support import console_world
from tests.support.front import ANN, PASSWORD, Front
from tests.support.visitor import Visitor

CANARY = "quokka"
_NAMED = frozenset({"name", "title", "file_name", "given_name", "family_name", "name_key"})
"""Columns that get the canary in front, beside every "acme" that becomes one."""
_NAMED_BY = {
    "account": (("accounts",), ("email", "id")),
    "group": (("groups",), ("name", "id")),
    "application": (("applications",), ("name", "id")),
    "site": (("sites",), ("slug", "id")),
    "role": (("roles",), ("name", "id")),
    "policy": (("access_policies", "authentication_policies"), ("name", "id")),
    "zone": (("zones",), ("name", "id")),
    "layout": (("launcher_layouts",), ("id",)),
    "invitation": (("invitations",), ("id",)),
    "grant": (("access_grants",), ("id",)),
}
NOISE = frozenset({"sign_on_sessions", "pending_sign_ons", "attempts", "throttle_counters", "one_time_values"})
"""Tables that a request may write to although it changes nothing that anybody administers."""


def build(path: Path, template: Path, vault) -> list[str]:
    """Make the database of both at *path* from an empty *template*; return the addresses that are special in Acme."""
    path.write_bytes(template.read_bytes())
    database = Database(f"sqlite:///{path}", vault, memory_seconds=0)
    front = Front(database)
    console_world.fill(front)
    _provision(front)
    _signed_in(front)
    with _opened(path) as connection:
        _become_the_neighbour(connection)
    front = Front(database)
    special = console_world.fill(front)
    _provision(front)
    database.dispose()
    return special


_DRAWN = re.compile("hash|secret|digest|sealed|token|pem|request_id|content|client_id|private|key$|value")
"""Columns with something in it that nobody chooses."""
_ID = re.compile(r"\b[a-z]{3}_[a-z0-9]{20,}")


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def _provision(front: Front) -> None:
    """Let a directory write into Acme, and Acme into an application."""
    with front.work() as work:
        directory = clients.create(work, "Entra", organization="acme")
        tokens.rotate(work, directory.id, organization_id=front.organization_id)
        okta = next(one for one in queries.applications(work) if one.name == "Okta Thing")
        editing.set_up(work, okta.id, editing.Wanted(endpoint="https://okta.acme.example/scim/v2", everybody=True))
        editing.set_token(work, okta.id, "a-token-of-okta-1234567890")


def tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the columns of each table."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    return {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for (name,) in names}


def _become_the_neighbour(connection: sqlite3.Connection) -> None:
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    connection.execute("BEGIN")
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for table, columns in tables(connection).items():
        for column in columns:
            _rename(connection, table, column)
    connection.execute("UPDATE api_tokens SET token_hash = replace(token_hash, '0', '1'), id = 'atk_quokka'")
    connection.execute(
        "INSERT OR IGNORE INTO search_words (organization_id, kind, word, target_id)"
        f" SELECT DISTINCT organization_id, kind, '{CANARY}', target_id FROM search_words"
    )
    for _, sql in triggers:
        connection.execute(sql)
    connection.execute("COMMIT")


def _rename(connection: sqlite3.Connection, table: str, column: str) -> None:
    if table == "alembic_version" or column == "id" or column.endswith("_id"):
        return
    ours = f"UPDATE OR IGNORE {table} SET {column} ="
    connection.execute(
        f"{ours} replace(replace({column}, 'acme', '{CANARY}'), 'Acme', '{CANARY.title()}') WHERE typeof({column}) = 'text'"
    )
    if column in _NAMED:
        said = CANARY if column == "name_key" else CANARY.title()
        connection.execute(f"{ours} '{said} ' || {column} WHERE {column} <> '' AND {column} NOT LIKE '%{CANARY}%'")


@dataclass
class Tenants:
    """The database of both, served: what is where, what has changed, and back to how it was."""

    path: Path
    front: Front
    special: list[str]

    def __post_init__(self) -> None:
        self._connection = sqlite3.connect(self.path, isolation_level=None)
        self._kept = sqlite3.connect(":memory:")
        self.tables = tables(self._connection)
        [(self.ours,)] = self.rows("SELECT id FROM organizations WHERE slug = 'acme'")
        [(self.theirs,)] = self.rows(f"SELECT id FROM organizations WHERE slug = '{CANARY}'")
        self.keep()

    def close(self) -> None:
        self._connection.close()
        self._kept.close()

    def rows(self, query: str, *values: object) -> list[tuple]:
        """Read, beside the application."""
        return self._connection.execute(query, values).fetchall()

    def write(self, statement: str, *values: object) -> None:
        """Write, beside the application."""
        self._connection.execute(statement, values)

    def keep(self) -> None:
        """Keep everything as it is now, to come back to."""
        self._connection.backup(self._kept)
        self._version = self._data_version()
        self.before = {one: self.state(one) for one in (self.ours, self.theirs)}

    def restore(self) -> None:
        """Let everything be as it was when it was kept."""
        if self._data_version() != self._version:
            self._kept.backup(self._connection)
            self._version = self._data_version()

    def _data_version(self) -> tuple[int, int]:
        return self.rows("PRAGMA data_version")[0][0], self._connection.total_changes

    def state(self, organization_id: str) -> dict[str, frozenset[tuple]]:
        """Return what an organization has: the rows of each table, without what every request writes."""
        found = {}
        for table, columns in self.tables.items():
            key = "id" if table == "organizations" else "organization_id"
            if table in NOISE or key not in columns:
                continue
            but = " AND tag <> 'access.denied'" if table == "audit_entries" else ""
            rows = self.rows(f"SELECT * FROM {table} WHERE {key} = ?{but}", organization_id)
            found[table] = frozenset(rows)
        return found

    def changed(self, organization_id: str) -> list[str]:
        """Return the tables in which an organization has something else than when it was kept."""
        if self._data_version() == self._version:
            return []
        now, before = self.state(organization_id), self.before[organization_id]
        return [table for table in now if now[table] != before[table]]

    def new(self, organization_id: str) -> list[str]:
        """Return the rows that an organization did not have when it was kept, as text."""
        now, before = self.state(organization_id), self.before[organization_id]
        return [repr(row) for table in now if now[table] != before[table] for row in now[table] - before[table]]

    def outcome(self, organization_id: str) -> dict[str, list[tuple]]:
        """
        Return what came of something: each row that is new, or otherwise than it was, by its table.

        Without what is drawn by lot: two outcomes of the same act are equal.
        """
        now, before = self.state(organization_id), self.before[organization_id]
        found = {}
        for table, columns in self.tables.items():
            if table in now and now[table] != before[table]:
                kept = [at for at, name in enumerate(columns) if not _DRAWN.search(name)]
                rows = [tuple(_ID.sub("an id", str(row[at])) for at in kept) for row in now[table] - before[table]]
                found[table] = sorted(rows)
        return found

    def forget(self, organization_id: str) -> None:
        """Let an organization never have been there; `restore` brings it back."""
        triggers = self.rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        self._connection.execute("BEGIN")
        for name, _ in triggers:
            self._connection.execute(f"DROP TRIGGER {name}")
        for table, columns in self.tables.items():
            key = "id" if table == "organizations" else "organization_id"
            if key in columns:
                self._connection.execute(f"DELETE FROM {table} WHERE {key} = ?", (organization_id,))
        for _, sql in triggers:
            self._connection.execute(sql)
        self._connection.execute("COMMIT")

    def ids(self, organization_id: str) -> frozenset[str]:
        """Return every id that is an organization's own."""
        found = {organization_id}
        for table, columns in self.tables.items():
            if "organization_id" in columns and "id" in columns:
                found |= {
                    str(one)
                    for (one,) in self.rows(f"SELECT id FROM {table} WHERE organization_id = ?", organization_id)
                }
        return frozenset(found)

    def become(self, role: str, *, site: str | None = None, application: str | None = None) -> None:
        """Let Ann hold that role alone, at a site or for an application (ids), from her next request on."""
        ann = self.front.account_ids[ANN]
        self.write(
            "UPDATE role_assignments SET role = ?, site_id = ?, application_id = ? WHERE account_id = ?",
            role,
            site,
            application,
            ann,
        )


class Things:
    """The ids of one of everything in an organization: what to put into the addresses of its pages."""

    def __init__(self, tenants: Tenants, organization_id: str) -> None:
        self._tenants, self._organization_id = tenants, organization_id
        self.okta = self._one("applications", where="name LIKE '%Okta Thing'")
        self.notebook = self._one("applications", where="name LIKE '%Notebook'")
        self.ben = self._one("accounts", where="email LIKE 'ben@%'")
        self.dora = self._one("accounts", where="email LIKE 'dora@%'")
        self.cleo = self._one("accounts", where="email LIKE 'cleo@%'")
        self.board = self._one("groups", where="name LIKE '%Board'")
        self.staff = self._one("groups", where="name LIKE '%Staff'")
        self.research = self._one("groups", where="name LIKE '%Research'")
        self.acme = self._one("sites", where="slug NOT LIKE '%-eu'")
        self.europe = self._one("sites", where="slug LIKE '%-eu'")
        self.slug = self._one("sites", "slug", where="slug NOT LIKE '%-eu'")
        self.payroll = self._one("access_policies", where="name LIKE '%Payroll'")
        self.invitation = self._one("invitations")
        self.bookmark = self._one("applications", where="protocol = 'bookmark'")
        self.ledger = self._one("applications", where="name LIKE '%Ledger'")
        self.scope = self._one("api_scopes", "name")
        self.wiki = self._one("applications", where="name LIKE '%Wiki'")

    def _one(self, table: str, column: str = "id", where: str = "1 = 1") -> str:
        rows = self._tenants.rows(
            f"SELECT {column} FROM {table} WHERE organization_id = ? AND {where} ORDER BY 1", self._organization_id
        )
        return str(rows[0][0])

    def named(self) -> dict[str, list[str]]:
        """Return the ids and names by which things of the organization can be named in a form, by their kinds."""
        return {
            kind: [
                str(one)
                for table in tables_
                for column in columns
                for (one,) in self._tenants.rows(
                    f"SELECT {column} FROM {table} WHERE organization_id = ? AND {column} <> '' ORDER BY id",
                    self._organization_id,
                )
            ]
            for kind, (tables_, columns) in _NAMED_BY.items()
        }

    def values(self, rule: str) -> dict[str, str]:
        """Return the values for the arguments of the address *rule* that name something of the organization."""
        if rule.startswith("/admin/access/"):
            rules = self._one("access_policy_versions", "rules", where=f"policy_id = '{self.payroll}'")
            return {"policy_id": self.payroll, "rule_id": json.loads(rules)["rules"][0]["id"]}
        if rule.startswith("/admin/joining/"):
            return {"request_id": self._one("join_requests"), "rule_id": self._one("join_rules")}
        if rule.startswith("/admin/apis/"):
            grant = self._one("api_scope_grants", where="subject_kind = 'group'")
            return {"api_id": self._one("apis"), "scope_id": self._one("api_scopes"), "grant_id": grant}
        application = self.notebook if rule.endswith(("/client", "/client/secret", "/made")) else self.okta
        granted = self.bookmark if rule.startswith("/admin/bookmarks/") else application
        return {
            "account_id": self.dora,
            "application_id": application,
            "grant_id": self._one("access_grants", where=f"application_id = '{granted}'"),
            "policy_id": self._one("authentication_policies", where="name LIKE '%Strict'"),
            "attempt_id": self._one("attempts", where="application_id IS NOT NULL"),
            "entry_id": self._one("audit_entries"),
            "bookmark_id": self.bookmark,
            "domain_id": self._one("domains"),
            "group_id": self.board if "/rule" in rule else self.staff,
            "import_id": self._one("account_imports", where=f"state = '{self._state(rule)}'"),
            "request_id": self._one("access_requests"),
            "key_id": self._one("signing_keys", where=f"site_id = '{self.acme}' AND certificate_pem <> ''"),
            "site_id": self.acme,
            "layout_id": self._one("launcher_layouts"),
            "role_key": self._one("roles"),
            "assignment_id": self._one("role_assignments", where=f"account_id = '{self.ben}'"),
            "run_id": self._one("runs"),
            "slug": self.slug,
            "zone_id": self._one("zones"),
            "client_id": self._one("provisioning_clients"),
            "token_id": self._one("registration_tokens" if "registration-" in rule else "provisioning_tokens"),
            "reference": self.staff,
        }

    def _state(self, rule: str) -> str:
        return "applied" if rule.endswith("/undo") else "previewed"


def signed_in_to_acme(tenants: Tenants, email: str = ANN) -> Visitor:
    """Return somebody of Acme who has an authenticator, signed in just now; that is kept, too."""
    one = _signed_in(tenants.front, email)
    tenants.keep()
    return one


def _signed_in(front: Front, email: str = ANN) -> Visitor:
    one = Visitor(front.app.test_client())
    one.open(front.ask()).submit(username=email, password=PASSWORD).submit(otp=front.code())
    assert one.path.startswith("/asked/")
    return one
