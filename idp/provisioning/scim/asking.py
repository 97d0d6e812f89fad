"""What a call asks for beside its body: pages, attributes, versions (RFC 7644 sections 3.4.2, 3.9, 3.14). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.provisioning.scim.errors import INVALID_SYNTAX, INVALID_VALUE, ScimError, invalid
from idp.provisioning.scim.filter import Filter, parse
from idp.provisioning.scim.resources import GROUP, USER

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
MOST, USUAL = 200, 100
_LONGEST = 2048
_ALWAYS = frozenset({"id", "schemas", "meta"})


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What a call asks for. ``start`` counts from 1; ``count`` is how many there may be; ``filter`` None: all.

    ``only`` and ``without`` are names of attributes in small letters.
    """

    start: int = 1
    count: int = USUAL
    filter: Filter | None = None
    only: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def wants(self, name: str) -> bool:
        """Say whether the attribute *name* (in small letters) is to be in the answer."""
        if self.only:
            return name in self.only or any(one.startswith(f"{name}.") for one in self.only)
        return name not in self.without


@dataclass(frozen=True, slots=True)
class Versions:
    """The headers ``If-Match`` and ``If-None-Match``; empty: not sent."""

    match: str = ""
    none_match: str = ""

    def refuse_other(self, etag: str) -> None:
        """
        Raises:
            ScimError: 412: the resource is at another version than the call was made for.
        """
        if self.match and not _among(self.match, etag):
            raise ScimError(412, "", "It was changed in the meantime: read it again.", code="changed-meanwhile")

    def is_known(self, etag: str) -> bool:
        """Say whether the caller has this version already."""
        return bool(self.none_match) and _among(self.none_match, etag)


def read(query: Mapping[str, str]) -> Asked:
    """
    Return what the query of an address asks for.

    Raises:
        ScimError: something in it cannot be read.
    """
    if any(len(value) > _LONGEST for value in query.values()):
        raise invalid(INVALID_VALUE, f"A parameter has at most {_LONGEST} characters.")
    if query.get("attributes") and query.get("excludedAttributes"):
        raise invalid(INVALID_VALUE, "Either attributes or excludedAttributes.")
    found = query.get("filter", "")
    return Asked(
        start=max(1, _number(query, "startIndex", 1)),
        count=min(MOST, max(0, _number(query, "count", USUAL))),
        filter=parse(found) if found.strip() else None,
        only=_names(query.get("attributes", "")),
        without=_names(query.get("excludedAttributes", "")),
    )


def of_document(document: Mapping[str, Any]) -> dict[str, str]:
    """
    Return what a document that looks for something (RFC 7644 section 3.4.3) asks for, as an address would.

    Raises:
        ScimError: it is no such document.
    """
    if SEARCH not in (said if isinstance(said := document.get("schemas"), list) else ()):
        raise invalid(INVALID_SYNTAX, f"A search has the schema {SEARCH}.")
    found = {}
    for name in ("filter", "startIndex", "count", "attributes", "excludedAttributes"):
        value = document.get(name)
        if isinstance(value, list):
            value = ",".join(str(one) for one in value)
        if value is not None:
            found[name] = str(value)
    return found


def projected(resource: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """Return of *resource* what was asked for; ``id`` and ``schemas`` always."""
    if not asked.only and not asked.without:
        return resource
    return {
        name: kept
        for name, value in resource.items()
        if (kept := value if name.lower() in _ALWAYS - {"meta"} else _kept(name.lower(), value, asked)) is not None
    }


def listed(resources: list[dict[str, Any]], total: int, asked: Asked) -> dict[str, Any]:
    """Return a page of a list."""
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": asked.start,
        "itemsPerPage": len(resources),
        "Resources": [projected(one, asked) for one in resources],
    }


def _kept(name: str, value: Any, asked: Asked) -> Any:
    if asked.only:
        if name in asked.only:
            return value
        parts = {one.removeprefix(f"{name}.") for one in asked.only if one.startswith(f"{name}.")}
        parts |= {one.removeprefix(f"{name}:") for one in asked.only if one.startswith(f"{name}:")}
        return _parts(value, lambda part: part in parts) if parts else None
    if name in asked.without:
        return None
    dropped = {one.removeprefix(f"{name}.") for one in asked.without if one.startswith(f"{name}.")}
    dropped |= {one.removeprefix(f"{name}:") for one in asked.without if one.startswith(f"{name}:")}
    return _parts(value, lambda part: part not in dropped) if dropped else value


def _parts(value: Any, wanted: Any) -> Any:
    if isinstance(value, dict):
        return {name: one for name, one in value.items() if wanted(name.lower())}
    if isinstance(value, list):
        return [_parts(one, wanted) for one in value]
    return value


def _names(text: str) -> frozenset[str]:
    found = set()
    for one in text.lower().split(","):
        name = one.strip()
        for schema in (USER, GROUP):
            name = name.removeprefix(f"{schema.lower()}:")
        if name:
            found.add(name)
    if len(found) > 50:
        raise invalid(INVALID_VALUE, "At most 50 attributes are named.")
    return frozenset(found)


def _number(query: Mapping[str, str], name: str, usual: int) -> int:
    said = query.get(name, "").strip()
    if not said:
        return usual
    digits = said.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 10):
        raise invalid(INVALID_VALUE, f"“{name}” is a number.")
    return int(said)


def _among(header: str, etag: str) -> bool:
    """Compare weakly (RFC 9110 section 8.8.3.2)."""
    if header.strip() == "*":
        return True
    return any(one.strip().removeprefix("W/") == etag.removeprefix("W/") for one in header.split(","))
