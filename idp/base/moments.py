"""Moments as text: ISO 8601, as `datetime.isoformat` writes it, at a quarter of its price."""

from datetime import datetime

import orjson


def iso(moment: datetime) -> str:
    """Return *moment*, which is in UTC, as `datetime.isoformat` does."""
    return orjson.dumps(moment).decode()[1:-1]
