"""
Small charts as SVG, laid out on the server: whoever shows one shows the same numbers as a table beside it.

Only classes, no colours and no styles: those are the stylesheet's. Lengths are of the picture's own units.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 120
_GAP = 0.25


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle. ``kind`` is its class."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A bar chart: its size, what is drawn, and the highest sum of a column."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    highest: int


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A line without axes: ``points`` as SVG has them."""

    width: int
    height: int
    points: str


def bars(columns: Sequence[Sequence[int]], kinds: Sequence[str], *, width: int = WIDTH, height: int = HEIGHT) -> Chart:
    """
    Return columns side by side, the values of each one upon the other.

    Args:
        columns: from left to right, the values of each from below; none is negative.
        kinds: the class of each value's rectangles.
    """
    highest = max((sum(column) for column in columns), default=0)
    step = width / max(1, len(columns))
    drawn = []
    for place, column in enumerate(columns):
        below = 0.0
        for value, kind in zip(column, kinds, strict=True):
            tall = height * value / highest if highest else 0.0
            if value:
                tall = max(tall, 1.0)  # what happened once is seen
                drawn.append(
                    Bar(
                        round(step * place, 2),
                        round(height - below - tall, 2),
                        round(step * (1 - _GAP), 2),
                        round(tall, 2),
                        kind,
                    )
                )
            below += tall
    return Chart(width, height, tuple(drawn), highest)


def sparkline(values: Sequence[int], *, width: int = 120, height: int = 24) -> Sparkline:
    """Return a line through *values*, from left to right."""
    highest = max(values, default=0)
    step = width / max(1, len(values) - 1)
    points = (
        f"{round(step * place, 1)},{round(height - 1 - (height - 2) * value / highest if highest else height - 1, 1)}"
        for place, value in enumerate(values)
    )
    return Sparkline(width, height, " ".join(points))
