"""Moments as SAML writes them: xs:dateTime in UTC (SAML Core 2.0 section 1.3.3)."""

import re
from datetime import UTC, datetime

# Fractions are allowed, finer than milliseconds not expected; no time zone means UTC.
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d{1,12})?Z?")


def read_instant(text: str) -> datetime:
    """
    Return the moment that *text* says; fractions of a second are dropped.

    Raises:
        ValueError: it says none.
    """
    found = _INSTANT.fullmatch(text.strip())
    if found is None:
        raise ValueError("no moment in UTC")
    return datetime.fromisoformat(found[1]).replace(tzinfo=UTC)


def instant(moment: datetime) -> str:
    """Return *moment*, which is in UTC, as it is written: to the millisecond."""
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"
