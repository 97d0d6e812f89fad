"""
From the attributes that a service provider asks for to what we could release to it: a proposal, never a decision.

Pure. An attribute is recognized by its OID or URI, else by the name that people use for it, and would be
sent under the very name that was asked for.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from idp.base.errors import Invalid
from idp.policy.release import ATTRIBUTE, Rule
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
_ASKED_FOR = ("uri", "basic")  # unspecified is also what nothing means (SAML Core 2.0 section 2.7.3.1)
_SEPARATORS = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Supplied:
    """An attribute that is asked for, the one of ours that it is, and the rule that would send it."""

    requested: RequestedAttribute
    attribute: str
    rule: Rule


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

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that would send them."""
        return tuple(one.rule for one in self.supplied)


def propose(requested: Iterable[RequestedAttribute]) -> Proposal:
    """Return what could be released to a service provider that asks for *requested*; of one name the first counts."""
    supplied, missing = [], []
    first: dict[str, RequestedAttribute] = {}
    for one in requested:
        first.setdefault(one.name, one)
    for one in first.values():
        found = _supplied(one)
        if found is None:
            missing.append(one)
        else:
            supplied.append(found)
    return Proposal(tuple(supplied), tuple(missing))


def _supplied(requested: RequestedAttribute) -> Supplied | None:
    ours = recognized(requested)
    if ours is None:
        return None
    values = {"name": requested.name, "friendly_name": requested.friendly_name, "source": ATTRIBUTE, "value": ours}
    format_ = requested.name_format.rpartition(":")[2]
    if format_ in _ASKED_FOR:
        values["name_format"] = format_
    try:
        return Supplied(requested, ours, Rule.from_json(values))
    except Invalid:  # asked for under a name that nothing can be sent under
        return None


def recognized(requested: RequestedAttribute) -> str | None:
    """Return which of our attributes is asked for; None where it is none that we know."""
    return _recognized(requested.name) or _recognized(requested.friendly_name)


def _recognized(name: str) -> str | None:
    plain = name.strip().casefold()
    return _OURS.get(plain) or _OURS.get(_SEPARATORS.sub("", plain))
