"""The JSON that a client sends, read strictly (RFC 7644 section 3.1)."""

import json
from typing import Any

import orjson

from idp.base.texts import is_storable
from idp.provisioning.scim.errors import INVALID_SYNTAX, ScimError, invalid

TYPES = frozenset({"application/scim+json", "application/json"})


def read(body: bytes, content_type: str) -> dict[str, Any]:
    """
    Return the object that *body* holds.

    Raises:
        ScimError: it is of another type, no JSON object, names a field twice (two readers would see two documents),
            or has text that nobody can store.
    """
    if content_type not in TYPES:
        raise ScimError(415, "", "The body must be of the type application/scim+json.")
    try:
        found = orjson.loads(body)  # stricter than the standard library, which sees names that stand twice
        json.loads(body, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise invalid(INVALID_SYNTAX, "The body is not a JSON object, or names a field twice.") from error
    if not isinstance(found, dict):
        raise invalid(INVALID_SYNTAX, "The body is not a JSON object.")
    if not is_storable(found):
        raise invalid(INVALID_SYNTAX, "The body has text that cannot be stored.")
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Names of attributes do not differ by capital letters (RFC 7643 section 2.1)."""
    found = dict(pairs)
    if len({name.lower() for name in found}) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found
