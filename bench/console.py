"""
Measure every page of the console at scale: ``python -m bench.console [CONFIG] [--scale S] [--rounds N] [--report FILE]``.

CONFIG is that of an installation that `idp dev seed` has filled; nothing of it is changed but for a session and what
the hourly job counts. Without it a throw-away one on SQLite is filled with *S* (``20k``).

What is measured is the server alone, in this process, one request after the other: from the request to the last byte of the
answer. The bar is on the processor's time, that of the process and of its connections' at the database together, so
that it says the same on a machine that others use; the time by the clock stands beside it. On PostgreSQL it also says
which pages read a large table from end to end.
"""

import argparse
import gc
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from idp import app as app_
from idp.audit.models import Attempt, AuditEntry
from idp.base import clock, logging
from idp.base.db import Database
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.directory import access_policies, daily_counts
from idp.directory.authentication_policies import policies as authentication_policies
from idp.directory.console_models import Run
from idp.directory.domain_models import Domain
from idp.directory.joining_models import AccessRequest, AccountImport, Invitation, JoinRequest, JoinRule
from idp.directory.launcher_models import LauncherLayout
from idp.directory.models import (
    AccessGrant,
    Account,
    Application,
    Group,
    Membership,
    Organization,
    Role,
    RoleAssignment,
    Site,
)
from idp.directory.policies import authentication_policy
from idp.keyring import wrapping
from idp.policy.models import Zone
from idp.policy.permissions import OPERATOR
from idp.policy.signon import Method, Proof
from idp.settings import load
from idp.signon import coverage, insights, session
from tests.support.statements import asked
from tests.web.console.test_queries import ARGUMENTS, ELSEWHERE, PARTICULAR

ROOT = Path(__file__).parent.parent
LARGE = "large"
TARGET_MS, TARGET_SEARCH_MS, TARGET_BYTES = 300.0, 100.0, 60_000
BIG = (
    *("accounts", "attempts", "audit_entries", "memberships", "search_words", "applications", "access_grants"),
    *("group_nestings", "totp_factors", "service_providers", "clients", "daily_counts"),
)
QUESTIONS = ("a", "mar", "maria garcia", "olga.0@large.example", "m g", "wiki 7", "large.example a", "zzz")
ASKED = {
    "console_bulk.ask": "?act=disable&all=1",
    "console_group_rules.preview": '?condition=department is "Sales"',
    "console_roles.confirm": "?role=help-desk&where=organization&whom=olga.0@large.example",
}
"""What a page has to be asked, where it shows nothing without."""
_NONE = "none"
FILES = (".csv", ".jsonl", ".svg", ".pem", ".xml")


@dataclass(frozen=True, slots=True)
class Row:
    """What a page came to; times in milliseconds."""

    page: str
    status: int
    busy: float
    busy_p95: float
    clock_p95: float
    size: int
    scanned: tuple[str, ...]

    def misses(self) -> list[str]:
        """Return which bars it does not meet."""
        most = TARGET_SEARCH_MS if "live=1" in self.page else TARGET_MS
        said = ["slow"] if self.busy_p95 > most else []
        said += ["large"] if self.size > TARGET_BYTES else []
        said += [f"status {self.status}"] if self.status != 200 else []
        return said + [f"reads all of {name}" for name in self.scanned]


def main() -> None:
    """Print a table of pages, and whether every one meets its bar."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("config", type=Path, nargs="?")
    reading.add_argument("--scale", default="20k")
    reading.add_argument("--rounds", type=int, default=20)
    reading.add_argument("--only", default="", help="only pages with this in their address")
    reading.add_argument("--plans", action="store_true", help="print plans of the statements of pages that miss a bar")
    reading.add_argument("--report", type=Path)
    told = reading.parse_args()
    if told.config is not None:
        lines = measure(told.config, told.rounds, told.only, plans=told.plans)
    else:
        with tempfile.TemporaryDirectory() as name:
            lines = measure(filled(Path(name), told.scale), told.rounds, told.only, plans=told.plans)
    print("\n".join(lines))
    if told.report is not None:
        told.report.write_text("\n".join(lines) + "\n", encoding="utf-8")


def filled(folder: Path, scale: str) -> Path:
    """Fill a new installation in *folder*; return its configuration."""
    config = folder / "config.yaml"
    config.write_text("base_url: http://localhost:9999\ndatabase:\n  url: sqlite:///ostiary.db\n", encoding="utf-8")
    for command in (["init"], ["dev", "seed", "--scale", scale]):
        subprocess.run([sys.executable, "-m", "idp", *command, "--config", str(config)], cwd=ROOT, check=True)
    return config


def measure(config: Path, rounds: int, only: str = "", *, plans: bool = False) -> list[str]:
    """Return the table of the installation of *config*, as Markdown, and the bars."""
    settings = load(config)
    logging.configure("error")
    database = Database(settings.database.url, wrapping.load(settings.keys.directory))
    with database.transaction() as tx:
        work = Work(tx, Actor("operator", name="bench", roles=(HeldRole(OPERATOR),)), clock.now(), Origin("cli"))
        cookie, known, organization_id = _administrator(work)
        began = time.perf_counter()
        daily_counts.count(work, organization_id)
        coverage.count_people(work, organization_id)
        counting = time.perf_counter() - began
    application = app_.create(settings, database=database)
    gc.collect()
    gc.freeze()  # as the server does
    client = application.test_client()
    client.set_cookie("ostiary_session", cookie)
    found, explained = [], []
    for path in _paths(application, known):
        if only in path:
            found.append(_row(database, client, path, rounds))
            if plans and found[-1].misses():
                explained += ["", f"### {path}", *_plans(database, client, path)]
    database.dispose()
    return [
        f"Counting 30 days of the large organization for the first time: {counting:.1f} s.",
        "",
        *_table(found),
        *explained,
    ]


def _table(found: list[Row]) -> list[str]:
    lines = ["| page | busy ms | p95 | by the clock, p95 | bytes | |", "|---|---|---|---|---|---|"]
    lines += [
        f"| `{row.page}` | {row.busy:.0f} | {row.busy_p95:.0f} | {row.clock_p95:.0f} | {row.size} "
        f"| {', '.join(row.misses())} |"
        for row in found
    ]
    if not found:
        return lines
    searches = [row for row in found if "live=1" in row.page] or found
    slow, slow_search = max(found, key=lambda row: row.busy_p95), max(searches, key=lambda row: row.busy_p95)
    large = max(found, key=lambda row: row.size)
    scanning = [row.page for row in found if row.scanned]
    unshown = [row.page for row in found if row.status != 200]
    bars = [
        (
            "slowest page, p95, busy ms",
            f"{slow.busy_p95:.0f} (`{slow.page}`)",
            f"< {TARGET_MS:.0f}",
            slow.busy_p95 < TARGET_MS,
        ),
        (
            "slowest search while one types, p95, busy ms",
            f"{slow_search.busy_p95:.0f}",
            f"< {TARGET_SEARCH_MS:.0f}",
            slow_search.busy_p95 < TARGET_SEARCH_MS,
        ),
        ("largest page, bytes", f"{large.size} (`{large.page}`)", f"< {TARGET_BYTES}", large.size < TARGET_BYTES),
        ("pages that read a large table from end to end", str(len(scanning)), "0", not scanning),
        (f"pages that were not shown, of {len(found)}", str(len(unshown)), "0", not unshown),
    ]
    lines += ["", "| bar | seen | asked | met |", "|---|---|---|---|"]
    return lines + [f"| {name} | {seen} | {bar} | {'yes' if met else 'no'} |" for name, seen, bar, met in bars]


def _administrator(work: Work) -> tuple[str, dict[str, str], str]:
    """Return a session of the large organization's administrator, and an id of each kind of thing."""
    db = work.tx.session
    owner = db.query(Organization).filter_by(slug=LARGE).one()
    held = db.query(RoleAssignment).filter_by(organization_id=owner.id, role="organization-administrator").first()
    assert held is not None
    account = db.get_one(Account, (owner.id, held.account_id))
    token, _ = session.start(
        work,
        organization_id=owner.id,
        account_id=account.id,
        epoch=account.epoch,
        proofs=(Proof(Method.PASSWORD, work.now), Proof(Method.TOTP, work.now)),
        policy=authentication_policy(work, owner.id, None),
        attempt_id="",
        replaces=None,
    )
    return token, _known(work, owner.id), owner.id


def _known(work: Work, organization_id: str) -> dict[str, str]:
    """Return an id of each kind that `ARGUMENTS` names, of the large organization: where it matters, of a large one."""

    def one(model: Any, **equal: Any) -> str:
        query = select(model.id).filter_by(organization_id=organization_id, **equal).order_by(model.id).limit(1)
        found = work.tx.session.scalar(query)
        return found or _NONE

    everyone = select(AccessGrant.application_id, AccessGrant.id).where(
        AccessGrant.organization_id == organization_id, AccessGrant.subject_kind == "everyone"
    )
    opened = work.tx.session.execute(everyone.limit(1)).one()
    largest = work.tx.session.execute(
        select(Membership.group_id)
        .where(Membership.organization_id == organization_id, Membership.source != "manual")
        .limit(1)
    ).scalar_one()
    policy = access_policies.policies(work, LARGE)[0]
    site = work.tx.session.query(Site).filter_by(organization_id=organization_id).order_by(Site.id).first()
    assert site is not None
    return {
        "act": "disable", "kind": "rule", "number": insights.WITHOUT, "template": "grafana",
        "account": one(Account, disabled_at=None, kind="member"), "group": largest, "ruled": one(Group, kind="rule"),
        "application": opened.application_id, "grant": opened.id, "site": site.slug, "site_id": site.id,
        "provider": one(Application, protocol="saml", disabled_at=None), "client": one(Application, protocol="oidc", disabled_at=None),
        "bookmark": one(Application, protocol="bookmark"), "run": one(Run), "domain": one(Domain),
        "domain_held": one(Domain, state="verified"), "run_preview": one(Run, kind="group-rule-preview"), "attempt": one(Attempt), "entry": one(AuditEntry),
        "zone": one(Zone), "role": one(Role), "access_request": one(AccessRequest, state="pending"),
        "invitation": one(Invitation), "policy": policy.id, "assignment": one(RoleAssignment, role="help-desk"),
        "import": one(AccountImport, state="previewed"), "import_done": one(AccountImport, state="applied"),
        "layout": one(LauncherLayout), "join_request": one(JoinRequest), "join_rule": one(JoinRule),
        "authentication_policy": authentication_policies(work, LARGE)[0].id, "version": "2",
        "access_rule": access_policies.rules_of(work, policy).rules[0].id,
    }  # fmt: skip


OURS = {
    "console_application_client": {"application_id": "client"},
    "console_group_rules": {"group_id": "ruled"},
    "console_application_adding.made": {"application_id": "provider"},
    "console_application_vendor": {"application_id": "provider"},
    "console_access_paths": {},
}
"""Of what else than in tests a page is shown."""


NOT_SHOWN = {"console_application_adding_client.made", "console_group_rules.preview", "console_bulk.choose"}
"""Addresses that lead on, or show something only just after it was made."""


def _paths(application: Any, known: dict[str, str]) -> list[str]:
    found = ["/admin/accounts?state=disabled", "/admin/accounts?q=maria", "/admin/accounts?q=zz"]
    found += [f"/admin/insights/people/{which}" for which in (insights.WITH, insights.INACTIVE, insights.GUESTS)]
    found += ["/admin/groups?kind=rule", "/admin/applications?q=wiki", "/admin/applications?state=disabled"]
    found += ["/admin/attempts?outcome=refused", "/admin/audit?tag=account.disabled"]
    found += [f"/admin/applications/{known['provider']}/people", f"/admin/applications/{known['provider']}/access"]
    found += [f"/admin/access/report?days={days}" for days in (1, 30)]
    found += [f"/admin/search?q={question}" for question in QUESTIONS]
    found += [f"/admin/search?live=1&q={question}" for question in (*QUESTIONS, known["attempt"][:8], known["attempt"])]
    for rule in application.url_map.iter_rules():
        if not rule.rule.startswith("/admin") or "GET" not in rule.methods or rule.endpoint in {*ELSEWHERE, *NOT_SHOWN}:
            continue
        if rule.rule.endswith(FILES):
            continue  # files of everything, streamed: no pages
        blueprint = rule.endpoint.partition(".")[0]
        told = ARGUMENTS | PARTICULAR.get(blueprint, {}) | OURS.get(blueprint, {})
        told = told | PARTICULAR.get(rule.endpoint, {}) | OURS.get(rule.endpoint, {})
        if any(known.get(told.get(name, ""), _NONE) == _NONE for name in rule.arguments):
            continue  # the seed has nothing of that kind
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: known[told[m.group(1)]], rule.rule)  # noqa: B023
        found.append(path + ASKED.get(rule.endpoint, ""))
    return sorted(set(found))


def _plans(database: Database, client: Any, path: str) -> list[str]:
    """Return the plans of what a page asks PostgreSQL, of each statement that takes a millisecond or more."""
    with asked(database) as seen:
        client.get(path, buffered=True)
    lines = []
    with database.transaction() as tx:
        cursor: Any = tx.connection.connection.cursor()
        for statement, values in seen.items():
            if statement.lstrip().upper().startswith(("SELECT", "WITH")):
                plan = [row[0] for row in cursor.execute(f"EXPLAIN (ANALYZE) {statement}", values, prepare=False)]
                if float(plan[-1].split()[-2]) >= 1:
                    lines += ["", statement, "", *(f"    {line}" for line in plan)]
    return lines


def _row(database: Database, client: Any, path: str, rounds: int) -> Row:
    client.get(path, buffered=True)
    before = _scans(database)
    busy, took, answer = [], [], None
    for _ in range(rounds):
        at_work, began = _busy(database), time.perf_counter()
        answer = client.get(path, buffered=True)
        took.append((time.perf_counter() - began) * 1000)
        busy.append((_busy(database) - at_work) * 1000)
    assert answer is not None
    scanned = tuple(name for name, count in _scans(database).items() if count - before.get(name, 0) >= rounds)
    shown = re.sub(r"[a-z]{3}_[0-9a-z]{20,}", "…", path)
    return Row(shown, answer.status_code, statistics.median(busy), _p95(busy), _p95(took), len(answer.data), scanned)


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def _busy(database: Database) -> float:
    """Return the processor seconds of this process and of the processes that serve its connections."""
    used = time.process_time()
    for pid in _backends(database):
        try:
            used += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
        except OSError:  # gone, or on another machine
            continue
    return used


_pids: list[int] = []


def _backends(database: Database) -> list[int]:
    if database.engine.dialect.name != "postgresql" or _pids:
        return _pids
    with database.transaction() as tx:
        rows = tx.connection.exec_driver_sql("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        _pids.extend(row[0] for row in rows)
    return _pids


def _scans(database: Database) -> dict[str, int]:
    """Return how often each large table was read from end to end so far, as PostgreSQL counts."""
    if database.engine.dialect.name != "postgresql":
        return {}
    with database.transaction() as tx:
        for _ in range(20):  # every process of the server says what it did when it is asked, or after a second
            tx.connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
        named = ", ".join(f"'{name}'" for name in BIG)
        rows = tx.connection.exec_driver_sql(
            f"SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname IN ({named})"
        )
        return {row[0]: row[1] for row in rows}


if __name__ == "__main__":
    main()
