"""What a process may remember: for a moment, bounded, and never older than one second; or what never changes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock, RLock
from typing import Any, TypeVar

from idp.base import clock

T = TypeVar("T")


class BriefMemory:
    """
    Remember what was read from the database for at most *seconds*, at most *size* entries.

    For configuration that many requests read and few change (sites, service providers,
    clients, keys); never for accounts, sessions or access. What an administrator changes
    is therefore effective on every worker within one second.
    """

    def __init__(self, seconds: float = 1.0, size: int = 4096) -> None:
        self._seconds, self._size = seconds, size
        self._entries: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._lock = Lock()

    def recall(self, key: Hashable, read: Callable[[], T]) -> T:
        """Return what *read* returned for *key* within the last second, or read it now."""
        now = clock.monotonic()
        found = self._entries.get(key)
        if found is not None and now < found[0]:
            return found[1]  # type: ignore[no-any-return]
        value = read()
        with self._lock:
            self._entries[key] = (now + self._seconds, value)
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        return value

    def forget(self) -> None:
        """Forget everything; called by the process that has just changed something."""
        with self._lock:
            self._entries.clear()


class ContentMemory:
    """
    Remember what was made of contents that never change, by a key that tells them from all others.

    Nothing in it becomes wrong, so nothing in it grows old. What was used longest ago goes when all together are
    too heavy. Of several threads that want the same thing one makes it, and the others wait: it is dear to make.

    Args:
        heaviest: how much all together may weigh.
        weigh: says how heavy something is.
    """

    def __init__(self, heaviest: int, weigh: Callable[[Any], int]) -> None:
        self._heaviest, self._weigh, self._weight = heaviest, weigh, 0
        self._entries: OrderedDict[Hashable, tuple[int, Any]] = OrderedDict()
        self._lock = RLock()

    def recall(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what *make* returned for *key* before, or make it now."""
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
                return found[1]  # type: ignore[no-any-return]
            value = make()
            weight = self._weigh(value)
            self._entries[key] = weight, value
            self._weight += weight
            while self._weight > self._heaviest and len(self._entries) > 1:
                self._weight -= self._entries.popitem(last=False)[1][0]
            return value
