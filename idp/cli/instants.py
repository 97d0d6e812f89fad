"""Moments that people type: 2026-11-30T08:00Z, 2026-11-30T08:00+01:00; without a zone it is UTC."""

from datetime import UTC, datetime

from idp.base.errors import Invalid


def read(text: str, *, field: str) -> datetime:
    """
    Return the moment that *text* names, in UTC.

    Raises:
        Invalid: it names none.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"“{text[:40]}” is no time.", field=field, advice="Write it like 2026-11-30T08:00Z.") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
