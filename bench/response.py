"""
A signed response against its floor: the two bare signatures that it carries, in a view on the same server.

Both servers are asked in short bursts that take turns, and each turn has a quotient of its own: a machine that is
shared with others changes its speed from one second to the next, and a processor that waits for requests between
two signatures is slower than one that makes them in a loop.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from bench import load
from bench.server import Server

TURNS, BURST = 12, 30
_WARM = 30


@dataclass(frozen=True)
class Turn:
    """CPU seconds of one request in one turn; *floor* is the mean of a burst before and one after."""

    response: float
    floor: float

    @property
    def quotient(self) -> float:
        return self.response / self.floor


def measure(running: Server, bare: Server, data: dict[str, str], turns: int = TURNS) -> list[Turn]:
    """Return what *turns* turns took, one round's share of them; *data* is what the road ``saml`` needs."""
    response, floor = load.saml(load.Caller(running.port), data), load.signatures(load.Caller(bare.port), {})
    for act in (response, floor):
        for _ in range(_WARM):
            act()
    found = []
    for _ in range(turns):
        before = _burst(bare, floor)
        answered = _burst(running, response)
        found.append(Turn(answered, (before + _burst(bare, floor)) / 2))
    return found


def quotient(found: list[Turn]) -> float:
    """Return the median of the turns' quotients."""
    return statistics.median(turn.quotient for turn in found)


def report(found: list[Turn]) -> str:
    """Return the figures as Markdown."""
    tenths = statistics.quantiles([turn.quotient for turn in found], n=10)
    return (
        f"A signed response, {len(found)} turns of {BURST} requests: {_median(found, 'response'):.3f} ms; its two bare "
        f"signatures in a view on the same server: {_median(found, 'floor'):.3f} ms. Quotients from {tenths[0]:.2f} "
        f"(a tenth is below) to {tenths[-1]:.2f} (a tenth is above).\n"
    )


def _median(found: list[Turn], name: str) -> float:
    return statistics.median(getattr(turn, name) for turn in found) * 1000


def _burst(asked: Server, act: Callable[[], None]) -> float:
    before = asked.thread_times()
    for _ in range(BURST):
        act()
    after = asked.thread_times()
    return sum(spent - before.get(thread, 0) for thread, spent in after.items()) / BURST / 1e9
