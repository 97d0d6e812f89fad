"""The schema handshake: migrations make exactly what the models say, and a foreign schema refuses the start."""

import threading
from importlib import import_module

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from idp.base import schema
from idp.base.db import Database
from idp.base.schema import SchemaFault
from idp.base.tables import Base
from tests.architecture.source import PACKAGE

pytestmark = pytest.mark.both_databases

for _file in PACKAGE.rglob("*models.py"):  # every table, whether a verb names it already or not
    import_module(".".join((PACKAGE.name, *_file.relative_to(PACKAGE).with_suffix("").parts)))


@pytest.fixture
def empty(database):
    """A database without any table of ours; at the end the tables are back."""
    with database.engine.begin() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        tables.drop_all(connection)
    yield database
    schema.migrate(database)


def test_migrations_make_what_the_models_say(empty):
    schema.migrate(empty)

    with empty.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": _made_on(connection.dialect.name)}
        )
        assert compare_metadata(context, Base.metadata) == []


def _made_on(dialect):
    """Return what leaves out what the models have on the other engine only: Alembic does not look at that itself."""

    def is_made(item, _name, kind, reflected, _other):
        condition = None if reflected or kind != "index" else item._ddl_if
        return condition is None or condition.dialect == dialect

    return is_made


def test_primary_keys_begin_with_the_organization_as_the_models_say(empty):
    """D4: what one organization owns lies together; Alembic does not compare the order of a key."""
    schema.migrate(empty)

    with empty.engine.connect() as connection:
        looked = sa.inspect(connection)
        made = {name: looked.get_pk_constraint(name)["constrained_columns"] for name in Base.metadata.tables}
    assert made == {name: [c.name for c in of.primary_key.columns] for name, of in Base.metadata.tables.items()}


def test_the_last_migration_is_what_alembic_calls_the_head():
    """We read the number from the file's name, because Alembic is slow to import."""
    config = Config()
    config.set_main_option("script_location", str(PACKAGE / "migrations"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)

    assert script.get_heads() == [schema.expected()]


def test_migrating_twice_changes_nothing(empty):
    schema.migrate(empty)
    schema.migrate(empty)

    assert schema.current(empty) == schema.expected()
    schema.check(empty)


def test_r12_two_nodes_may_migrate_at_the_same_moment(empty, vault):
    other = Database(empty.url, vault)
    faults = []

    def migrate(database):
        try:
            schema.migrate(database)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=migrate, args=(database,)) for database in (empty, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.dispose()

    assert faults == []
    assert schema.current(empty) == schema.expected()


def test_x19_what_was_accepted_before_a_migration_stays_refused_after_it(empty):
    moment = ":at" if empty.engine.dialect.name == "sqlite" else "to_timestamp(:at)"
    insert = sa.text(f"INSERT INTO seen_messages VALUES (:site, :issuer, :message, {moment}, {moment})")
    with empty.engine.begin() as connection:
        command.upgrade(_alembic(connection), "0014")
        connection.execute(insert, {"site": "sit_1", "issuer": "an issuer", "message": "_1", "at": 1})

    schema.migrate(empty)

    with empty.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT message_id FROM seen_messages")).scalars().all() == ["_1"]


def _alembic(connection):
    """Return what Alembic's commands go by."""
    config = Config()
    config.set_main_option("script_location", str(PACKAGE / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def test_r13_an_empty_database_is_refused_with_the_command_to_run(empty):
    with pytest.raises(SchemaFault) as refused:
        schema.check(empty)

    assert refused.value.advice == "Run: idp init"


def test_r13_a_newer_schema_is_refused(empty):
    schema.migrate(empty)
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SchemaFault, match="9999"):
        schema.check(empty)
    with pytest.raises(SchemaFault, match="9999"):
        schema.migrate(empty)

    with empty.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema.expected()}'")


def test_a_migration_that_fails_leaves_nothing_behind(empty):
    """R3: everything or nothing, on both engines."""
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE sites (id INTEGER)")

    with pytest.raises(sa.exc.DatabaseError):
        schema.migrate(empty)

    with empty.engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) <= {"sites", "alembic_version"}
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE sites")
