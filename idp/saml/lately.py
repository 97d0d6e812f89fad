"""What addresses of metadata answered a short while ago: an aggregate of hundreds is fetched once for all of them."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from idp.base import clock

SECONDS = 300.0
_MOST = 4  # of 2 MB at most

Answer = TypeVar("Answer")


class Lately(Generic[Answer]):
    """
    Remembers the answers of the last few addresses, failures too, for five minutes.

    Args:
        fetch: asks an address.
    """

    def __init__(self, fetch: Callable[[str], Answer]) -> None:
        self._fetch = fetch
        self._held: dict[str, tuple[float, Answer]] = {}
        self._lock = Lock()

    def ask(self, address: str) -> Answer:
        """Return what *address* answered, if it was asked a short while ago; else ask it now."""
        with self._lock:
            held = self._held.get(address)
        if held is not None and clock.monotonic() - held[0] < SECONDS:
            return held[1]
        answer = self._fetch(address)
        with self._lock:
            self._held.pop(address, None)
            self._held[address] = (clock.monotonic(), answer)
            while len(self._held) > _MOST:
                del self._held[next(iter(self._held))]
        return answer
