"""When metadata is fetched again. Pure; the spread over time comes from the address, so nothing is drawn by lot."""

import zlib
from datetime import datetime, timedelta

from idp.saml.description import SpDescription

SOONEST, LATEST = timedelta(hours=1), timedelta(days=7)
USUALLY = timedelta(days=1)
_SPREAD = 0.2


def next_refresh(described: SpDescription, now: datetime, *, key: str, failed: bool = False) -> datetime:
    """
    Return when to fetch the metadata again (SAML Metadata 2.0 section 2.3.2).

    After its ``cacheDuration``, within an hour and seven days; daily where it says none; in an hour after a
    failure; and while half of what is left of ``validUntil`` is still to come, so that a second try is in time.

    Args:
        key: the address; what the moment is spread by (up to a fifth sooner), so that not all are asked at once.
    """
    wait = USUALLY if described.cache_seconds is None else timedelta(seconds=described.cache_seconds)
    if failed:
        wait = SOONEST
    if described.valid_until is not None:
        wait = min(wait, (described.valid_until - now) / 2)
    wait = min(max(wait, SOONEST), LATEST)
    return now + wait * (1 - _SPREAD * (zlib.crc32(key.encode()) % 1000) / 1000)
