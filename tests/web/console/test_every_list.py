"""
Every list of the console: it goes on page by page without a gap, is narrowed by its address, and is taken away as a file
that says the same; what is another organization's is in none of them, and no cell is a formula (T2, T3, T16).

Whoever adds a list says in `PAGES` which page shows it; whoever adds an index page that is no list says so in `NO_LISTS`.
"""

import csv
import importlib
import io
import pkgutil
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from idp.audit.models import Attempt, AuditEntry
from idp.base.db import Database
from idp.directory import authentication_policies, keys, organizations
from idp.directory.console_models import Run
from idp.directory.domain_models import Domain
from idp.directory.group_models import GroupNesting
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
from idp.directory.provisioning_models import ProvisionedAccount, ProvisionedGroup, ProvisioningCall, ProvisioningClient
from idp.directory.told_models import ProvisioningTarget, ToldAccount
from idp.keyring import keyring
from idp.keyring.models import SigningKey
from idp.oidc.models import Api, ApiScope, ApiScopeGrant, ApiToken, RegistrationToken
from idp.policy.models import AccessPolicy, AccessPolicyVersion, AuthenticationPolicy, Zone
from idp.saml import templates
from idp.web import console
from idp.web.console import lists
from idp.web.console.lists import Listing
from idp.web.security import ADMINISTRATOR
from tests.support import template_world
from tests.support.front import BEN, CLEO, Front
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in
from tests.web.console.test_queries import ARGUMENTS, PARTICULAR, World

MANY, A_PAGE = 8, 3
CANARY, FORMULA = "canary", "=1+1"

PAGES = {
    "registration-tokens": "console_site_protocols.show",
    "apis": "console_apis.index",
    "api-scopes": "console_api_scopes.index",
    "api-applications": "console_api_scopes.clients",
    "api-people": "console_api_scopes.people",
    "api-tokens": "console_tokens.index",
    "provisioning-calls": "console_provisioning.latest",
    "provisioning-clients": "console_provisioning.index",
    "provisioned-accounts": "console_provisioning.accounts",
    "provisioned-groups": "console_provisioning.groups",
    "told-accounts": "console_application_provisioning.accounts",
    "told-applications": "console_provisioning_targets.index",
    "access": "console_application_access.index",
    "access-applications": "console_access.applications",
    "account-applications": "console_access_paths.account",
    "group-applications": "console_groups.opens",
    "groups-around": "console_groups.inside",
    "groups-within": "console_groups.inside",
    "key-change": "console_keys.show",
    "unused-applications": "console_insights.index",
    "access-policies": "console_access.index",
    "access-requests": "console_requests.index",
    "access-rules": "console_access.show",
    "access-versions": "console_access.versions",
    "accounts": "console_accounts.index",
    "administrators": "console_roles.index",
    "application-people": "console_access_paths.people",
    "applications": "console_applications.index",
    "attempts": "console_attempts.index",
    "audit": "console_audit.index",
    "authentication-policies": "console_policies.index",
    "bookmark-access": "console_bookmarks.show",
    "bookmarks": "console_bookmarks.index",
    "domains": "console_domains.index",
    "groups": "console_groups.index",
    "import-rows": "console_imports.show",
    "imports": "console_imports.index",
    "invitations": "console_invitations.index",
    "join-requests": "console_joining.index",
    "join-rules": "console_joining.index",
    "keys": "console_keys.index",
    "layouts": "console_layouts.index",
    "members": "console_groups.show",
    "people": "console_insights.people",
    "policy-members": "console_policies.members",
    "roles": "console_roles.every",
    "runs": "console_runs.index",
    "site-people": "console_sites.people",
    "sites": "console_sites.index",
    "report-only": "console_access.reported",
    "site-administrators": "console_site_tabs.administrators",
    "site-applications": "console_site_tabs.applications",
    "zones": "console_zones.index",
}
NO_LISTS = {
    "console_application_provisioning.index": "where one application is told",
    "console_application_client.index": "how one client is registered",
    "console_application_saml.index": "what is known of one provider",
    "console_application_saml_further.index": "what is known of one provider",
    "console_application_test.index": "a test",
    "console_application_vendor.index": "values for one vendor",
    "console_organization.index": "one organization",
    "console_search.index": "hits of a few words",
    "console_what_if.index": "one question",
}
HEADS = {
    "registration-tokens": "id,name,state,uses_left,created,expires,revoked",
    "apis": "id,name,identifier,site,state,token_format,minutes,api_tokens,scopes,applications",
    "api-scopes": "id,name,description,created",
    "api-applications": "id,scope,kind,subject_id,name,since,until",
    "api-people": "id,scope,kind,subject_id,name,since,until",
    "api-tokens": "id,email,name,label,api,scope,ending,state,created_at,last_used_at,ends_at,revoked_at,revoked_because",
    "provisioning-calls": "at,method,what,target,status,said,attempt",
    "provisioning-clients": "id,name,takes_over,brake,accounts,groups,connected,called_last,off_since,stopped,failing_since",
    "provisioned-accounts": "id,email,name,state,external_id,since",
    "provisioned-groups": "id,name,created",
    "told-applications": "id,name,endpoint,state,error,there,waiting,held,failed,gone",
    "access": "id,kind,subject_id,name,since,until,reason",
    "access-applications": "id,name,protocol",
    "account-applications": "application_id,application,site,opens,by,through,source,since,reason",
    "group-applications": "application_id,application,by_group_id,by_group,since,until,reason",
    "groups-around": "id,name,description,filled",
    "groups-within": "id,name,description,filled",
    "key-change": "key,application_id,application,entity_id,standing,new_key,metadata_read,answered",
    "unused-applications": "id,name,protocol,created",
    "access-policies": "id,name,asked,default,applications,guard_rails,rules",
    "access-requests": "id,email,application_id,application,reason,state,asked,decided_by,decided,answer",
    "access-rules": "id,kind,place,name,state,says",
    "access-versions": "version,at,by,changes",
    "accounts": "name,email,state,kind,managed,domain,last_active,created,policy,second_step,groups,applications",
    "administrators": "kind,who,role,where,from,until",
    "application-people": "id,email,state,by,through,source,since,reason",
    "applications": "name,id,protocol,site,state,known_as,launch_url",
    "attempts": "at,id,kind,outcome,code,cause,decision,rule,person,site_id,application_id,application,ip,request_id",
    "audit": "at,event,sentence,actor_kind,actor,target_id,door,ip,request_id,id",
    "authentication-policies": "id,name,for,default,second_step,people,created",
    "bookmark-access": "id,kind,subject_id,name,since,until,reason",
    "bookmarks": "id,name,leads_to,note,site,on_request,created",
    "domains": "id,name,state,method,claiming,managed,added,proven,looked_for,missing_since",
    "groups": "id,name,description,filled,members",
    "import-rows": "line,email,action,outcome,problem,account_id,before,after",
    "imports": "id,file,state,create,change,unchanged,wrong,by,at,applied,undone",
    "invitations": "id,email,account_id,state,sent,good_until,invited_by",
    "join-requests": "id,email,name,state,asked,decided_by,decided",
    "join-rules": "id,domain,needs_approval,notify,kind,groups,created",
    "keys": "site,id,purpose,algorithm,state,since,fingerprint,certificate_until",
    "layouts": "id,group_id,for,before_what_people_arrange,sections,created",
    "members": "id,email,name,source,of,since",
    "people": "email,name,kind,created_at",
    "policy-members": "id,email,name,kind,state",
    "roles": "key,name,whose,description,permissions",
    "runs": "id,what,state,done,failed,total,asked_for_by,begun,ended,findings",
    "site-people": "id,email,name,kind,last_active",
    "sites": "id,short_name,name,issuer,entity_id,state,created",
    "told-accounts": "id,email,id_there,state,last_act,error,changed",
    "report-only": (
        "policy,rule_id,rule,state,person_id,person,sign_ons,denied,asked_for_more,asked_for_what_was_proven,attempt"
    ),
    "site-administrators": "kind,who,role,where,from,until",
    "site-applications": "name,id,protocol,site,state,known_as,launch_url",
    "zones": "id,name,usage,networks,asns,countries,cities,created",
}
"""What stands in the first line of each file: scripts read it, so it changes with a note in the changelog only."""
SEVERAL_LINES = {"account-applications", "application-people", "members", "keys", "report-only"}
"""Lists of whose rows the file may have several lines each."""
OF_ANOTHER = (
    *(Account, Group, Site, Membership, Application, AccessGrant, Domain, Role, RoleAssignment, Run, AccessRequest),
    *(JoinRequest, JoinRule, Invitation, AccountImport, AccountImportRow, LauncherLayout, Zone, AuthenticationPolicy),
    *(
        AccessPolicy,
        AccessPolicyVersion,
        SigningKey,
        AuditEntry,
        Attempt,
        Api,
        ApiScope,
        ApiScopeGrant,
        ApiToken,
        RegistrationToken,
        ProvisioningClient,
    ),
    *(ProvisioningCall, ProvisionedAccount, ProvisionedGroup, ProvisioningTarget, ToldAccount),
)
"""What the other organization has, too: rows with the same ids wherever ids are those of an organization."""
SPOKEN = (
    *("name", "name_key", "email", "email_key", "title", "file_name", "domain", "held_name", "reason", "actor_name"),
    *("created_by_name", "slug", "cause", "invited_by_name", "digest", "launch_url", "external_id", "said", "label"),
    *("endpoint", "identifier", "remote_id", "token_hash"),
)
UNIQUE_IDS = {Attempt.__tablename__, AuditEntry.__tablename__, SigningKey.__tablename__}


class Lists:
    """Acme with eight of everything, and another organization with as many that are called canary."""

    def __init__(self, front: Front) -> None:
        self.front, self.world = front, World(front)
        self.world.have(MANY)
        self.admin: Visitor = signed_in(front)
        with front.work() as work:
            self._more(work)
            self._another(work)
        self.listings = {one.name: one for one in _every_listing()}
        self.told = self.world.known | {"import": self.world.known["import_done"]}
        with front.work() as work:
            self.told["authentication_policy"] = authentication_policies.policy(work, "acme").id

    def _more(self, work: Any) -> None:
        """Have of some lists more than the walk of all pages has; and names that begin like formulas."""
        session, org, now = work.tx.session, self.front.organization_id, work.now
        site = session.scalars(select(Site).where(Site.slug == "acme")).one()
        for n in range(4):
            site_row = {c.name: getattr(site, c.name) for c in Site.__table__.columns}
            session.execute(insert(Site).values({**site_row, "id": f"sit_{n}", "slug": f"more-{n}"}))
        for n in range(5):
            row = {"organization_id": org, "application_id": "app_b_0", "subject_kind": "account", "valid_from": now}
            session.execute(insert(AccessGrant).values({**row, "id": f"acgx_{n}", "subject_id": f"acc_{n}"}))
            row = {"organization_id": org, "application_id": "app_0", "subject_kind": "account", "valid_from": now}
            session.execute(insert(AccessGrant).values({**row, "id": f"acgy_{n}", "subject_id": f"acc_{n}"}))
        for policy in (session.scalars(select(AccessPolicy)).first(),):
            row = {c.name: getattr(policy, c.name) for c in AccessPolicy.__table__.columns}
            for n in range(3):
                values = {**row, "id": f"acp_{n}", "name": f"More {n}", "kind": "application", "is_default": False}
                session.execute(insert(AccessPolicy).values(values))
                version = {"organization_id": org, "policy_id": f"acp_{n}", "number": values["current"]}
                then = {"rules": {}, "created_at": now, "created_by": ""}
                session.execute(insert(AccessPolicyVersion).values({**version, **then}))
        session.execute(
            update(AuthenticationPolicy).where(AuthenticationPolicy.name == "P 0").values(name=FORMULA + "P")
        )
        for model in (Account, Application, Zone, Site):
            session.execute(
                update(model)
                .where(model.organization_id == org, model.id.like("%\\_1", escape="\\"))
                .values(name=FORMULA)
            )
        for n in range(5):
            row = {"organization_id": org, "application_id": f"app_{n + 1}", "subject_kind": "group", "valid_from": now}
            session.execute(insert(AccessGrant).values({**row, "id": f"acgz_{n}", "subject_id": "grp_0"}))
            group = {"organization_id": org, "id": f"gro_{n}", "name": f"Around {n}", "name_key": f"around {n}"}
            session.execute(insert(Group).values({**group, "created_at": now}))
            nesting = {"organization_id": org, "id": f"gno_{n}", "parent_id": f"gro_{n}", "child_id": "grp_0"}
            session.execute(insert(GroupNesting).values({**nesting, "valid_from": now}))
            role = {"organization_id": org, "account_id": f"acc_{n}", "role": "site-administrator", "valid_from": now}
            session.execute(insert(RoleAssignment).values({**role, "id": f"rat_{n}", "site_id": site.id}))
        for template in ("jira-data-center", "nextcloud", "zoom"):
            template_world.register(work, templates.find(template))
        keys.rotate(work, org, site.id, subject="acme", purpose=keyring.SAML_SIGNING)
        old = Application.organization_id == org
        session.execute(update(Application).where(old).values(created_at=now - timedelta(days=40)))
        session.execute(update(Run).where(Run.id == "run_1").values(title=FORMULA))

    def _another(self, work: Any) -> None:
        organizations.create(work, "globex", name=CANARY)
        other = organizations.by_slug(work, "globex")
        assert other is not None
        copied: set[str] = set()
        for model in sorted(OF_ANOTHER, key=lambda one: [*one.metadata.sorted_tables].index(one.__table__)):
            table = model.__table__
            rows = work.tx.session.execute(
                select(table).where(table.c.organization_id == self.front.organization_id)
            ).mappings()
            copies = [self._copy(table, dict(row), other.id) for row in rows]
            if table.name in (
                "access_policies",
                "authentication_policies",
            ):  # each has one default, and one for sessions
                copies = [one for one in copies if not one["is_default"] and one["kind"] != "session"]
                copied |= {one["id"] for one in copies}
            for one in copies:
                if one.get("policy_id") in (None, *copied):
                    work.tx.session.execute(insert(table).values(one))

    @staticmethod
    def _copy(table: Any, row: dict[str, Any], organization_id: str) -> dict[str, Any]:
        row |= {name: f"{CANARY}-{row[name]}" for name in SPOKEN if name in row and row[name] is not None}
        if table.name in UNIQUE_IDS:
            row["id"] = f"{CANARY}_{row['id']}"
        return {**row, "organization_id": organization_id}

    def values(self, endpoint: str) -> dict[str, str]:
        """What the page of a list takes."""
        [rule] = [one for one in self.front.app.url_map.iter_rules(endpoint) if "GET" in (one.methods or ())]
        told = ARGUMENTS | PARTICULAR.get(endpoint.partition(".")[0], {}) | PARTICULAR.get(endpoint, {})
        return {name: self.told[told[name]] for name in rule.arguments}

    def path(self, name: str, *, file: bool = False) -> str:
        """The address of a list, or of its file."""
        page = PAGES[name]
        with self.front.app.test_request_context():
            from flask import url_for

            return url_for(self.listings[name].file if file else page, _external=False, **self.values(page))

    def rows(self, name: str, query: str = "") -> list[dict[str, str]]:
        """The lines of a list's file."""
        answer = self.admin.client.get(self.path(name, file=True) + query)
        assert answer.status_code == 200, (name, query, answer.status_code)
        return list(csv.DictReader(io.StringIO(answer.text)))


def _every_listing() -> Iterator[Listing[Any]]:
    seen: dict[int, Listing[Any]] = {}
    for found in pkgutil.iter_modules(console.__path__):
        module = importlib.import_module(f"{console.__name__}.{found.name}")
        seen |= {id(one): one for one in vars(module).values() if isinstance(one, Listing)}
    yield from seen.values()


@pytest.fixture(scope="module")
def there(tmp_path_factory, _front_template, vault):
    path = tmp_path_factory.mktemp("lists") / "front.db"
    shutil.copyfile(_front_template, path)
    database = Database(f"sqlite:///{path}", vault, memory_seconds=0)
    yield Lists(Front(database))
    database.dispose()


@pytest.fixture
def shown_keys(monkeypatch) -> dict[str, list[Any]]:
    """The keys of the rows that pages showed, by list, since the test began."""
    seen: dict[str, list[Any]] = {}
    original = lists.listed

    def noted(desk, name, chosen, read, key, **how):
        found = original(desk, name, chosen, read, key, **how)
        seen.setdefault(how["file"], []).extend(tuple(key(one)) for one in found.rows)
        return found

    monkeypatch.setattr(lists, "listed", noted)
    return seen


def _bad_values(listing: Listing[Any]) -> list[str]:
    return [name for name, fits in listing.filters.items() if not fits("no such value")]


def test_every_list_has_a_page_and_every_index_is_a_list_or_says_why_not(there):
    assert set(there.listings) == set(PAGES) == set(HEADS)
    indexes = {
        rule.endpoint
        for rule in there.front.app.url_map.iter_rules()
        if rule.endpoint.endswith(".index")
        and "GET" in rule.methods
        and getattr(there.front.app.view_functions[rule.endpoint], "guard", "") == ADMINISTRATOR
    }
    assert indexes - set(PAGES.values()) == set(NO_LISTS)


def test_no_page_shows_a_list_that_is_none_of_these():
    """`lists.listed` alone makes a list without a file: whatever the console lists is a `Listing`."""
    sources = [one for one in Path(console.__path__[0]).glob("*.py") if one.name != "lists.py"]
    assert len(sources) > 40
    called = re.compile(r"\blists\.listed\b|console\.lists import [^\n]*\blisted\b|(?<![.\w])listed\(")
    assert [one.name for one in sources if called.search(one.read_text())] == []


def test_every_list_offers_its_file_and_the_file_has_the_heads_that_it_always_had(there):
    wrong = []
    for name in PAGES:
        hrefs = there.admin.open(there.path(name)).page.xpath("//a[@download]/@href")
        text = there.admin.client.get(there.path(name, file=True)).text
        rows = list(csv.reader(io.StringIO(text)))
        if there.path(name, file=True) not in [href.partition("?")[0] for href in hrefs]:
            wrong.append((name, "no link", hrefs))
        if ",".join(rows[0]) != HEADS[name] or any(len(row) != len(rows[0]) for row in rows) or len(rows) < 2:
            wrong.append((name, "file", rows[0]))
    assert wrong == []


def test_every_list_goes_on_page_by_page_without_a_gap_or_a_row_twice(there, shown_keys, monkeypatch):
    wrong = []
    for name, listing in there.listings.items():
        shown_keys.clear()
        monkeypatch.setattr(lists, "ROWS", 10_000)
        there.admin.open(there.path(name))
        [*every] = shown_keys.pop(listing.file)
        shown_keys.clear()
        monkeypatch.setattr(lists, "ROWS", A_PAGE)
        path, pages = there.path(name), 0
        while path and pages < 100:
            there.admin.open(path)
            found = there.admin.page.xpath("//a[@rel='next']/@href")
            path = next((one for one in found if re.search(rf"[?&]{listing.cursor}=", one)), "")
            pages += 1
        if shown_keys[listing.file] != every or len(set(every)) != len(every) or len(every) <= A_PAGE:
            wrong.append((name, pages, len(every), len(shown_keys[listing.file])))
    assert wrong == []


def test_t3_a_cursor_that_was_altered_or_is_of_another_list_begins_at_the_start(there, shown_keys, monkeypatch):
    monkeypatch.setattr(lists, "ROWS", A_PAGE)
    [stolen] = there.admin.open(there.path("groups")).page.xpath("//a[@rel='next']/@href")
    cursor = re.search(r"after=([\w-]+)", stolen).group(1)
    wrong = []
    for name, listing in there.listings.items():
        shown_keys.clear()
        there.admin.open(there.path(name))
        first = shown_keys.pop(listing.file)
        for said in (cursor, cursor[:-1] + "A", "x", "%C3%A9"):
            if name == "groups" and said == cursor:
                continue
            shown_keys.clear()
            there.admin.open(f"{there.path(name)}?{listing.cursor}={said}")
            if shown_keys[listing.file] != first:
                wrong.append((name, said))
    assert wrong == []


def test_a_value_that_no_filter_knows_is_refused_by_the_page_and_by_the_file(there):
    wrong = []
    for name, listing in there.listings.items():
        for filter_ in _bad_values(listing):
            for file in (False, True):
                answer = there.admin.client.get(f"{there.path(name, file=file)}?{filter_}=no+such+value")
                if answer.status_code != 422 or not re.search(
                    "This list cannot be narrowed|This is no day", answer.text
                ):
                    wrong.append((name, filter_, file, answer.status_code))
    assert wrong == []
    assert there.admin.client.get("/admin/accounts?group=Nobodys").status_code == 404
    assert there.admin.client.get("/admin/accounts/export.csv?group=Nobodys").status_code == 404


def test_each_choice_of_a_filter_is_honoured_by_page_and_file_alike(there, shown_keys, monkeypatch):
    monkeypatch.setattr(lists, "ROWS", 10_000)
    wrong, narrowed = [], 0
    for name, listing in there.listings.items():
        page = there.admin.open(there.path(name)).page if listing.filters else None
        for filter_ in listing.filters:
            values = [*page.xpath(f"//select[@name='{filter_}']/option/@value"), *(["zzz"] if filter_ == "q" else [])]
            if filter_ not in ("who", "what") and not values and not page.xpath(f"//input[@name='{filter_}']"):
                wrong.append((name, filter_, "is not offered"))
            for value in filter(None, values):
                shown_keys.clear()
                query = f"?{filter_}={value}"
                there.admin.open(there.path(name) + query)
                if there.admin.status != 200:
                    wrong.append((name, query, there.admin.status))
                    continue
                lines = there.rows(name, query)
                shown = shown_keys[listing.file]
                narrowed += 1
                same = len(lines) >= len(shown) if name in SEVERAL_LINES else len(lines) == len(shown)
                if not same and name != "audit":  # what is looked at is written down
                    wrong.append((name, query, len(lines), len(shown)))
                if not shown and not there.admin.page.xpath("//*[@class='empty']"):
                    wrong.append((name, query, "no word for nothing"))
    assert wrong == []
    assert narrowed > 80


def test_an_export_of_accounts_holds_those_of_the_list_and_no_others(there):
    assert {row["state"] for row in there.rows("accounts", "?state=disabled")} == {"disabled"}
    assert [row["email"] for row in there.rows("accounts", "?state=disabled")] == [CLEO]
    members = {row["email"] for row in there.rows("accounts", "?group=grp_0")}
    assert members == {row["email"] for row in there.rows("members")} != set()
    assert [row["email"] for row in there.rows("accounts", "?q=ben")] == [BEN]
    assert {row["kind"] for row in there.rows("accounts", "?kind=member")} == {"member"}
    assert there.rows("accounts", "?kind=guest") == []
    whole, narrowed = there.rows("accounts"), there.rows("accounts", "?kind=member")
    assert narrowed == whole


def test_t2_nothing_of_another_organization_is_on_a_page_or_in_a_file(there):
    with there.front.work() as work:
        other = organizations.by_slug(work, "globex").id
        none = [
            model.__tablename__
            for model in OF_ANOTHER
            if not work.tx.session.scalars(select(model).where(model.organization_id == other)).all()
        ]
        assert none == []
    found = []
    for name in PAGES:
        for file in (False, True):
            text = there.admin.client.get(there.path(name, file=file)).text
            if CANARY in text:
                found.append((name, file, text[max(0, text.index(CANARY) - 80) : text.index(CANARY) + 60]))
    assert found == []


def test_t16_no_cell_of_any_file_begins_a_formula(there):
    wrong, escaped = [], set()
    for name in PAGES:
        for row in there.rows(name):
            for cell in row.values():
                if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
                    wrong.append((name, cell))
                if cell.startswith(f"'{FORMULA}"):
                    escaped.add(name)
    assert wrong == []
    assert {"accounts", "applications", "zones", "runs", "members", "authentication-policies"} <= escaped


def test_whoever_takes_a_list_away_is_written_down_with_what_it_was_narrowed_to(there):
    there.rows("domains", "?state=verified")
    there.rows("members")
    with there.front.work() as work:
        entries = work.tx.session.scalars(select(AuditEntry).where(AuditEntry.tag == "list.exported")).all()
        seen = {(one.details["list"], one.details["filters"], one.target_id) for one in entries}
    assert ("domains", "state=verified", there.front.organization_id) in seen
    assert ("members", "everything", "grp_0") in seen


def test_looking_at_a_list_writes_nothing_down(there):
    def entries() -> int:
        with there.front.work() as work:
            return len(work.tx.session.scalars(select(AuditEntry.id)).all())

    before = entries()
    for name in PAGES:
        there.admin.open(there.path(name))
    assert entries() == before
