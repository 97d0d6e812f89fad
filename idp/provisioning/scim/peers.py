"""
What is read although it is not written as the specification has it, each with the name of who writes it so. Pure.
"""

from collections.abc import Mapping
from typing import Any


def operation(word: object) -> object:
    """Microsoft Entra writes ``Add``, ``Replace`` and ``Remove`` (RFC 7644 section 3.5.2 has small letters)."""
    return word.lower() if isinstance(word, str) else word


def truth(value: object) -> object:
    """Microsoft Entra without the flag ``aadOptscim062020`` sends ``active`` as the texts "True" and "False"."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def single(value: object) -> object:
    """Microsoft Entra may send a list with one object for a single value: ``[{"value": "x"}]`` for ``x``."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, Mapping) and set(value) <= {"value", "displayName", "$ref"} and "value" in value:
        return value["value"]
    return value


def members(value: object) -> list[Any]:
    """Okta sends one member as an object where Entra sends a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def entries(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """
    Entra and Okta send several attributes in one operation without a path, some with the path as the key:
    ``{"name.givenName": "Ada", "active": false}``; Okta repeats ``id`` and ``schemas`` in it.
    """
    return [(name, one) for name, one in value.items() if name not in ("id", "schemas", "meta")]
