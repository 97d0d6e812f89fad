"""
Which attribute of ours a service provider asks for: by its OID or URI, else by the name that people use for it. Pure.

An organization's own attributes are recognized by their exact names alone, in whatever spelling (``employeeNumber``,
``employee_number``), and by the names under which the organization sends them: what is only alike may be something
that nobody wanted to give away.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from idp.policy.rules import ATTRIBUTE, Rule
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
# RFC 4519, RFC 2798 and eduPerson say what these are called; an organization may call an attribute of its own so.
_STANDARD = {
    "urn:oid:0.9.2342.19200300.100.1.1": "uid",
    "urn:oid:2.5.4.10": "o",
    "urn:oid:2.5.4.11": "ou",
    "urn:oid:2.5.4.12": "title",
    "urn:oid:2.5.4.20": "telephoneNumber",
    "urn:oid:2.16.840.1.113730.3.1.2": "departmentNumber",
    "urn:oid:2.16.840.1.113730.3.1.3": "employeeNumber",
    "urn:oid:2.16.840.1.113730.3.1.4": "employeeType",
    "urn:oid:2.16.840.1.113730.3.1.39": "preferredLanguage",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": "eduPersonAffiliation",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": "eduPersonPrincipalName",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.7": "eduPersonEntitlement",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.9": "eduPersonScopedAffiliation",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.16": "eduPersonOrcid",
}
# Dictionaries in which the last part alone is the name. In any other URI it is whatever its owner means by it.
_DICTIONARIES = (
    "urn:mace:dir:attribute-def:",
    _CLAIMS,
    "http://schemas.microsoft.com/identity/claims/",
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/",
    "urn:ietf:params:scim:schemas:core:2.0:user:",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:",
)
_SEPARATORS = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Own:
    """
    What an organization has beside the attributes that every account has.

    Args:
        names: its own attributes.
        sent_as: under which names (without regard to capital letters) it sends which attribute.
    """

    names: frozenset[str] = frozenset()
    sent_as: Mapping[str, str] = field(default_factory=dict)

    def called(self, name: str) -> str | None:
        """Return the attribute that *name* is the name of; None where it is of none, or could be of two."""
        bare = bare_name(name)
        if bare in self.names:
            return bare
        for alike in (str.casefold, _spelled):
            found = [one for one in self.names if alike(one) == alike(bare)]
            if found:
                return found[0] if len(found) == 1 else None
        return self.sent_as.get(name.strip().casefold())


NONE = Own()


def recognized(requested: RequestedAttribute, own: Own = NONE) -> str | None:
    """Return which attribute of ours, or of the organization's *own*, is asked for; None where it is none of them."""
    found = _recognized(requested.name, own)
    if found is None and requested.name.strip().casefold() not in _STANDARD:
        # A standard name says what is meant, whatever friendly name stands beside it.
        found = _recognized(requested.friendly_name, own)
    return found


def sent_as(rules: Iterable[Rule], attributes: frozenset[str]) -> dict[str, str]:
    """
    Return the names under which *rules* send one of these *attributes* as it is.

    A rule that leaves values out or writes them anew means less than the attribute: its name is none for all of it.
    """
    found: dict[str, str] = {}
    for rule in rules:
        if rule.source == ATTRIBUTE and rule.value in attributes and not rule.only and not rule.rename:
            for name in filter(None, (rule.name, rule.friendly_name)):
                found.setdefault(name.casefold(), rule.value)
    return found


def bare_name(name: str) -> str:
    """Return the name alone where a standard says what an OID, or the last part of a URI, is called; else all of it."""
    plain = name.strip()
    folded = plain.casefold()
    if folded in _STANDARD:
        return _STANDARD[folded]
    return next((plain[len(one) :] for one in _DICTIONARIES if folded.startswith(one)), plain)


def _recognized(name: str, own: Own) -> str | None:
    plain = name.strip().casefold()
    if not plain:
        return None
    return _OURS.get(plain) or _OURS.get(_SEPARATORS.sub("", plain)) or own.called(name)


def _spelled(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()
