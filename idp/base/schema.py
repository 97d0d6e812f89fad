"""
The schema handshake: migrate a database, and refuse to run on one that does not fit.

Migrations live in ``idp/migrations``; each is compatible with the previous release.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from idp.base.db import Database
from idp.base.errors import Unavailable

_FOLDER = Path(__file__).resolve().parent.parent / "migrations"
_LOCK = 0x05714241  # any number, as long as every node takes the same one


class SchemaFault(Unavailable):
    """The database's schema does not fit this version; the message has the command to run."""

    code = "schema"


def migrate(database: Database) -> None:
    """
    Bring the schema of *database* to this version; nothing happens if it is there already.

    Everything or nothing: one transaction, and one node at a time.

    Raises:
        SchemaFault: the database was used by a newer version.
        Unavailable: the database does not answer.
    """
    config = _config()
    with _connected(database) as connection:
        _begin_alone(connection)
        _refuse_newer(MigrationContext.configure(connection).get_current_revision())
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def current(database: Database) -> str | None:
    """
    Return the revision that *database* is at; None for an empty one.

    Raises:
        Unavailable: the database does not answer.
    """
    with _connected(database) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def expected() -> str:
    """Return the revision that this version needs."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def check(database: Database) -> None:
    """
    Raises:
        SchemaFault: the schema is missing, older, or newer than this version knows.
        Unavailable: the database does not answer.
    """
    at, wanted = current(database), expected()
    if at == wanted:
        return
    if at is None:
        raise SchemaFault("The database has no tables of ours yet.", advice="Run: idp init")
    _refuse_newer(at)
    raise SchemaFault(f"The database is at schema {at}, this version needs {wanted}.", advice="Run: idp migrate")


def _refuse_newer(at: str | None) -> None:
    known = {revision.revision for revision in ScriptDirectory.from_config(_config()).walk_revisions()}
    if at is not None and at not in known:
        raise SchemaFault(
            f"The database is at schema {at}, which this version does not know.",
            advice="It was used by a newer version: install that one.",
        )


def _begin_alone(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")


@contextmanager
def _connected(database: Database) -> Iterator[Connection]:
    try:
        connection = database.engine.connect()
    except OperationalError as error:
        raise Unavailable(
            "The database does not answer.",
            advice="Check database.url, and that the server runs and lets this machine in.",
            cause=str(error.orig),
        ) from error
    with connection:
        yield connection


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    return config
