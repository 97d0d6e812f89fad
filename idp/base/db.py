"""
The database: engine, types, transactions, and statements that run without per-call work.

SQLite begins a transaction (IMMEDIATE) at the first write, and reads before it see what is
committed; PostgreSQL runs at READ COMMITTED. Both therefore promise the same and no more: a
decision that a write depends on belongs in the write's own WHERE clause, and objects edited
by people carry a version that the ORM compares.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import itemgetter
from types import TracebackType
from typing import Annotated, Any, ClassVar, cast

import orjson
from sqlalchemy import (
    BigInteger,
    DateTime,
    Engine,
    Float,
    MetaData,
    String,
    Table,
    TextClause,
    bindparam,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.expression import Executable
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

from idp.base.connections import Connections
from idp.base.crypto import Vault
from idp.base.errors import ChangedMeanwhile, Conflict, Invalid, Unavailable
from idp.base.memory import BriefMemory

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def _microseconds(value: datetime | None) -> int | None:
    """Return a moment as SQLite keeps it."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (value - _EPOCH) // _MICROSECOND


def _instant(value: int | None) -> datetime | None:
    """Return the moment that SQLite kept."""
    return None if value is None else _EPOCH + timedelta(microseconds=value)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC: ``timestamptz`` on PostgreSQL, microseconds since 1970 on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        kept = _microseconds(value)
        return kept if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if dialect.name == "sqlite":
            return _instant(value)
        return None if value is None else value.astimezone(UTC)


Id = Annotated[str, mapped_column(String(64))]


class Base(DeclarativeBase):
    """Every table of the product."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
    }


def sorted_text(length: int) -> TypeEngine[str]:
    """
    Return the type of a text that is looked up by its beginning and listed in order: by code points, whatever the
    language of the database. Else PostgreSQL's index would not serve it, and two databases would list differently.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def table(model: type[Base]) -> Table:
    """Return the table of *model*, for statements that are to run without the ORM."""
    return cast(Table, model.__table__)


def insert_if_absent(model: type[Base]) -> TextClause:
    """Return an INSERT into *model*'s table that touches no row where its key is taken already."""
    columns = list(table(model).columns)
    names = ", ".join(column.name for column in columns)
    values = ", ".join(f":{column.name}" for column in columns)
    sql = f"INSERT INTO {table(model).name} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING"  # noqa: S608 (our own names)
    return text(sql).bindparams(*(bindparam(column.name, type_=column.type) for column in columns))


class Prepared:
    """
    A Core statement that is compiled once per dialect and then run on the driver itself.

    For the roads that people and machines travel all day: it saves SQLAlchemy's work per
    call (five to ten times the cost of the statement itself on SQLite). Parameters are
    given by name and pass through their columns' types, and so do results. No IN lists.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement: Any = statement
        self._ready: dict[str, tuple[str, Any, Any, Any]] = {}

    def _prepare(self, dialect: Dialect) -> tuple[str, Any, Any, Any]:
        compiled: Any = self._statement.compile(dialect=dialect)
        processors = {name: _processor(bind.type, dialect) for name, bind in compiled.binds.items()}
        constants = {
            name: bind.value for name, bind in compiled.binds.items() if not bind.required and not bind.callable
        }
        columns = list(getattr(self._statement, "selected_columns", ()) or getattr(self._statement, "_returning", ()))
        row = None
        if columns:
            shape: Any = namedtuple("Row", [c.key for c in columns])  # type: ignore[misc]
            readers = [_reader(c.type, dialect) for c in columns]
            row = _row_maker(shape, readers)
        order = list(compiled.positiontup) if compiled.positional else None
        ready = (str(compiled), order, _binder(processors, constants, order), row)
        self._ready[dialect.name] = ready
        return ready

    def run(self, dialect: Dialect, cursor: Any, values: Mapping[str, Any]) -> tuple[list[Any], int]:
        """Return the rows (named tuples; empty for a plain write) and the count of rows touched."""
        sql, _, bind, row = self._ready.get(dialect.name) or self._prepare(dialect)
        try:
            cursor.execute(sql, bind(values))
            rows = list(map(row, cursor.fetchall())) if row is not None else []
        except dialect.loaded_dbapi.Error as error:
            raise _translated(dialect, error, sql) from error
        except UnicodeEncodeError as error:
            raise _unstorable(error) from error
        return rows, cursor.rowcount


def _processor(of: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Return what makes the driver's value of one of ours; None where it goes as it is."""
    if dialect.name == "sqlite":  # SQLAlchemy's own go through two or three calls for each value
        if isinstance(of, Instant):
            return _microseconds
        if isinstance(of, JSON) and not of.none_as_null:
            return _dumps
    return of.dialect_impl(dialect).bind_processor(dialect)


def _reader(of: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Return what makes a value of the driver's; None where it comes as it is, as floats do from every driver."""
    if dialect.name == "sqlite":
        if isinstance(of, Instant):
            return _instant
        if isinstance(of, JSON) and not of.none_as_null:
            return _loaded
    return None if isinstance(of, Float) else of.dialect_impl(dialect).result_processor(dialect, None)


def _translated(dialect: Dialect, error: Exception, sql: str) -> Exception:
    """Return a driver's error as SQLAlchemy's, whose families every driver shares."""
    driver = dialect.loaded_dbapi
    if isinstance(error, driver.DataError):
        return _unstorable(error)
    if isinstance(error, driver.IntegrityError):
        return IntegrityError(sql, None, error)
    if isinstance(error, driver.OperationalError):
        return OperationalError(sql, None, error)
    return DBAPIError(sql, None, error)


def _unstorable(error: Exception) -> Invalid:
    return Invalid("A value cannot be stored.", code="unstorable", cause=type(error).__name__)


def _cursor(held: PoolProxiedConnection) -> Any:
    """Return a cursor of the driver, one per driver connection: making them costs a third of a statement."""
    cursor = held.info.get("prepared_cursor")
    if cursor is None:
        driver: Any = held.dbapi_connection
        cursor = held.info["prepared_cursor"] = driver.cursor()
    return cursor


def _binder(
    processors: Mapping[str, Any], constants: Mapping[str, Any], order: Sequence[str] | None
) -> Callable[[Mapping[str, Any]], Any]:
    """Return what turns parameters by name into those of the driver: no loop over those that go as they are."""
    if order is None:
        changing = {name: process for name, process in processors.items() if process is not None}

        def by_name(values: Mapping[str, Any]) -> Any:
            bound = {**constants, **values}
            for name, process in changing.items():
                bound[name] = process(bound[name])
            return bound

        return by_name
    if not order:
        return lambda values: ()
    taken = itemgetter(*order) if len(order) > 1 else lambda values: (values[order[0]],)
    positions = [(order.index(name), processors[name]) for name in dict.fromkeys(order) if processors[name] is not None]
    repeated = [(at, order.index(name)) for at, name in enumerate(order) if processors[name] and name in order[:at]]

    def by_position(values: Mapping[str, Any]) -> Any:
        bound = list(taken({**constants, **values} if constants else values))
        for at, process in positions:
            bound[at] = process(bound[at])
        for at, first in repeated:
            bound[at] = bound[first]
        return bound

    return by_position


def _row_maker(shape: Any, readers: Sequence[Any]) -> Callable[[Any], Any]:
    """Return what makes a named tuple of the driver's row: no loop over columns that come as they are."""
    make = partial(tuple.__new__, shape)  # as `_make` does, without its call and its count
    changing = [(at, read) for at, read in enumerate(readers) if read is not None]
    if not changing:
        return make

    def made(found: Any) -> Any:
        values = list(found)
        for at, read in changing:
            values[at] = read(values[at])
        return make(values)

    return made


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
                raise _translated(self._dialect, error, "COMMIT") from error
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


_LONG_LIST = 40
"""Parameters of a statement beyond which it has a list in it."""


class JsonText(str):
    """A value of a JSON column that was written as JSON by whoever stores it: it goes as it is."""


def _loaded(value: str | None) -> Any:
    return None if value is None else orjson.loads(value)


def _dumps(value: Any) -> str:
    if type(value) is JsonText:
        return str(value)  # a plain one: sqlite3 asks of all others whether they can be adapted
    return orjson.dumps(value).decode("utf-8")


def make_engine(url: str) -> Engine:
    """Return an engine for *url* (``sqlite:///…`` or ``postgresql://…``) with our settings on it."""
    parsed = make_url(url)
    shared: dict[str, Any] = {"json_serializer": _dumps, "json_deserializer": orjson.loads}
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
                "cache_size=-4000",  # KiB; with half of it a sign-on reads back pages that the one before it has written
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
