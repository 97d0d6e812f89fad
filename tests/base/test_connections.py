"""Connections that transactions keep for the next one: never with anything open, never longer than they are good for."""

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy import JSON, Column, MetaData, Table, bindparam, func, insert, select

from idp.base import clock
from idp.base.db import Database
from idp.base.errors import Unavailable
from idp.base.models import Job
from idp.base.prepared import Prepared
from idp.directory.models import Organization

pytestmark = pytest.mark.both_databases

COUNT = Prepared(select(func.count().label("many")).select_from(Organization))
TAKE = Prepared(select(Job.id).where(Job.id == bindparam("job_id")))


def driver_of(database):
    with database.transaction() as tx:
        return tx._held.dbapi_connection


def is_idle(driver) -> bool:
    """Whether no transaction is open on a connection of the driver."""
    if hasattr(driver, "in_transaction"):
        return not driver.in_transaction
    return driver.info.transaction_status.name == "IDLE"


def test_the_next_transaction_has_the_connection_of_the_last(database):
    assert driver_of(database) is driver_of(database)
    assert database.connections.in_use == 0
    with database.transaction():
        assert database.connections.in_use == 1


def test_one_in_which_something_went_wrong_goes_to_the_pool(database):
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:
        tx.rows(COUNT)
        raise ZeroDivisionError

    assert not database.connections._kept
    assert database.connections.in_use == 0


@pytest.mark.parametrize("reads", [True, False])
def test_what_was_only_read_leaves_nothing_open(database, reads):
    with database.transaction() as tx:
        if reads:
            tx.rows(COUNT)

    ((held, _),) = database.connections._kept
    assert is_idle(held.dbapi_connection)


def test_what_is_called_after_the_commit_cannot_leave_anything_to_the_next_one(database):
    """It may still read: the connection then goes to the pool, which rolls back."""
    with database.transaction() as tx:
        tx.after_commit(lambda: tx.rows(COUNT))

    assert not database.connections._kept


def test_after_a_while_it_goes_to_the_pool_which_renews_what_is_old(database, monkeypatch):
    first = driver_of(database)
    began = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: began + 61)
    checked_out = []
    sa.event.listen(database.engine, "checkout", lambda *_: checked_out.append(1))

    driver_of(database)

    assert checked_out == [1]
    assert first is not None


def test_where_one_was_found_dead_the_others_go_to_the_pool(database):
    """As after a restart of PostgreSQL: the pool renews them when they are taken out."""
    before = driver_of(database)
    assert database.connections._kept
    with database.engine.connect() as connection:
        connection.invalidate()

    assert not database.connections._kept
    with database.engine.connect() as connection:
        database.engine.pool._invalidate(connection.connection, None)
    assert driver_of(database) is not before


def test_nothing_is_kept_of_a_database_that_was_disposed_meanwhile(database):
    with database.transaction():
        database.dispose()

    assert not database.connections._kept
    assert database.connections.in_use == 0


def test_r2_whoever_waits_for_a_connection_gets_the_first_that_is_free(vault, tmp_path):
    """R2: of nine at once the ninth waits for the first of eight, and not for its time to be over."""
    database = Database(f"sqlite:///{tmp_path}/busy.db", vault)
    pool = sa.pool.QueuePool(database.engine.pool._creator, pool_size=4, max_overflow=4, timeout=5)
    database.engine.pool = pool
    open_ = [database.transaction() for _ in range(8)]
    for one in open_:
        one.__enter__()
    waited: list[float] = []

    def ninth() -> None:
        began = clock.monotonic()
        with database.transaction():
            waited.append(clock.monotonic() - began)

    thread = threading.Thread(target=ninth)
    thread.start()
    while not database.connections._waiting:
        pass
    open_[0].__exit__(None, None, None)
    thread.join(5)
    for one in open_[1:]:
        one.__exit__(None, None, None)

    assert waited
    assert waited[0] < 2
    assert database.connections.in_use == 0
    database.dispose()


def test_many_at_once_keep_no_more_than_a_few(database):
    """Eight threads, four transactions each: all go through, and nothing is left in use."""
    failed = []

    def work() -> None:
        for _ in range(4):
            try:
                with database.transaction() as tx:
                    tx.rows(COUNT)
            except Unavailable:  # more than there are connections for, and told so in time
                failed.append(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failed
    assert database.connections.in_use == 0
    assert len(database.connections._kept) <= 4
    assert all(is_idle(held.dbapi_connection) for held, _ in database.connections._kept)


def test_json_that_is_none_is_stored_as_its_column_says(database):
    """``null`` of JSON where a column has no other, NULL where its type says so."""
    made = Table("made", MetaData(), Column("plain", JSON), Column("empty", JSON(none_as_null=True)))
    with database.transaction() as tx:
        made.create(tx.connection)
        tx.run(
            Prepared(
                insert(made).values(
                    plain=bindparam("plain", type_=made.c.plain.type), empty=bindparam("empty", type_=made.c.empty.type)
                )
            ),
            plain=None,
            empty=None,
        )
        missing = tx.connection.execute(select(made.c.plain.is_(sa.null()), made.c.empty.is_(sa.null()))).one()
        (row,) = tx.rows(Prepared(select(made.c.plain, made.c.empty)))
        made.drop(tx.connection)

    assert tuple(missing) == (False, True)
    assert (row.plain, row.empty) == (None, None)
