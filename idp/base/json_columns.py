"""JSON as columns keep it: text that goes into them, and what comes out of it."""

from typing import Any

import orjson


class JsonText(str):
    """A value of a JSON column that was written as JSON by whoever stores it: it goes as it is."""


def loaded(value: str | None) -> Any:
    """Return what a column held; None where it held nothing."""
    return None if value is None else orjson.loads(value)


def dumped(value: Any) -> str:
    """Return *value* as a column takes it."""
    if type(value) is JsonText:
        return str(value)  # a plain one: sqlite3 asks of all others whether they can be adapted
    return orjson.dumps(value).decode("utf-8")
