"""CSV as spreadsheets read it: quoted as RFC 4180 has it, and no cell that a spreadsheet takes for a formula (threats T16)."""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(rows: Iterable[Sequence[str]]) -> str:
    """Return *rows* as lines of CSV, each with CR LF at its end."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([safe(cell) for cell in row] for row in rows)
    return written.getvalue()


def safe(cell: str) -> str:
    """Return *cell* with an apostrophe before what a spreadsheet would take for the beginning of a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
