"""Moments as SAML writes them: xs:dateTime in UTC (SAML Core 2.0 section 1.3.3)."""

import re
from datetime import UTC, datetime

from idp.base.moments import iso

# Fractions are allowed, finer than milliseconds not expected; no time zone means UTC.
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d{1,12})?Z?")
# xs:duration (XML Schema Part 2 section 3.2.6); the days of months and years are those of no particular ones.
_DURATION = re.compile(
    r"P(?=[0-9]|T[0-9])(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,6})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,9})(?:\.[0-9]{1,12})?S)?)?"
)
_SECONDS_OF = (365 * 86400, 30 * 86400, 86400, 3600, 60, 1)


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


def read_duration(text: str) -> int:
    """
    Return the seconds that *text* says, as metadata writes ``cacheDuration``.

    Raises:
        ValueError: it says none.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError("no duration")
    return sum(int(part or 0) * unit for part, unit in zip(found.groups(), _SECONDS_OF, strict=True))


def instant(moment: datetime) -> str:
    """Return *moment*, which is in UTC, as it is written: to the millisecond."""
    written = iso(moment)
    return f"{written[:23]}Z" if moment.microsecond else f"{written[:19]}.000Z"
