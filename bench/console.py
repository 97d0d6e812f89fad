"""
Measure every page of the console at scale: ``python -m bench.console [CONFIG] [--scale S] [--rounds N] [--report FILE]``.

CONFIG is that of an installation that `idp dev seed` has filled; nothing of it is changed but for sessions and what
the hourly job counts. Without it a throw-away one on SQLite is filled with *S* (``20k``).

First the pages alone, in this process, one request after the other: from the request to the last byte of the answer, by
the processor's time (that of the process and of its connections' at the database together: it says the same on a machine
that others use) and by the clock. On PostgreSQL it also says which pages read a large table from end to end. Then the
server as deployed, with several administrators at once (``--together``), by the clock alone.
"""

import argparse
import gc
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bench import console_crowd, console_pages, console_report
from bench.console_report import Row
from idp import app as app_
from idp.base import clock, logging
from idp.base.db import Database
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.directory import daily_counts
from idp.keyring import wrapping
from idp.policy.permissions import OPERATOR
from idp.settings import Settings, load
from idp.signon import coverage
from tests.support.statements import asked

ROOT = Path(__file__).parent.parent
BIG = (
    *("accounts", "attempts", "audit_entries", "memberships", "search_words", "applications", "access_grants"),
    *("group_nestings", "totp_factors", "service_providers", "clients", "daily_counts"),
    *("provisioned_accounts", "provisioning_calls", "told_accounts"),
)
SESSION_SECONDS = 120.0
"""So long a session is used: pages that ask for a second step of just now take it for five minutes."""


def main() -> None:
    """Print tables of pages, and whether every one meets its bar."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("config", type=Path, nargs="?")
    reading.add_argument("--scale", default="20k")
    reading.add_argument("--rounds", type=int, default=20)
    reading.add_argument("--together", type=int, default=4, help="so many administrators at once; 0: leave that out")
    reading.add_argument("--only", default="", help="only pages with this in their address")
    reading.add_argument("--all", action="store_true", help="print every page, not the slowest alone")
    reading.add_argument("--plans", action="store_true", help="print plans of the statements of pages that miss a bar")
    reading.add_argument("--report", type=Path)
    told = reading.parse_args()
    if told.config is not None:
        lines = measure(told.config, told)
    else:
        with tempfile.TemporaryDirectory() as name:
            lines = measure(filled(Path(name), told.scale), told)
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


def measure(config: Path, told: argparse.Namespace) -> list[str]:
    """Measure the installation of *config*, as `main` was told; return tables as Markdown."""
    settings = load(config)
    logging.configure("error")
    database = Database(settings.database.url, wrapping.load(settings.keys.directory))
    event.listen(database.engine, "connect", _by_itself)
    counting = _counted(database)
    application = app_.create(settings, database=database)
    with database.transaction() as tx:
        things = console_pages.known(_work(tx))
    paths = [path for path in console_pages.paths(application, things) if told.only in path]
    lines = [f"Counting 30 days of the large organization for the first time: {counting:.1f} s.", ""]
    lines += _alone(database, application, paths, told)
    if told.together:
        lines += ["", *_together(database, settings, config, paths, told)]
    database.dispose()
    missing = [endpoint for endpoint, path in console_pages.pages(application, things) if not path]
    return [*lines, "", f"Not measured, since the seed has nothing of the kind: {', '.join(missing) or 'none'}."]


def _by_itself(connection: Any, _record: Any) -> None:
    """Let PostgreSQL have no helpers: the processor's time of those cannot be told from that of others."""
    if hasattr(connection, "pgconn"):
        connection.execute("SET max_parallel_workers_per_gather = 0")
        connection.commit()


def _counted(database: Database) -> float:
    """Count what the hourly job counts; return the seconds that it took."""
    began = time.perf_counter()
    with database.transaction() as tx:
        work = _work(tx)
        organization_id = console_pages.organization(work).id
        daily_counts.count(work, organization_id)
        coverage.count_people(work, organization_id)
    return time.perf_counter() - began


def _alone(database: Database, application: Any, paths: list[str], told: argparse.Namespace) -> list[str]:
    client = application.test_client()
    _sign_in(database, client)
    for path in paths:  # what is compiled once is compiled, and what stays is there
        client.get(path, buffered=True)
    gc.collect()
    gc.freeze()  # as the server does
    found: list[Row] = []
    explained: list[str] = []
    since = clock.monotonic()
    for path in paths:
        if clock.monotonic() - since > SESSION_SECONDS:
            _sign_in(database, client)
            since = clock.monotonic()
        found.append(_row(database, client, path, told.rounds))
        if told.plans and found[-1].misses():
            explained += ["", f"### {path}", *_plans(database, client, path)]
    return [*console_report.alone(found, everything=told.all), *explained]


def _together(
    database: Database, settings: Settings, config: Path, paths: list[str], told: argparse.Namespace
) -> list[str]:
    def sessions() -> list[str]:
        with database.transaction() as tx:
            return console_pages.sessions(_work(tx), told.together)

    rounds = max(1, told.rounds // 2)
    found, busy = console_crowd.measure(config, settings.base_url, paths, told.together, rounds, sessions)
    return console_report.together(found, told.together, busy)


def _sign_in(database: Database, client: Any) -> None:
    with database.transaction() as tx:
        client.set_cookie("ostiary_session", console_pages.sessions(_work(tx), 1)[0])


def _work(tx: Any) -> Work:
    return Work(tx, Actor("operator", name="bench", roles=(HeldRole(OPERATOR),)), clock.now(), Origin("cli"))


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
    return Row(path, answer.status_code, len(answer.data), tuple(took), tuple(busy), scanned)


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
