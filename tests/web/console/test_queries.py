"""
Every page of the console, with three and with thirty of everything: as many statements, each by an index, and small.

What each address takes is in `ARGUMENTS`: who adds a page with another one says there what it is of.
"""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import event, update

from idp.audit.models import Attempt, AuditEntry
from idp.base import bulk
from idp.base.db import Database
from idp.directory import access_policies, authentication_policies, authentication_policy_changes, daily_counts
from idp.directory.console_models import Run
from idp.directory.domain_models import Domain
from idp.directory.group_models import GroupNesting, GroupRule
from idp.directory.joining_models import (
    AccessRequest,
    AccountImport,
    AccountImportRow,
    Invitation,
    JoinRequest,
    JoinRule,
)
from idp.directory.launcher_models import LauncherLayout
from idp.directory.models import AccessGrant, Account, Application, Group, Membership, Role, RoleAssignment, Site
from idp.directory.provisioning_models import (
    ProvisionedAccount,
    ProvisionedGroup,
    ProvisioningCall,
    ProvisioningClient,
    ProvisioningToken,
)
from idp.directory.told_models import ProvisioningTarget, ToldAccount
from idp.oidc import metadata
from idp.oidc.models import Api, ApiScope, ApiScopeGrant, ApiToken, Client, RegistrationToken
from idp.policy.access import documents
from idp.policy.importing import Action
from idp.policy.models import Zone
from idp.saml import templates
from idp.signon import coverage, insights
from tests.support import template_world
from tests.support.front import ANN, Front
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

FEW, MANY = 3, 30
LARGEST = 60_000
"""Bytes of a page as it is sent."""

SMALL = {
    "organizations",
    "zones",
    "access_policies",
    "access_policy_versions",
    "authentication_policies",
    "installation",
}
"""Tables of which an installation, or an organization, never has many: they may be read from end to end."""

ARGUMENTS = {
    "account_id": "account",
    "group_id": "group",
    "application_id": "application",
    "run_id": "run",
    "slug": "site",
    "site_slug": "site",
    "site_id": "site_id",
    "domain_id": "domain",
    "attempt_id": "attempt",
    "reference": "attempt",
    "zone_id": "zone",
    "role_id": "role",
    "role_key": "role",
    "request_id": "access_request",
    "invitation_id": "invitation",
    "entry_id": "entry",
    "policy_id": "policy",
    "assignment_id": "assignment",
    "bookmark_id": "bookmark",
    "grant_id": "grant",
    "import_id": "import",
    "kind": "kind",
    "layout_id": "layout",
    "client_id": "provisioning_client",
    "token_id": "provisioning_token",
    "api_id": "api",
    "scope_id": "api_scope",
}
PARTICULAR = {
    "console_api_scopes": {"grant_id": "api_grant"},
    "console_registration_tokens": {"token_id": "registration_token"},
    "console_access_rules": {"rule_id": "access_rule"},
    "console_domains.claim": {"domain_id": "domain_held"},
    "console_access.restoring": {"number": "version"},
    "console_account_actions.ask": {"what": "act"},
    "console_application_adding.ask_for_template": {"name": "template"},
    "console_application_saml": {"application_id": "provider"},
    "console_bookmarks": {"grant_id": "bookmark_grant"},
    "console_application_saml_further": {"application_id": "provider"},
    "console_application_adding_client.ask_for_template": {"name": "client_template"},
    "console_imports.undo": {"import_id": "import_done"},
    "console_insights.people": {"which": "number"},
    "console_joining.show": {"request_id": "join_request"},
    "console_joining.rule": {"rule_id": "join_rule"},
    "console_joining.ask_to_delete": {"rule_id": "join_rule"},
    "console_domains.ask_claiming": {"domain_id": "domain_held"},
    "console_who_may": {"kind": "object_kind", "reference": "group"},
    "console_policies": {"policy_id": "authentication_policy"},
    "console_group_rules.previewed": {"run_id": "run_preview"},
    "console_provisioning.ask": {"what": "act"},
    "console_provisioning.ask_to_hand_over": {"group_id": "by_hand"},
}
"""Where an argument, of one page or of all of a blueprint, is of something else than `ARGUMENTS` says."""
ELSEWHERE = {
    "console_sites.drawn": "a picture",
    "console_bulk.choose": "leads on to console_bulk.ask",
    "console_bulk_objects.choose": "leads on to console_bulk_objects.ask",
    "console_access.confirming": "leads back to console_access.show",
    "console_application_checks.ask_to_fix": "asks what the doctor's page asks, of one finding",
}
"""Addresses that are no pages."""
FILES = (".csv", ".jsonl", ".svg", ".pem", ".xml")
"""How addresses of files end: they are streamed, and no pages."""
ASKED = {
    "console_api_scopes.ask_to_grant": "?kind=group&group=grp_0&scope=scope:0",
    "console_search.index": "?q=extra",
    "console_bulk.ask": "?act=disable&all=1",
    "console_bulk_objects.ask": "?act=disable-applications&chosen=app_0,app_1,app_2",
    "console_tokens.ask": "?" + "&".join(f"chosen=atk_{number}" for number in range(3)),
    "console_roles.confirm": "?whom=ben@acme.example&role=help-desk&where=organization",
    "console_groups.ask_to_nest": "?parent=grp_1",
    "console_groups.ask_to_unnest": "?child=grp_1&parent=grp_0",
    "console_access_paths.ask_to_mark": "?group=grp_0",
    "console_application_access.ask_to_give": "?kind=group&group=grp_0",
    "console_bookmarks.ask_to_give": "?who=group&name=grp_0",
    "console_domains.ask_claiming": "?claiming=automatic",
}
"""What a page has to be asked."""


class World:
    """Acme, its administrator, and of everything as many as asked for."""

    def __init__(self, front: Front) -> None:
        self.front, self.had = front, 0
        make_administrator(front)
        self.known: dict[str, str] = {
            "act": "disable",
            "kind": "rule",
            "object_kind": "group",
            "grant": "acg_0",
            "template": "grafana",
            "client_template": "grafana",
            "number": insights.WITHOUT,
            "account": front.account_ids[ANN],
            "site": "acme",
        }

    def have(self, many: int) -> None:
        with self.front.work() as work:
            self._add(work, range(self.had, many))
        with self.front.work() as work:
            daily_counts.count(work, self.front.organization_id)
            coverage.count_people(work, self.front.organization_id)
        self.had = many

    def _add(self, work, numbers) -> None:
        now, ann, org = work.now, self.front.account_ids[ANN], self.front.organization_id
        site_id = self.site_id(work)

        def rows(model, prefix: str, **values):
            def made(number: int) -> dict:
                one = {key: value(number) if callable(value) else value for key, value in values.items()}
                return {"organization_id": org, "id": f"{prefix}_{number}", **one}

            bulk.write(work.tx, model, [made(number) for number in numbers])
            return f"{prefix}_0"

        known = self.known
        rows(
            Account, "acc",
            email=lambda n: f"extra{n}@acme.example", email_key=lambda n: f"extra{n}@acme.example",
            name=lambda n: f"Extra {n}", created_at=now,
        )  # fmt: skip
        known["group"] = rows(
            Group, "grp", name=lambda n: f"Extra {n}", name_key=lambda n: f"extra {n}", created_at=now
        )
        known["by_hand"] = rows(
            Group, "grh", name=lambda n: f"By hand {n}", name_key=lambda n: f"by hand {n}", created_at=now
        )
        rows(Membership, "mem", group_id=lambda n: f"grp_{n}", account_id=ann, source="manual", valid_from=now)
        rows(Membership, "mems", group_id="grp_0", account_id=lambda n: f"acc_{n}", source="manual", valid_from=now)
        rows(GroupNesting, "gne", parent_id="grp_0", child_id=lambda n: f"grp_{n or 1}", valid_from=now)
        known["application"] = rows(
            Application, "app",
            site_id=site_id, protocol="oidc", name=lambda n: f"Extra {n}", created_at=now, requestable=True,
            launch_url="https://extra.example/",
        )  # fmt: skip
        registered = metadata.read(
            {
                "redirect_uris": ["https://extra.example/cb"],
                "client_name": "Extra",
                "token_endpoint_auth_method": "none",
            },
            allow_http_loopback=False,
        )
        bulk.write(
            work.tx,
            Client,
            [
                {
                    "organization_id": org, "application_id": f"app_{n}", "site_id": site_id, "client_id": f"cli_{n}",
                    "registration": registered, "created_at": now, "updated_at": now,
                }
                for n in numbers
            ],
        )  # fmt: skip
        rows(
            AccessGrant,
            "acg",
            application_id=lambda n: f"app_{n}",
            subject_kind="account",
            subject_id=ann,
            valid_from=now,
        )
        rows(
            AccessGrant, "acgg",
            application_id="app_0", subject_kind="group", subject_id=lambda n: f"grp_{n}", valid_from=now,
        )  # fmt: skip
        known["domain"] = rows(
            Domain, "dom",
            name=lambda n: f"d{n}.example", held_name=lambda n: f"d{n}.example", state="missing-token", token="t",
            created_at=now,
        )  # fmt: skip
        known["domain_held"] = rows(
            Domain, "dom_held",
            name=lambda n: f"h{n}.example", held_name=lambda n: f"h{n}.example", state="verified", token="t",
            created_at=now, verified_at=now,
        )  # fmt: skip
        known["role"] = rows(Role, "rol", name=lambda n: f"R {n}", name_key=lambda n: f"r {n}", created_at=now)
        known["run"] = rows(
            Run,
            "run",
            kind="bulk-accounts",
            title="Extra",
            state="finished",
            findings=lambda n: ["x"] * n,
            created_at=now,
        )
        known["run_preview"] = "run_p0"
        rows(
            Run, "run_p",
            id=lambda n: f"run_p{n}", kind="group-rule-preview", title="Extra", state="finished", created_at=now,
            parameters={"group_id": "grp_0", "condition": None, "excepted": None, "brake_percent": None},
            result=lambda n: {
                "members": 1, "entering": n, "leaving": 0, "entering_people": [["E", "e@x"]] * n, "leaving_people": [],
            },
        )  # fmt: skip
        known["access_request"] = rows(
            AccessRequest, "arq",
            account_id=lambda n: f"acc_{n}", application_id=lambda n: f"app_{n}", reason="R", state="pending",
            created_at=now,
        )  # fmt: skip
        known["join_request"] = rows(
            JoinRequest, "jnq",
            email=lambda n: f"j{n}@acme.example", email_key=lambda n: f"j{n}@acme.example", name="J", rule_id="jru_0",
            state="pending", created_at=now,
        )  # fmt: skip
        known["join_rule"] = rows(JoinRule, "jru", domain=lambda n: f"d{n}.example", created_at=now)
        known["invitation"] = rows(
            Invitation, "inv",
            account_id=lambda n: f"acc_{n}", email=lambda n: f"extra{n}@acme.example", sent_at=now,
            expires_at=now + timedelta(days=7),
        )  # fmt: skip
        for n in numbers:
            for target in (ann, "app_0", "grp_0", "dom_0", site_id, f"acc_{n}"):
                bulk.write(work.tx, AuditEntry, [self._entry(f"aud_{n}{target}", target, now)])
        known["entry"] = f"aud_0{ann}"
        bulk.write(work.tx, Attempt, [self._attempt(n, now) for n in numbers])
        known["attempt"] = "att_0"
        known["site_id"] = site_id
        known["zone"] = rows(
            Zone,
            "zon",
            name=lambda n: f"Z {n}",
            networks=lambda n: [f"192.0.2.{n}/32"],
            digest=lambda n: f"digest {n}",
            created_at=now,
        )
        for n in numbers:
            authentication_policy_changes.create(work, "acme", f"P {n}")
        known.setdefault("authentication_policy", authentication_policies.policies(work, "acme")[-1].id)
        known["bookmark"] = rows(
            Application, "app_b",
            site_id=site_id, protocol="bookmark", name=lambda n: f"Mark {n}", created_at=now,
            launch_url="https://mark.example/",
        )  # fmt: skip
        known["bookmark_grant"] = rows(
            AccessGrant, "acgb",
            application_id="app_b_0", subject_kind="group", subject_id=lambda n: f"grp_{n}", valid_from=now,
        )  # fmt: skip
        known["assignment"] = rows(
            RoleAssignment, "ras", group_id=lambda n: f"grp_{n}", role="help-desk", valid_from=now
        )
        rows(RoleAssignment, "rasa", account_id=lambda n: f"acc_{n}", role="help-desk", valid_from=now)
        rows(
            GroupRule, "gru",
            group_id=lambda n: f"grp_{n}", condition='department is "Sales"', exceptions=lambda n: [f"acc_{n}"],
            created_at=now,
        )  # fmt: skip
        known["registration_token"] = rows(
            RegistrationToken, "rgt",
            site_id=site_id, name=lambda n: f"R {n}", token_hash=lambda n: f"hash {n}", uses_left=1, created_at=now,
            expires_at=now + timedelta(days=9),
        )  # fmt: skip
        known["api"] = rows(
            Api, "api",
            site_id=site_id, identifier=lambda n: f"urn:x:{n}", name=lambda n: f"API {n}", token_format="jwt",
            token_seconds=600, takes_api_tokens=True, created_at=now,
        )  # fmt: skip
        known["api_scope"] = rows(
            ApiScope, "asc",
            site_id=site_id, api_id="api_0", name=lambda n: f"scope:{n}", description=lambda n: f"Do {n}.",
            created_at=now,
        )  # fmt: skip
        known["api_grant"] = rows(
            ApiScopeGrant, "asg",
            scope_id="asc_0", subject_kind="group", subject_id=lambda n: f"grp_{n}", valid_from=now,
        )  # fmt: skip
        for kind, of in (("account", "acc"), ("application", "app")):
            rows(
                ApiScopeGrant, f"asg{of}",
                scope_id=lambda n: f"asc_{n}", subject_kind=kind, subject_id=lambda n, of=of: f"{of}_{n}", valid_from=now,
            )  # fmt: skip
        rows(
            ApiToken, "atk",
            account_id=lambda n: ann if n % 2 else f"acc_{n}", site_id=site_id, api_id=lambda n: f"api_{n}",
            label=lambda n: f"Token {n}", scope="x", subject="sub_x", token_hash=lambda n: f"hash {n}", ending="abcd",
            epoch=0,
            created_at=now, expires_at=now + timedelta(days=9),
        )  # fmt: skip
        self._add_targets(rows, now)
        self._add_imports(rows, now)
        self._add_layouts(work, rows, numbers)
        self._add_access_rules(work, numbers)
        self._add_provider(work, rows, site_id)
        self._add_provisioning(rows, now)

    def _add_provisioning(self, rows, now) -> None:
        ends = now + timedelta(days=1)
        first = rows(
            ProvisioningClient, "pvc", name=lambda n: f"D {n}", name_key=lambda n: f"d {n}", created_at=now,
            failing_since=now,
        )  # fmt: skip
        self.known["provisioning_client"] = first
        self.known["provisioning_token"] = rows(
            ProvisioningToken, "pvt", client_id=first, token_hash=lambda n: f"hash {n}", created_at=now, expires_at=ends
        )
        rows(
            ProvisioningCall, "att_p", client_id=first, at=now, method="PATCH", what="/Users",
            target_id=lambda n: f"acc_{n}", status=409, said="Because.",
        )  # fmt: skip
        rows(ProvisionedAccount, "acc", client_id=first, external_id=lambda n: f"e {n}", since=now)
        rows(ProvisionedGroup, "grp", client_id=first, external_id=lambda n: f"e {n}", since=now, changed_at=now)

    def _add_imports(self, rows, now) -> None:
        counts = {action.value: 1 for action in Action}
        for state, of in (("previewed", "import"), ("applied", "import_done")):
            first = rows(AccountImport, f"imp_{state}", file_name="f.csv", state=state, created_at=now, counts=counts)
            self.known[of] = first
            rows(
                AccountImportRow, f"imr_{state}",
                import_id=first, number=lambda n: n + 2, email=lambda n: f"new{n}@acme.example", action="create",
                after=lambda n: {"name": f"New {n}", "groups": [f"grp_{n}"]},
                outcome="" if state == "previewed" else "created",
            )  # fmt: skip

    def _add_layouts(self, work, rows, numbers) -> None:
        self.known["layout"] = rows(
            LauncherLayout, "lay", group_id=lambda n: f"grp_{n}", rank=lambda n: n, created_at=work.now
        )
        sections = [{"name": f"S {n}", "applications": [f"app_{n}"]} for n in range(numbers.stop)]
        work.tx.session.execute(update(LauncherLayout).values(sections=sections))

    def _add_access_rules(self, work, numbers) -> None:
        policy = access_policies.policies(work, "acme")[0]
        for most in numbers:
            rules = [
                {
                    "name": f"Rule {n}",
                    "mode": "report-only",
                    "conditions": {"people": {"groups": [f"grp_{n}"]}},
                    "answer": {"effect": "deny"},
                }
                for n in range(most + 1)
            ]
            access_policies.write(work, "acme", policy.id, documents.rules_from_json({"rules": rules}))
        self.known["policy"], self.known["version"] = policy.id, "2"
        self.known["access_rule"] = access_policies.rules_of(work, policy).rules[0].id

    def _add_targets(self, rows, now) -> None:
        rows(
            ProvisioningTarget, "ptg",
            application_id=lambda n: f"app_{n}", endpoint="https://extra.example/scim", enabled_at=now, held_at=now,
            failing_since=now, mapping={"userName": "email"}, group_ids=["grp_0"], created_at=now,
        )  # fmt: skip
        for state in ("held", "failed", "there"):
            rows(
                ToldAccount, f"pta_{state}",
                target_id="ptg_0", account_id=lambda n, state=state: f"acc_{state}_{n}", state=state, act="update",
                active=True, remote_id="r", changed_at=now,
            )  # fmt: skip
        rows(
            ToldAccount, "pta",
            target_id="ptg_0", account_id=lambda n: f"acc_{n}", state="failed", act="update", error="refused",
            active=True, remote_id="r", changed_at=now,
        )  # fmt: skip
        rows(
            ToldAccount, "pvo",
            target_id=lambda n: f"ptg_{n}", account_id=self.front.account_ids[ANN], state="there", act="update",
            active=True, remote_id="r", changed_at=now,
        )  # fmt: skip

    def _add_provider(self, work, rows, site_id) -> None:
        if "provider" not in self.known:
            template = templates.find("grafana")
            self.known["provider"] = template_world.register(work, template).application_id
        rows(
            AccessGrant, "acgp",
            application_id=self.known["provider"], subject_kind="group", subject_id=lambda n: f"grp_{n}",
            valid_from=work.now,
        )  # fmt: skip

    def _entry(self, entry_id: str, target: str, now) -> dict:
        return {
            "id": entry_id, "at": now, "tag": "group.member-added", "organization_id": self.front.organization_id,
            "target_id": target, "actor_kind": "account", "actor_id": self.front.account_ids[ANN], "actor_name": ANN,
            "door": "web", "ip": "192.0.2.1", "request_id": "", "details": {"group": "G", "source": "manual"},
        }  # fmt: skip

    def _attempt(self, n: int, now) -> dict:
        return {
            "id": f"att_{n}", "at": now, "kind": "oidc.sign-on", "organization_id": self.front.organization_id,
            "application_id": f"app_{n}", "account_id": self.front.account_ids[ANN], "request_id": "",
            "ip": "192.0.2.1", "outcome": "succeeded", "code": "", "cause": "", "decision": "allowed", "rule": "",
            "context": {}, "steps": [],
        }  # fmt: skip

    def site_id(self, work) -> str:
        return work.tx.session.query(Site).filter_by(slug="acme").one().id


@dataclass
class Visit:
    """What one page did: its statements, its size, its status."""

    status: int
    size: int
    statements: list[str] = field(default_factory=list)


@contextmanager
def watched(database: Database, seen: list[str]) -> Iterator[None]:
    """Note every statement that is sent to SQLite, its values filled in."""

    def trace(connection, *_):
        connection.set_trace_callback(seen.append)

    database.dispose()  # so that the next one is taken out of the pool
    event.listen(database.engine, "checkout", trace)
    try:
        yield
    finally:
        event.remove(database.engine, "checkout", trace)


def pages_of(front: Front) -> list[tuple[str, str, frozenset[str]]]:
    """Endpoint, pattern and arguments of every page of the console."""
    return sorted(
        (rule.endpoint, rule.rule, frozenset(rule.arguments))
        for rule in front.app.url_map.iter_rules()
        if rule.rule.startswith("/admin")
        and not rule.rule.endswith(FILES)
        and "GET" in (rule.methods or ())
        and rule.endpoint not in ELSEWHERE
    )


def address(world: World, endpoint: str, pattern: str, arguments: frozenset[str]) -> str:
    """Return the address of a page, of what the world has."""
    told = ARGUMENTS | PARTICULAR.get(endpoint.partition(".")[0], {}) | PARTICULAR.get(endpoint, {})
    unknown = arguments - told.keys()
    assert not unknown, f"{pattern}: say in ARGUMENTS what {unknown} is"
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: world.known[told[m.group(1)]], pattern)
    return path + ASKED.get(endpoint, "")


def addresses(front: Front, world: World) -> Iterator[str]:
    for page in pages_of(front):
        yield address(world, *page)


def visited(front: Front, world: World, client) -> dict[str, Visit]:
    found = {}
    for path in addresses(front, world):
        client.get(path)  # what is compiled once is compiled
        seen: list[str] = []
        with watched(front.database, seen):
            answer = client.get(path)
        found[path] = Visit(answer.status_code, len(answer.data), [one for one in seen if _asks(one)])
    return found


def _asks(statement: str) -> bool:
    return statement.lstrip().upper().startswith(("SELECT", "WITH", "UPDATE", "DELETE"))


@pytest.fixture(scope="module")
def walk(tmp_path_factory, _front_template, vault):
    path = tmp_path_factory.mktemp("queries") / "front.db"
    shutil.copyfile(_front_template, path)
    database = Database(f"sqlite:///{path}", vault, memory_seconds=0)
    front = Front(database)
    world = World(front)
    visits = []
    for many in (FEW, MANY):
        world.have(many)
        visits.append(visited(front, world, signed_in(front).client))
        front.later(minutes=1)
    yield front, *visits
    database.dispose()


def test_every_page_is_there(walk):
    _, few, many = walk

    assert {path: visit.status for path, visit in {**few, **many}.items() if visit.status != 200} == {}


def test_no_page_of_the_console_is_left_out(walk):
    """What is not opened here is a file, or says in `ELSEWHERE` why; wherever its address begins."""
    front, _, _ = walk
    opened = {endpoint for endpoint, _, _ in pages_of(front)}
    of_console = {
        rule.endpoint: rule.rule
        for rule in front.app.url_map.iter_rules()
        if rule.endpoint.startswith("console_") and "GET" in (rule.methods or ())
    }
    left_out = {
        endpoint: rule
        for endpoint, rule in of_console.items()
        if endpoint not in opened | ELSEWHERE.keys() and not rule.endswith(FILES)
    }

    assert left_out == {}
    assert ELSEWHERE.keys() <= of_console.keys()
    assert len(opened) > 150


def test_a_page_asks_as_often_for_thirty_as_for_three(walk):
    _, few, many = walk
    shape = re.compile(r"'(?:[^']|'')*'|\b\d+\b")

    # A layout that reaches ten people or more asks for a second step: the reader's policy is read for that, once.
    asked_of_many = {"/admin/layouts/lay_0": 1}
    grown = {
        path: Counter(shape.sub("?", one) for one in many[path].statements)
        - Counter(shape.sub("?", one) for one in few[path].statements)
        for path in few
        if len(many[path].statements) - len(few[path].statements) not in (0, asked_of_many.get(path, 0))
    }

    assert grown == {}


_WITH = re.compile(r"\b(\w+)(?:\(\w+(?:, \w+)*\))? AS\s+(?:MATERIALIZED\s+)?\(SELECT")
"""What a statement calls a list of its own."""


def test_no_statement_reads_a_large_table_from_end_to_end(walk):
    front, _, many = walk
    scans = {}
    with front.database.transaction() as tx:
        for path, visit in many.items():
            for statement in set(visit.statements):
                for row in tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}"):
                    step = re.match(r"SCAN (?!\d+ CONSTANT ROWS)(\w+?)(?:_\d+)?(?: |$)", row[3])
                    own = set(_WITH.findall(statement))
                    if step and step.group(1) not in SMALL | own | {"CONSTANT", "anon"}:
                        scans[path, row[3]] = statement

    assert scans == {}


def test_a_page_is_small(walk):
    _, _, many = walk

    assert {path: visit.size for path, visit in many.items() if visit.size > LARGEST} == {}
