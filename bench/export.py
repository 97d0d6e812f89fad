"""
Exporting accounts: `python -m bench.export`. So many accounts with groups, grants and second steps; time and memory of
one export, on SQLite or on the database that `--database` names (empty it before).
"""

import argparse
import multiprocessing
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from idp.base import schema
from idp.base.crypto import Vault
from idp.base.db import Database, Transaction
from idp.base.ids import new_id
from idp.base.tables import table
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.directory import organizations, sites
from idp.directory.models import AccessGrant, Account, Application, Group, Membership
from idp.policy.permissions import OPERATOR
from idp.signon import account_export
from idp.signon.models import TotpFactor

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
GROUPS, APPLICATIONS, PER_ACCOUNT = 200, 50, 4
MOST_SECONDS, MOST_MB = 10, 100


def fill(database: Database, accounts: int) -> None:
    """Fill an empty database."""
    with database.transaction() as tx:
        work = _work(tx)
        owner = organizations.create(work, "acme", name="Acme").id
        site = sites.create(work, "acme", organization="acme", name="Acme").id
        at = {"organization_id": owner, "created_at": NOW}
        groups = [{**at, "id": new_id("grp"), "name": f"Group {n}", "name_key": f"group {n}"} for n in range(GROUPS)]
        apps = [
            {**at, "id": new_id("app"), "site_id": site, "protocol": "saml", "name": f"Application {n}"}
            for n in range(APPLICATIONS)
        ]
        since = {"organization_id": owner, "valid_from": NOW}
        grants = [
            {
                **since,
                "id": new_id("gra"),
                "application_id": apps[n % APPLICATIONS]["id"],
                "subject_kind": "group",
                "subject_id": groups[n]["id"],
            }
            for n in range(GROUPS)
        ]
        session = tx.session
        session.execute(insert(Group), groups)
        session.execute(insert(Application), apps)
        session.execute(insert(AccessGrant), grants)
    for begin in range(0, accounts, 5000):
        _analyze(database)
        with database.transaction() as tx:
            session = tx.session
            people = [
                {
                    **at,
                    "id": new_id("acc"),
                    "email": f"p{n:06}@acme.example",
                    "email_key": f"p{n:06}@acme.example",
                    "name": f"Person {n}",
                }
                for n in range(begin, min(begin + 5000, accounts))
            ]
            session.execute(insert(table(Account)), people)
            session.execute(
                insert(table(Membership)),
                [
                    {
                        **since,
                        "id": new_id("mem"),
                        "group_id": groups[(i * 7 + k * 31) % GROUPS]["id"],
                        "account_id": one["id"],
                        "source": "manual",
                    }
                    for i, one in enumerate(people)
                    for k in range(PER_ACCOUNT)
                ],
            )
            session.execute(
                insert(table(TotpFactor)),
                [
                    {
                        **at,
                        "id": new_id("ttp"),
                        "account_id": one["id"],
                        "name": "Phone",
                        "secret_sealed": "",
                        "confirmed_at": NOW,
                    }
                    for one in people[::2]
                ],
            )


def measure(database: Database) -> dict[str, float]:
    """Export once; return seconds, lines and megabytes."""
    before = _peak()
    began, size, lines = time.perf_counter(), 0, 0
    with database.transaction() as tx:
        work = _work(tx)
        owner = account_export.begin(work, "acme").id
    with database.transaction() as tx:
        for part in account_export.parts(_work(tx), owner):
            size, lines = size + len(part), lines + part.count("\r\n")
    seconds = time.perf_counter() - began
    return {
        "seconds": round(seconds, 2),
        "lines": lines,
        "written_mb": round(size / 1e6, 1),
        "peak_mb": _peak(),
        "peak_before_mb": before,
    }


def _analyze(database: Database) -> None:
    """Let the database know how much there is: PostgreSQL would plan for empty tables."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _peak() -> int:
    """Return the most memory that this process ever had, in MB."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def _work(tx: Transaction) -> Work:
    return Work(tx, Actor("operator", roles=(HeldRole(OPERATOR),)), NOW, Origin("cli"))


def main() -> None:
    """Fill, then export in a process that has not filled."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--database", default="")
    parser.add_argument("--only-measure", action="store_true")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = told.database or f"sqlite:///{Path(folder) / 'export.db'}"
        database = Database(url, Vault({"bench": bytes(32)}, "bench"))
        if not told.only_measure:
            schema.migrate(database)
            fill(database, told.accounts)
        context = multiprocessing.get_context("spawn")
        with context.Pool(1) as pool:
            print("\n".join(_table(told.accounts, pool.apply(_measured, (url,)))))


def _table(accounts: int, seen: dict[str, float]) -> list[str]:
    """Return the bars as Markdown: they are of 100,000 accounts, and the time is that of the clock."""
    bars = (
        (f"export of {accounts:,} accounts, s", seen["seconds"], MOST_SECONDS),
        (f"export of {accounts:,} accounts ({seen['written_mb']:.0f} MB), most memory, MB", seen["peak_mb"], MOST_MB),
    )
    lines = ["| bar | seen | asked | met |", "|---|---|---|---|"]
    return lines + [f"| {name} | {one:g} | < {most} | {'yes' if one < most else 'no'} |" for name, one, most in bars]


def _measured(url: str) -> dict[str, float]:
    return measure(Database(url, Vault({"bench": bytes(32)}, "bench")))


if __name__ == "__main__":
    main()
