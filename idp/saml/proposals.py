"""
From the attributes that a service provider asks for to what we could release to it: a proposal, never a decision.

Pure. An attribute is recognized by its OID or URI, else by the name that people use for it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from idp.saml.description import RequestedAttribute

_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_NAMES: dict[str, tuple[str, ...]] = {
    "email": (
        "urn:oid:0.9.2342.19200300.100.1.3",
        "urn:oid:1.2.840.113549.1.9.1",
        "urn:mace:dir:attribute-def:mail",
        _CLAIMS + "emailaddress",
        "mail",
        "email",
        "emailaddress",
        "useremail",
        "user.email",
    ),
    "name": (
        "urn:oid:2.16.840.1.113730.3.1.241",
        "urn:oid:2.5.4.3",
        "urn:mace:dir:attribute-def:displayname",
        "urn:mace:dir:attribute-def:cn",
        _CLAIMS + "name",
        "http://schemas.microsoft.com/identity/claims/displayname",
        "displayname",
        "cn",
        "commonname",
        "name",
        "fullname",
    ),
    "given_name": (
        "urn:oid:2.5.4.42",
        "urn:mace:dir:attribute-def:givenname",
        _CLAIMS + "givenname",
        "givenname",
        "firstname",
        "user.firstname",
    ),
    "family_name": (
        "urn:oid:2.5.4.4",
        "urn:mace:dir:attribute-def:sn",
        _CLAIMS + "surname",
        "sn",
        "surname",
        "familyname",
        "lastname",
        "user.lastname",
    ),
    "groups": (
        "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
        "urn:mace:dir:attribute-def:ismemberof",
        "http://schemas.xmlsoap.org/claims/group",
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
        "ismemberof",
        "memberof",
        "groups",
        "group",
    ),
}
_OURS = {name: ours for ours, names in _NAMES.items() for name in names}
_SEPARATORS = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Supplied:
    """An attribute that is asked for, and the one of ours that it is."""

    requested: RequestedAttribute
    attribute: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    What could be released: those of our attributes that are asked for, and no other.

    Args:
        missing: what is asked for and we have not got.
    """

    supplied: tuple[Supplied, ...]
    missing: tuple[RequestedAttribute, ...]

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of ours, each once."""
        return tuple(dict.fromkeys(one.attribute for one in self.supplied))


def propose(requested: Iterable[RequestedAttribute]) -> Proposal:
    """Return what could be released to a service provider that asks for *requested*."""
    supplied, missing = [], []
    for one in requested:
        ours = _recognized(one.name) or _recognized(one.friendly_name)
        if ours is None:
            missing.append(one)
        else:
            supplied.append(Supplied(one, ours))
    return Proposal(tuple(supplied), tuple(missing))


def _recognized(name: str) -> str | None:
    plain = name.strip().casefold()
    return _OURS.get(plain) or _OURS.get(_SEPARATORS.sub("", plain))
