"""
The schema handshake: migrate a database, and refuse to run on one that does not fit.

Migrations live in ``idp/migrations``; each is compatible with the previous release.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from idp.base.db import Database
from idp.base.errors import Unavailable

_FOLDER = Path(__file__).resolve().parent.parent / "migrations"
_VERSION_TABLE = "alembic_version"
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
    # Alembic takes longer to import than all the rest of us, and is needed here alone.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    with _connected(database) as connection:
        _begin_alone(connection)
        _refuse_newer(_revision(connection))
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
        return _revision(connection)


def expected() -> str:
    """Return the revision that this version needs: the number of the last migration."""
    return _known()[-1]


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
    if at is not None and at not in _known():
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


def _known() -> list[str]:
    """Migrations are numbered and linear: ``0007_what.py`` is revision 0007."""
    return sorted(file.name.partition("_")[0] for file in (_FOLDER / "versions").glob("[0-9]*_*.py"))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    row = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSION_TABLE}").first()  # noqa: S608 (our own name)
    return None if row is None else str(row[0])
