"""When to try again what failed: soon, then ever later, at most an hour apart; and when to give up."""

from datetime import timedelta

MOST_TRIES = 12
_FIRST = timedelta(seconds=10)
_LONGEST = timedelta(hours=1)


def delay(tries: int) -> timedelta | None:
    """Return how long to wait after *tries* failed tries; None when there is no further one."""
    if tries >= MOST_TRIES:
        return None
    doubled: int = 2 ** (tries - 1)
    return min(_FIRST * doubled, _LONGEST)
