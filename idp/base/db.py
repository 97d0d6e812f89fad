"""
The database: engine and transactions.

SQLite begins a transaction (IMMEDIATE) at the first write, and reads before it see what is
committed; PostgreSQL runs at READ COMMITTED. Both therefore promise the same and no more: a
decision that a write depends on belongs in the write's own WHERE clause, and objects edited
by people carry a version that the ORM compares.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import orjson
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import PoolProxiedConnection

from idp.base.connections import Connections
from idp.base.crypto import Vault
from idp.base.errors import ChangedMeanwhile, Conflict, Unavailable
from idp.base.json_columns import dumped
from idp.base.memory import BriefMemory
from idp.base.prepared import Prepared, translated


class Transaction:
    """
    One transaction. SQLAlchemy's connection and the ORM's session are made when first asked for; hot
    roads never ask.

    ``vault`` seals secrets at rest; ``memory`` is what this process remembers for a second.
    """

    def __init__(self, database: "Database", held: PoolProxiedConnection, until: float) -> None:
        self.database = database
        self.vault = database.vault
        self.memory = database.memory
        self._held: PoolProxiedConnection | None = held  # None: this transaction is over
        self._until = until
        self._dialect = database.engine.dialect
        self._driver: Any = held.dbapi_connection
        self._cursor = _cursor(held)
        self._connection: Connection | None = None
        self._session: Session | None = None
        self._after_commit: list[Callable[[], None]] = []

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection in this transaction."""
        if self._connection is None:
            self._connection = Connection(self.database.engine, self._live())
            self._connection.begin()
        return self._connection

    @property
    def session(self) -> Session:
        """The ORM's session in this transaction."""
        if self._session is None:
            self._session = Session(bind=self.connection, expire_on_commit=False, autoflush=True)
        return self._session

    def plan_for_values(self) -> None:
        """
        Let the database plan each statement of this transaction for the values that it has: where tenants of very
        different sizes are looked through, what is good for an average one takes seconds in a large one.

        PostgreSQL plans what it has run a few times for an average; the roads that everybody travels keep that.
        """
        if self._dialect.name == "postgresql":
            self._cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan", prepare=False)

    def run(self, prepared: Prepared, **values: Any) -> int:
        """Run a prepared write; return how many rows it touched."""
        if self._session is not None:
            self._session.flush()
        return prepared.run(self._dialect, self._cursor, values)[1]

    def rows(self, prepared: Prepared, **values: Any) -> list[Any]:
        """Run a prepared query (or a write with RETURNING); return its rows as named tuples."""
        if self._session is not None:
            self._session.flush()
        return prepared.run(self._dialect, self._cursor, values)[0]

    def row(self, prepared: Prepared, **values: Any) -> Any | None:
        """Run a prepared query; return its first row or None."""
        found = self.rows(prepared, **values)
        return found[0] if found else None

    def after_commit(self, act: Callable[[], None]) -> None:
        """Call *act* once this transaction has been committed; not if it is rolled back."""
        self._after_commit.append(act)

    def commit(self) -> None:
        self._live()
        if self._session is not None:
            self._session.flush()
        if self._connection is not None:
            self._connection.commit()
        else:
            try:
                self._driver.commit()
            except self._dialect.loaded_dbapi.Error as error:
                raise translated(self._dialect, error, "COMMIT") from error
        for act in self._after_commit:
            act()

    def close(self, *, committed: bool = False) -> None:
        """Give the connection back; what was not *committed* is rolled back. Nothing can be asked of it any more."""
        held = self._live()
        self._held, self._driver, self._cursor = None, None, _OVER
        if self._session is not None:
            self._session.close()
        if self._connection is not None:
            self._connection.close()
        elif committed and not self._after_commit:  # whatever was called after the commit may have gone on with it
            self.database.connections.keep(held, self._until)
        else:
            held.close()

    def _live(self) -> PoolProxiedConnection:
        """Return its connection; once it is over that is another one's, and to ask for it a mistake in the program."""
        if self._held is None:
            raise RuntimeError(_IS_OVER)
        return self._held


_IS_OVER = "this transaction is over"


class _Over:
    """In the place of a cursor once the transaction is over."""

    def execute(self, *_asked: object, **_how: object) -> None:
        """
        Raises:
            RuntimeError: always; a mistake in the program.
        """
        raise RuntimeError(_IS_OVER)


_OVER = _Over()


class NotRemembered(Exception):
    """What was asked for is not in memory; only the database knows it."""


class Recollection(Transaction):
    """In the place of a transaction: what this process remembers, and no database behind it."""

    def __init__(self, database: "Database") -> None:
        self.database = database
        self.vault = database.vault
        self.memory = database.memory
        self._session = None

    def rows(self, prepared: Prepared, **values: Any) -> list[Any]:
        """
        Raises:
            NotRemembered: always.
        """
        raise NotRemembered

    def run(self, prepared: Prepared, **values: Any) -> int:
        """
        Raises:
            NotRemembered: always.
        """
        raise NotRemembered

    @property
    def connection(self) -> Connection:
        """There is none: raises `NotRemembered`, and so does the session."""
        raise NotRemembered


class Database:
    """The engine, and what every transaction on it shares."""

    def __init__(self, url: str, vault: Vault, *, memory_seconds: float = 1.0) -> None:
        self.url, self.vault = url, vault
        self.connections = Connections(make_engine(url))
        self.memory = BriefMemory(memory_seconds)

    def transaction(self) -> AbstractContextManager[Transaction]:
        """
        Open a transaction; commit it at the end of the block, roll back if the block raises.

        Raises:
            Conflict: someone else changed the same thing first, or a unique value is taken.
            Unavailable: the database cannot be reached or did not answer in time.
        """
        return _InTransaction(self)

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine."""
        return self.connections.engine

    def dispose(self) -> None:
        """Close every connection that no transaction has (before a fork; at the end)."""
        self.connections.dispose()


class _InTransaction:
    """A transaction from the beginning to the end of a block (`Database.transaction`)."""

    __slots__ = ("_database", "_tx")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Transaction:
        try:
            self._tx = Transaction(self._database, *self._database.connections.take())
        except OperationalError as error:
            raise _no_answer(error) from error
        return self._tx

    def __exit__(
        self, _kind: type[BaseException] | None, raised: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        try:
            committed = False
            try:
                if raised is None:
                    self._tx.commit()
                    committed = True
            finally:
                self._tx.close(committed=committed)
        except (StaleDataError, DBAPIError) as error:
            ours = _in_our_words(error)
            if ours is None:
                raise
            raise ours from error
        if isinstance(raised, StaleDataError | DBAPIError) and (ours := _in_our_words(raised)) is not None:
            raise ours from raised


def _in_our_words(error: StaleDataError | DBAPIError) -> Exception | None:
    """Return what *error* means to whoever asked for a transaction; None where it is a mistake in the program."""
    if isinstance(error, StaleDataError):
        return ChangedMeanwhile()
    if isinstance(error, IntegrityError):
        return Conflict("It clashes with something already there.", cause=str(error.orig))
    return _no_answer(error) if isinstance(error, OperationalError) or error.connection_invalidated else None


def _no_answer(error: DBAPIError) -> Unavailable:
    return Unavailable("The database does not answer. Try again in a moment.", cause=str(error.orig))


def _cursor(held: PoolProxiedConnection) -> Any:
    """Return a cursor of the driver, one per driver connection: making them costs a third of a statement."""
    cursor = held.info.get("prepared_cursor")
    if cursor is None:
        driver: Any = held.dbapi_connection
        cursor = held.info["prepared_cursor"] = driver.cursor()
    return cursor


_LONG_LIST = 40
"""Parameters of a statement beyond which it has a list in it."""


def make_engine(url: str) -> Engine:
    """Return an engine for *url* (``sqlite:///…`` or ``postgresql://…``) with our settings on it."""
    parsed = make_url(url)
    shared: dict[str, Any] = {"json_serializer": dumped, "json_deserializer": orjson.loads}
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"isolation_level": "IMMEDIATE", "timeout": 5}, **shared)

        @event.listens_for(engine, "connect")
        def _prepare_sqlite(connection: Any, _record: Any) -> None:
            for pragma in (
                "journal_mode=WAL",
                "synchronous=NORMAL",
                "busy_timeout=5000",
                "foreign_keys=ON",
                "wal_autocheckpoint=4000",
            ):
                connection.execute(f"PRAGMA {pragma}")

        return engine
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(
        parsed,
        paramstyle="format",
        pool_pre_ping=False,
        pool_size=4,
        max_overflow=4,
        pool_timeout=2,
        pool_recycle=1800,
        connect_args={"connect_timeout": 5, "options": "-c statement_timeout=5000 -c timezone=UTC"},
        **shared,
    )

    @event.listens_for(engine, "do_execute")
    def _plan_long_lists_anew(cursor: Any, statement: str, parameters: Any, _context: Any) -> bool:
        """
        Keep PostgreSQL from planning a statement with a long list for values that it does not know.

        What was run five times is prepared, and soon planned for an average organization: in a large one it then
        compares every row with every value of the list (seconds), where the index would have found them at once.
        """
        if len(parameters) <= _LONG_LIST:
            return False
        cursor.execute(statement, parameters, prepare=False)
        return True

    return engine
