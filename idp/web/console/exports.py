"""Lists as files: streamed, so that a long one takes no more memory than a short one."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import orjson
from flask import Response, stream_with_context

from idp.base.work import Work
from idp.web import context
from idp.web.console.desk import Desk

Rows = Iterator[Sequence[object]]
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> str:
    """Return a value as a cell that no program takes for a formula (threats T16); moments as ISO 8601, yes and no."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text


def as_csv(desk: Desk, name: str, heads: Sequence[str], rows: Callable[[Work], Iterable[Sequence[object]]]) -> Response:
    """
    Answer with a CSV file.

    Args:
        name: the file's, without its ending.
        rows: reads them in a unit of work of whoever administers, which is open as long as the file is sent.
    """

    def lines() -> Iterator[str]:
        yield _line(heads)
        with _work(desk) as work:
            for row in rows(work):
                yield _line([cell(value) for value in row])

    return _file(lines(), f"{name}.csv", "text/csv; charset=utf-8")


def as_json(desk: Desk, name: str, values: Callable[[Work], Iterable[object]]) -> Response:
    """Answer with a file of JSON values, one a line; arguments as those of `as_csv`."""

    def lines() -> Iterator[bytes]:
        with _work(desk) as work:
            for value in values(work):
                yield orjson.dumps(value) + b"\n"

    return _file(lines(), f"{name}.jsonl", "application/x-ndjson")


@contextmanager
def _work(desk: Desk) -> Iterator[Work]:
    """Open the unit of work of an answer that is being sent."""
    with context.open_work() as work:
        work.tx.plan_for_values()
        yield replace(work, actor=desk.actor)


def _file(lines: Iterator[str] | Iterator[bytes], name: str, kind: str) -> Response:
    answer = Response(stream_with_context(lines), content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _line(values: Sequence[object]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(values)
    return written.getvalue()
