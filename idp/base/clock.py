"""The only place that asks the machine for the time. Everything else reads ``work.now``."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant in UTC."""
    return datetime.now(UTC)  # noqa: TID251 (this is the one place)


def monotonic() -> float:
    """Return seconds on a clock that never goes back; for measuring how long something took."""
    return time.monotonic()
