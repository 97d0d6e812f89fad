"""
An account as a SCIM User (RFC 7643 section 4.1), as far as a target's mapping says so.

What an account is known by is always sent: ``externalId`` is its id here, which never changes and is nobody else's.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

DEFAULT_MAPPING: Mapping[str, str] = {
    "userName": "email",
    "displayName": "name",
    "name.givenName": "given_name",
    "name.familyName": "family_name",
    "emails": "email",
}
"""SCIM attribute → ours, where nothing else was chosen."""

ATTRIBUTES = (
    *("userName", "displayName", "name.givenName", "name.familyName", "emails", "phoneNumbers"),
    *("nickName", "title", "userType", "preferredLanguage", "locale", "timezone", "profileUrl"),
    *("employeeNumber", "costCenter", "organization", "division", "department"),
)
"""What of a SCIM User can be sent."""
_EXTENSION = frozenset({"employeeNumber", "costCenter", "organization", "division", "department"})
_LISTS = frozenset({"emails", "phoneNumbers"})
_MOST_VALUES = 10


@dataclass(frozen=True, slots=True)
class Rendition:
    """
    What is sent of an account.

    Args:
        document: the resource, without ``schemas``.
        names: which mapped attributes it has.
        digest: of all of it.
    """

    document: Mapping[str, Any]
    names: tuple[str, ...]
    digest: str

    @property
    def user_name(self) -> str:
        """What it is called there."""
        return str(self.document["userName"])


def rendition(account_id: str, attributes: Mapping[str, tuple[str, ...]], mapping: Mapping[str, str]) -> Rendition:
    """
    Return what is sent of an account.

    Args:
        attributes: its values by our names, as `directory.attributes.attributes_of` has them.
        mapping: SCIM attribute → ours. Where ``userName`` has no value the address is taken.
    """
    document: dict[str, Any] = {"externalId": account_id, "active": True}
    sent = []
    for name in ATTRIBUTES:
        values = [one for one in attributes.get(mapping.get(name, ""), ()) if one]
        if not values and name == "userName":
            values = list(attributes.get("email", ()))
        if values:
            _put(document, name, values)
            sent.append(name)
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return Rendition(document, tuple(sent), hashlib.sha256(text.encode("utf-8", "replace")).hexdigest())


def _put(document: dict[str, Any], name: str, values: list[str]) -> None:
    if name in _LISTS:
        document[name] = [
            {"value": value, "type": "work", **({"primary": True} if at == 0 else {})}
            for at, value in enumerate(values[:_MOST_VALUES])
        ]
    elif name in _EXTENSION:
        document.setdefault(ENTERPRISE, {})[name] = values[0]
    elif name.startswith("name."):
        document.setdefault("name", {})[name.removeprefix("name.")] = values[0]
    else:
        document[name] = values[0]


def path_of(name: str) -> str:
    """Return how PATCH names an attribute of `ATTRIBUTES` (RFC 7644 section 3.5.2)."""
    return f"{ENTERPRISE}:{name}" if name in _EXTENSION else name
