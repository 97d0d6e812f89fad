"""
Writing very many rows at once, past every verb: for `idp dev seed`, which fills empty databases to measure.

COPY on PostgreSQL, one statement run many times on SQLite. Nothing is checked but what the tables check.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from idp.base.db import Transaction
from idp.base.tables import Base, table

_AT_ONCE = 20_000


def unhurried(tx: Transaction) -> None:
    """Let the statements of this transaction take as long as they take."""
    if tx.connection.dialect.name == "postgresql":
        tx.connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def write(tx: Transaction, model: type[Base], rows: Iterable[Mapping[str, Any]]) -> int:
    """
    Insert *rows* into the table of *model*; return how many there were.

    Args:
        rows: the values of each row by column; a column that is not named has its default.
    """
    dialect = tx.connection.dialect
    columns = list(table(model).columns)
    names = [column.name for column in columns]
    binders = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
    defaults = [_default(column) for column in columns]

    def values(row: Mapping[str, Any]) -> tuple[Any, ...]:
        found = (row[name] if name in row else default(row) for name, default in zip(names, defaults, strict=True))
        return tuple(value if bind is None else bind(value) for value, bind in zip(found, binders, strict=True))

    iterator, count = iter(rows), 0
    while part := [values(row) for row in islice(iterator, _AT_ONCE)]:
        _insert(tx, table(model).name, names, part)
        count += len(part)
    return count


def settle(tx: Transaction) -> None:
    """Let the database look at what there is now, so that it plans well."""
    tx.connection.exec_driver_sql("ANALYZE")


def _insert(tx: Transaction, name: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    named = ", ".join(f'"{column}"' for column in columns)
    if tx.connection.dialect.name == "postgresql":
        cursor: Any = tx.connection.connection.cursor()
        with cursor.copy(f'COPY "{name}" ({named}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(columns))
    tx.connection.exec_driver_sql(f'INSERT INTO "{name}" ({named}) VALUES ({marks})', rows)  # noqa: S608 (our own names)


class _Row:
    """What a default that depends on other columns is told of its row."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def get_current_parameters(self) -> Mapping[str, Any]:
        """Return the values of the row."""
        return self._values


def _default(column: Any) -> Callable[[Mapping[str, Any]], Any]:
    default = column.default
    if default is None:
        return lambda row: None
    if default.is_callable:
        return lambda row: default.arg(_Row(row))
    return lambda row: default.arg
