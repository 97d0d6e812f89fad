"""The JSON that a client sends of itself (RFC 7591 section 3.1), read strictly."""

import json
from typing import Any

import orjson

from idp.base.texts import is_storable
from idp.oidc.errors import InvalidClientMetadata


def read(body: bytes) -> dict[str, Any]:
    """
    Return the object that *body* holds.

    Raises:
        InvalidClientMetadata: it is no JSON object, names a field twice (two readers would see two
            registrations), or has text that nobody can store.
    """
    try:
        found = orjson.loads(body)  # stricter than the standard library, which sees names that stand twice
        json.loads(body, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise InvalidClientMetadata("The body is not a JSON object.", cause=str(error)[:200]) from error
    if not isinstance(found, dict):
        raise InvalidClientMetadata("The body is not a JSON object.")
    if not is_storable(found):
        raise InvalidClientMetadata("The body has text that cannot be stored.")
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found
