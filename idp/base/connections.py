"""Connections between two transactions: kept for the next one for a moment, else they are the pool's."""

from threading import Lock
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as TimeoutError_
from sqlalchemy.pool import PoolProxiedConnection

from idp.base import clock
from idp.base.errors import Unavailable

_MOST_KEPT = 4
_KEPT_SECONDS = 60.0


class Connections:
    """
    What opens connections by *engine*, and keeps some that have just been used.

    To give one to SQLAlchemy's pool and to take it out again are some sixty calls of functions. What is kept is given to the
    pool all the same a minute after it came from there, as soon as another was found dead, and where somebody waits for
    one: the pool looks whether it is still good, and wakes who waits.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._kept: list[tuple[PoolProxiedConnection, float]] = []
        self._waiting, self._counting = 0, Lock()
        self._disposed_at = 0.0
        event.listen(engine, "invalidate", self._give_back)

    @property
    def in_use(self) -> int:
        """How many transactions have one at this moment."""
        pool: Any = self.engine.pool
        return int(pool.checkedout()) - len(self._kept)

    def take(self) -> tuple[PoolProxiedConnection, float]:
        """
        Return a connection for one transaction, and until when it may be kept after it.

        Raises:
            OperationalError: the database cannot be reached.
            Unavailable: none was free in time.
        """
        kept = self._one_kept()
        if kept is not None:
            return kept
        with self._counting:
            self._waiting += 1
        try:
            # Once more, now that whoever keeps one sees that it is waited for.
            return self._one_kept() or (self.engine.raw_connection(), clock.monotonic() + _KEPT_SECONDS)
        except self.engine.dialect.loaded_dbapi.Error as error:
            raise OperationalError("connect", None, error) from error
        except TimeoutError_ as error:
            raise Unavailable("The database is busy. Try again in a moment.", cause=str(error)) from error
        finally:
            with self._counting:
                self._waiting -= 1

    def keep(self, held: PoolProxiedConnection, until: float) -> None:
        """Keep *held*, in which nothing is open, for the next transaction."""
        if until - _KEPT_SECONDS < self._disposed_at:
            held.detach()  # its pool is no more
            held.close()
        elif len(self._kept) >= _MOST_KEPT:
            held.close()
        else:
            self._kept.append((held, until))
            if self._waiting:
                self._give_back()

    def dispose(self) -> None:
        """Close every connection that no transaction has (before a fork; at the end)."""
        self._disposed_at = clock.monotonic()
        self._give_back()
        self.engine.dispose()

    def _one_kept(self) -> tuple[PoolProxiedConnection, float] | None:
        while self._kept:
            try:
                held, until = self._kept.pop()
            except IndexError:  # another thread was faster
                break
            if clock.monotonic() < until:
                return held, until
            held.close()
        return None

    def _give_back(self, *_event: object) -> None:
        while self._kept:
            try:
                held, _ = self._kept.pop()
            except IndexError:  # another thread was faster
                return
            held.close()
