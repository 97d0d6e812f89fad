"""Transactions, types and prepared statements behave alike on both engines."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy import bindparam, select, update

from idp.base.db import Database
from idp.base.errors import Conflict, Unavailable
from idp.base.models import Installation, Job
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent, table
from idp.directory import organizations, queries
from idp.directory.models import Organization

pytestmark = pytest.mark.both_databases

JOB = {
    "id": "job_1",
    "kind": "test",
    "key": "k",
    "organization_id": None,
    "payload": {"ä": [1, None]},
    "tries": 0,
    "locked_until": None,
    "finished_at": None,
    "dead_at": None,
    "last_error": "",
}
INSERT = Prepared(insert_if_absent(Job))
READ = Prepared(select(Job.id, Job.payload, Job.run_at, Job.locked_until).where(Job.id == bindparam("job_id")))


def _insert(tx, noon, **changes):
    return tx.run(INSERT, **{**JOB, "created_at": noon, "run_at": noon, **changes})


def test_an_instant_comes_back_as_it_was_written(database, noon):
    east = noon.astimezone(timezone(timedelta(hours=5, minutes=30))) + timedelta(microseconds=1)
    with database.transaction() as tx:
        _insert(tx, noon, run_at=east)

    with database.transaction() as tx:
        row = tx.row(READ, job_id="job_1")

    assert row.run_at == east
    assert row.run_at.tzinfo is UTC
    assert row.locked_until is None


def test_an_instant_without_a_time_zone_is_refused(database):
    with pytest.raises((ValueError, sa.exc.StatementError)), database.transaction() as tx:
        tx.session.add(Installation(id=1, initialized_at=datetime(2030, 1, 1), wrapping_check=""))  # noqa: DTZ001
        tx.session.flush()


def test_prepared_statements_read_json_and_instants_like_the_orm(database, noon):
    with database.transaction() as tx:
        _insert(tx, noon)
        row, entity = tx.row(READ, job_id="job_1"), tx.session.get_one(Job, "job_1")

    assert (row.payload, row.run_at) == (entity.payload, entity.run_at) == (JOB["payload"], noon)


def test_a_taken_key_touches_no_row(database, noon):
    with database.transaction() as tx:
        assert _insert(tx, noon) == 1
        assert _insert(tx, noon, id="job_2") == 0


def test_an_error_rolls_everything_back(database, open_work):
    with pytest.raises(RuntimeError), open_work() as work:
        organizations.create(work, "acme", name="Acme")
        raise RuntimeError

    with open_work() as work:
        assert queries.organizations(work) == []


def test_what_was_asked_for_after_the_commit_does_not_happen_without_one(database):
    happened = []
    with pytest.raises(RuntimeError), database.transaction() as tx:
        tx.after_commit(lambda: happened.append("no"))
        raise RuntimeError
    with database.transaction() as tx:
        tx.after_commit(lambda: happened.append("yes"))
        assert happened == []

    assert happened == ["yes"]


def test_a_unique_value_that_is_taken_is_a_conflict(database, noon):
    def add():
        with database.transaction() as tx:
            tx.session.add(Organization(id=f"org_{noon}", slug="acme", name="Acme", created_at=noon))

    add()
    with pytest.raises(Conflict):
        add()


def test_s9_of_two_editors_the_slower_one_is_told(database, open_work):
    """S9: no update is lost; the second writer looks again."""
    with open_work() as work:
        organizations.create(work, "acme", name="Acme")

    with pytest.raises(Conflict), database.transaction() as tx:
        mine = tx.session.scalars(select(Organization)).one()
        with database.transaction() as other:
            other.session.scalars(select(Organization)).one().name = "Faster"
        mine.name = "Slower"

    with open_work() as work:
        assert queries.organizations(work)[0].name == "Faster"


def test_r21_a_conditional_update_has_one_winner(database, noon):
    """R21: of many at the same moment exactly one changes the row."""
    take = Prepared(
        update(table(Job))
        .where(table(Job).c.id == bindparam("job_id"), table(Job).c.finished_at.is_(None))
        .values(finished_at=bindparam("at", type_=table(Job).c.finished_at.type))
    )
    with database.transaction() as tx:
        for number in range(20):
            _insert(tx, noon, id=f"job_{number}", key=f"k{number}")
    won = []
    start = threading.Barrier(8)

    def race():
        start.wait()
        for number in range(20):
            with database.transaction() as tx:
                if tx.run(take, job_id=f"job_{number}", at=noon):
                    won.append(number)

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(won) == list(range(20))


def test_a_foreign_key_cannot_leave_its_organization(database, open_work, noon):
    """T1, D4: the organization is part of the key, so a row of one cannot point at a row of another."""
    with open_work() as work:
        a, b = organizations.create(work, "a", name="A"), organizations.create(work, "b", name="B")
        ids = a.id, b.id
    with open_work() as work:
        from idp.directory import groups

        group = groups.create(work, "Staff", organization="a").id
    with open_work() as work:
        from idp.directory import accounts

        account = accounts.create(work, "ann@b.example", organization="b", name="Ann").id

    from idp.directory.models import Membership

    with pytest.raises(Conflict), database.transaction() as tx:
        tx.session.add(
            Membership(
                organization_id=ids[0], id="mem_1", group_id=group, account_id=account, source="manual", valid_from=noon
            )
        )


def test_a_database_that_does_not_answer_is_unavailable(vault):
    """R6: in plain words, soon, without an address in the message."""
    away = Database("postgresql://nobody@127.0.0.1:1/none", vault)

    with pytest.raises(Unavailable) as refused, away.transaction():
        pass

    assert "127.0.0.1" not in refused.value.message
    away.dispose()


def test_of_a_transaction_that_is_over_nothing_can_be_asked(database):
    """Its connection has another one by then: what were written would be part of that."""
    one = Prepared(sa.select(sa.literal(1).label("one")))
    with database.transaction() as tx:
        assert tx.row(one).one == 1
    with pytest.raises(ValueError, match="not committed"), database.transaction() as refused:
        raise ValueError("not committed")

    for over in (tx, refused):
        for ask in (
            lambda over=over: over.row(one),
            lambda over=over: over.connection,
            lambda over=over: over.session,
            over.commit,
            over.close,
        ):
            with pytest.raises(RuntimeError, match="over"):
                ask()


def test_what_comes_after_a_transaction_is_not_written_through_it(database, noon):
    """The connection that it had is kept for the next one: what that one takes back, the first cannot commit."""
    with database.transaction() as first:
        _insert(first, noon)
    with pytest.raises(RuntimeError, match="over"), database.transaction() as second:
        _insert(second, noon, id="job_2", key="other")
        first.commit()

    with database.transaction() as tx:
        assert tx.row(READ, job_id="job_1") is not None
        assert tx.row(READ, job_id="job_2") is None
