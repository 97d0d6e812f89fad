"""What measuring the console has found, as Markdown: the bars, the slowest pages, what misses a bar."""

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.console_pages import LIVE, shown

TARGET_MS, TARGET_SEARCH_MS, TARGET_BYTES = 300.0, 100.0, 60_000
SLOWEST = 10


@dataclass(frozen=True, slots=True)
class Row:
    """What a page came to: how it was answered, how long each request took by the clock, and the processor (milliseconds)."""

    path: str
    status: int
    size: int
    took: tuple[float, ...]
    busy: tuple[float, ...] = ()
    scanned: tuple[str, ...] = ()

    def misses(self) -> list[str]:
        """Return which bars it does not meet, by the processor's time where that is known."""
        most = TARGET_SEARCH_MS if self.is_search() else TARGET_MS
        said = ["slow"] if p95(self.busy or self.took) > most else []
        said += ["large"] if self.size > TARGET_BYTES else []
        said += [f"status {self.status}"] if self.status != 200 else []
        return said + [f"reads all of {name}" for name in self.scanned]

    def is_search(self) -> bool:
        """Say whether this is what somebody sees while typing."""
        return self.path.startswith(LIVE)


def p95(values: Sequence[float]) -> float:
    """Return what 95 of 100 values are not above: one of the values, never more than the largest."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def alone(found: Sequence[Row], *, everything: bool) -> list[str]:
    """Return the bars and the tables of one administrator, one request after the other."""
    lines = _bars(
        [
            *_speed(found, "busy", "busy ms"),
            *_speed(found, "took", "ms by the clock"),
            _largest(found),
            _none("pages that read a large table from end to end", [row for row in found if row.scanned]),
            _none(f"pages that were not shown, of {len(found)}", [row for row in found if row.status != 200]),
        ]
    )
    medians = statistics.median(statistics.median(row.busy) for row in found)
    lines += [
        "",
        f"{len(found)} pages, {len(found[0].took)} requests for each; the median page is busy for {medians:.0f} ms.",
    ]
    chosen = found if everything else [*_worst(found, "busy"), *_worst(found, "took")]
    chosen = list(dict.fromkeys([*chosen, *(row for row in found if row.misses())]))
    head = (
        "every page"
        if everything
        else f"the slowest {SLOWEST} by the processor and by the clock, and what misses a bar"
    )
    lines += [
        "",
        f"Of these {head}:",
        "",
        *_head("busy p50", "busy p95", "busy most", "clock p50", "clock p95", "clock most"),
    ]
    return lines + [
        f"| `{shown(row.path)}` | {_times(row.busy)} | {_times(row.took)} | {row.size} | {', '.join(row.misses())} |"
        for row in chosen
    ]


def together(found: Sequence[Row], many: int, busy: float) -> list[str]:
    """Return the bars and the slowest pages of that many administrators at once."""
    every = [one for row in found for one in row.took]
    lines = _bars(
        [
            *_speed(found, "took", f"ms by the clock, {many} at once"),
            _none(f"pages that were not shown, of {len(found)}", [row for row in found if row.status != 200]),
        ]
    )
    lines += [
        "",
        f"{len(every)} requests: p50 {statistics.median(every):.0f} ms, p95 {p95(every):.0f}, most {max(every):.0f}; "
        f"the server was busy for {busy:.1f} ms of each.",
    ]
    lines += ["", f"The slowest {SLOWEST} of {len(found)} pages:", "", *_head("clock p50", "clock p95", "clock most")]
    chosen = dict.fromkeys([*_worst(found, "took"), *(row for row in found if row.status != 200)])
    return lines + [
        f"| `{shown(row.path)}` | {_times(row.took)} | {row.size} | {', '.join(row.misses())} |" for row in chosen
    ]


def _worst(found: Sequence[Row], which: str) -> list[Row]:
    return sorted(found, key=lambda row: p95(getattr(row, which)), reverse=True)[:SLOWEST]


def _times(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.0f} | {p95(values):.0f} | {max(values):.0f}"


def _head(*columns: str) -> list[str]:
    return [f"| page | {' | '.join(columns)} | bytes | |", "|---" * (len(columns) + 3) + "|"]


Bar = tuple[str, str, str, bool]


def _speed(found: Sequence[Row], which: str, unit: str) -> Iterator[Bar]:
    slow = max(found, key=lambda row: p95(getattr(row, which)))
    worst = p95(getattr(slow, which))
    yield f"slowest page, p95, {unit}", f"{worst:.0f} (`{shown(slow.path)}`)", f"< {TARGET_MS:.0f}", worst < TARGET_MS
    searches = [p95(getattr(row, which)) for row in found if row.is_search()]
    if searches:
        told = f"slowest search while one types, p95, {unit}"
        yield told, f"{max(searches):.0f}", f"< {TARGET_SEARCH_MS:.0f}", max(searches) < TARGET_SEARCH_MS


def _largest(found: Sequence[Row]) -> Bar:
    large = max(found, key=lambda row: row.size)
    return (
        "largest page, bytes",
        f"{large.size} (`{shown(large.path)}`)",
        f"< {TARGET_BYTES}",
        large.size < TARGET_BYTES,
    )


def _none(what: str, wrong: Sequence[Row]) -> Bar:
    return what, str(len(wrong)), "0", not wrong


def _bars(bars: Sequence[Bar]) -> list[str]:
    lines = ["| bar | seen | asked | met |", "|---|---|---|---|"]
    return lines + [f"| {name} | {seen} | {bar} | {'yes' if met else 'no'} |" for name, seen, bar, met in bars]
