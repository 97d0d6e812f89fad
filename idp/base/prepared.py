"""Statements that run on the driver itself, without SQLAlchemy's work for each call."""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

from sqlalchemy import Float
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.sql.expression import Executable
from sqlalchemy.types import JSON, TypeEngine

from idp.base.errors import Invalid
from idp.base.json_columns import dumped, loaded
from idp.base.tables import Instant, instant, microseconds


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
            raise translated(dialect, error, sql) from error
        except UnicodeEncodeError as error:
            raise _unstorable(error) from error
        return rows, cursor.rowcount


def _processor(of: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Return what makes the driver's value of one of ours; None where it goes as it is."""
    if dialect.name == "sqlite":  # SQLAlchemy's own go through two or three calls for each value
        if isinstance(of, Instant):
            return microseconds
        if isinstance(of, JSON) and not of.none_as_null:
            return dumped
    return of.dialect_impl(dialect).bind_processor(dialect)


def _reader(of: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Return what makes a value of the driver's; None where it comes as it is, as floats do from every driver."""
    if dialect.name == "sqlite":
        if isinstance(of, Instant):
            return instant
        if isinstance(of, JSON) and not of.none_as_null:
            return loaded
    return None if isinstance(of, Float) else of.dialect_impl(dialect).result_processor(dialect, None)


def translated(dialect: Dialect, error: Exception, sql: str) -> Exception:
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
