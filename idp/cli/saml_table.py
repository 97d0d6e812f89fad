"""A table of words on a terminal."""

from collections.abc import Collection, Sequence

_WIDEST = 40


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, whole: Collection[int] = ()) -> list[str]:
    """
    Return lines: *titles* and *rows* in columns; what is too long for a column is cut, but not in the last one.

    Args:
        whole: the numbers of further columns that are not cut.
    """
    last = len(titles) - 1
    cut = [
        [text if at == last or at in whole else _cut(text) for at, text in enumerate(row)] for row in (titles, *rows)
    ]
    widths = [max(len(row[at]) for row in cut) for at in range(last)]
    return [
        "  " + "  ".join([*(text.ljust(width) for text, width in zip(row[:last], widths, strict=True)), row[last]])
        for row in cut
    ]


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
