"""The statements that something sends to a database, each with values, to be explained afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import sqlalchemy as sa

from idp.base.db import Database
from idp.base.prepared import Prepared


@contextmanager
def asked(database: Database) -> Iterator[dict[str, Any]]:
    """Note every statement that is sent in this block, each with the values that it had first."""
    seen: dict[str, Any] = {}
    real = Prepared.run

    def prepared(self: Prepared, dialect: Any, cursor: Any, values: Any) -> Any:
        found = real(self, dialect, cursor, values)
        sql, _, bind, _ = self._ready[dialect.name]
        seen.setdefault(sql, bind(values))
        return found

    def executed(
        _connection: Any,
        _cursor: Any,
        statement: str,
        parameters: Any,
        _context: Any,
        many: bool,
    ) -> None:
        if not many:
            seen.setdefault(statement, parameters)

    with mock.patch.object(Prepared, "run", prepared):
        sa.event.listen(database.engine, "before_cursor_execute", executed)
        try:
            yield seen
        finally:
            sa.event.remove(database.engine, "before_cursor_execute", executed)


def reads(statement: str) -> bool:
    """Say whether a statement reads rows, so that a database has a plan for it."""
    return statement.lstrip().upper().startswith(("SELECT", "WITH", "UPDATE", "DELETE"))
