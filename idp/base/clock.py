"""The only place that asks the machine for the time. Everything else reads ``work.now``."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

# Not functions of ours: both are asked a dozen times for every request.

now: Callable[[], datetime] = partial(datetime.now, UTC)  # noqa: TID251 (this is the one place)
"""Return the current instant in UTC."""

monotonic: Callable[[], float] = time.monotonic
"""Return seconds on a clock that never goes back; for measuring how long something took."""
