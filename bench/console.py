"""
Measure every page of the console at scale: ``python -m bench.console CONFIG [--rounds N] [--report FILE]``.

CONFIG is that of an installation that `idp dev seed` has filled; nothing of it is changed but for a session and what
the hourly job counts. What is measured is the time of the server alone, in this process: from the request to the last
byte of the answer, the database's work in it. On PostgreSQL it also says which pages read a large table from end to
end.
"""

import argparse
import re
import statistics
import time
from pathlib import Path
from typing import Any

from idp import app as app_
from idp.base import clock
from idp.base.db import Database
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.directory import account_lists, daily_counts, queries, search
from idp.directory.models import Account, Organization, RoleAssignment
from idp.directory.policies import authentication_policy
from idp.keyring import wrapping
from idp.policy.permissions import OPERATOR
from idp.policy.signon import Method, Proof
from idp.settings import load
from idp.signon import coverage, session

LARGE = "large"
TARGET = 300.0
BIG = ("accounts", "attempts", "audit_entries", "memberships", "search_words", "applications", "access_grants")
QUESTIONS = ("a", "mar", "maria garcia", "olga.0@large.example", "m g", "wiki 7", "large.example a", "zzz")


def main() -> None:
    """Print a table of pages, their median and 95th percentile and their size."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("config", type=Path)
    reading.add_argument("--rounds", type=int, default=20)
    reading.add_argument("--report", type=Path)
    told = reading.parse_args()
    lines = measure(told.config, told.rounds)
    print("\n".join(lines))
    if told.report is not None:
        told.report.write_text("\n".join(lines) + "\n", encoding="utf-8")


def measure(config: Path, rounds: int) -> list[str]:
    """Return the table of the installation of *config*, as Markdown."""
    settings = load(config)
    database = Database(settings.database.url, wrapping.load(settings.keys.directory))
    with database.transaction() as tx:
        work = Work(tx, Actor("operator", name="bench", roles=(HeldRole(OPERATOR),)), clock.now(), Origin("cli"))
        cookie, known, organization_id = _administrator(work)
        began = time.perf_counter()
        daily_counts.count(work, organization_id)
        coverage.count_people(work, organization_id)
        counting = time.perf_counter() - began
    application = app_.create(settings, database=database)
    client = application.test_client()
    client.set_cookie("ostiary_session", cookie)
    lines = [
        f"Counting 30 days of the large organization for the first time: {counting:.1f} s.",
        "",
        "| page | median ms | p95 ms | bytes | |",
        "|---|---|---|---|---|",
    ]
    for path in _paths(application, known):
        lines.append(_row(database, client, path, rounds))
    database.dispose()
    return lines


def _administrator(work: Work) -> tuple[str, dict[str, str], str]:
    """Return a session of the large organization's administrator, and an id of each kind of thing."""
    owner = work.tx.session.query(Organization).filter_by(slug=LARGE).one()
    held = work.tx.session.query(RoleAssignment).filter_by(organization_id=owner.id).first()
    assert held is not None
    account = work.tx.session.get_one(Account, (owner.id, held.account_id))
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
    known = {
        f"{hit.kind}_id": hit.id for text in ("wiki", "porto", "large") for hit in search.find(work, owner.id, text)
    }
    known["slug"] = known["site_slug"] = queries.sites(work, organization_id=owner.id)[0].slug
    known["account_id"] = account_lists.page(work, owner.id, limit=1)[0].id
    return token, known, owner.id


def _paths(application: Any, known: dict[str, str]) -> list[str]:
    found = ["/admin/accounts?state=disabled", "/admin/accounts?q=maria", "/admin/accounts?q=zz"]
    found += [f"/admin/search?q={question}" for question in QUESTIONS]
    found += [f"/admin/search?live=1&q={question}" for question in QUESTIONS]
    for rule in application.url_map.iter_rules():
        if rule.rule.endswith((".csv", ".jsonl")):
            continue  # files of everything, streamed: no pages
        if rule.rule.startswith("/admin") and "GET" in rule.methods and rule.arguments <= known.keys():
            found.append(re.sub(r"<(?:\w+:)?(\w+)>", lambda match: known[match.group(1)], rule.rule))
    return sorted(set(found))


def _row(database: Database, client: Any, path: str, rounds: int) -> str:
    client.get(path, buffered=True)
    before = _scans(database)
    took, answer = [], None
    for _ in range(rounds):
        began = time.perf_counter()
        answer = client.get(path, buffered=True)
        took.append((time.perf_counter() - began) * 1000)
    assert answer is not None
    scanned = ", ".join(name for name, count in _scans(database).items() if count > before.get(name, 0))
    p95 = statistics.quantiles(took, n=20)[-1] if len(took) > 1 else took[0]
    remarks = [f"status {answer.status_code}"] if answer.status_code != 200 else []
    remarks += ["**slow**"] if p95 > TARGET else []
    remarks += [f"reads all of {scanned}"] if scanned else []
    shown = re.sub(r"[a-z]{3}_[0-9a-z]{20,}", "…", path)
    return f"| `{shown}` | {statistics.median(took):.0f} | {p95:.0f} | {len(answer.data)} | {', '.join(remarks)} |"


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
