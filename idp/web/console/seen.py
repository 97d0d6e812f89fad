"""What a page showed, as its forms send it back: whoever comes second is shown what has changed meanwhile."""

import hashlib

import orjson
from flask import request

from idp.base.errors import ChangedMeanwhile, Conflict
from idp.base.texts import phrase
from idp.web.console import lists

_BELOW = 10**9


def mark(*parts: object) -> int:
    """
    Return a number that stands for *parts* (texts, numbers, lists of them), for what has no version of its own.

    It notices changes; it keeps no secret, and nobody gains by finding other parts with the same number.
    """
    return int.from_bytes(hashlib.sha256(orjson.dumps(parts)).digest()[:8]) % _BELOW


def unchanged(target_id: str, version: int) -> None:
    """
    Refuse a form that was opened for another version than *version* of what is changed.

    Raises:
        ChangedMeanwhile: it was; *target_id* is what has changed.
        Invalid: the version that was sent is no number.
    """
    sent = lists.version()
    if sent is not None and sent != version:
        raise ChangedMeanwhile(target_id)


def as_many(count: int) -> None:
    """
    Refuse a form that said of another number than *count* that it would be done to so many.

    Raises:
        Conflict: it did, or says no number.
    """
    if request.form.get("count") != str(count):
        raise Conflict(
            phrase("Meanwhile it would be %(count)s. Nothing has begun.", count=count), advice="Look at them again."
        )
