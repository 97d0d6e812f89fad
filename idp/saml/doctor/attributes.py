"""The attributes that the application asks for in its metadata (SAML Metadata 2.0 section 2.4.4.1)."""

from idp.saml.description import RequestedAttribute
from idp.saml.doctor.finding import Fix, Kind, Release, Severity
from idp.saml.doctor.subjects import Described, Findings, Here

WITHHELD = Kind(
    "attribute-withheld",
    Severity.WARNING,
    "a requested attribute is not released",
    "The application asks for it and does not receive it; some refuse the person then, or show no name.",
    "releases it to this application, where its own policy alone withholds it",
)
UNKNOWN = Kind(
    "attribute-unknown",
    Severity.NOTE,
    "a requested attribute that accounts here do not have under that name",
    "It is not sent, unless a rule of the release policy sends something under that name.",
)
KINDS = (WITHHELD, UNKNOWN)

# By which names applications ask for what accounts have: plain ones, those of LDAP (RFC 4524, 2798 and 4519
# as OIDs) and those of Microsoft's claims.
_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_NAMES: dict[str, tuple[str, ...]] = {
    "email": ("email", "mail", "emailaddress", "urn:oid:0.9.2342.19200300.100.1.3", f"{_CLAIM}emailaddress"),
    "name": ("name", "displayname", "cn", "urn:oid:2.16.840.1.113730.3.1.241", "urn:oid:2.5.4.3", f"{_CLAIM}name"),
    "given_name": ("given_name", "givenname", "firstname", "urn:oid:2.5.4.42", f"{_CLAIM}givenname"),
    "family_name": ("family_name", "surname", "sn", "lastname", "urn:oid:2.5.4.4", f"{_CLAIM}surname"),
    "groups": ("groups", "group", "memberof", "ismemberof", "urn:oid:1.3.6.1.4.1.5923.1.5.1.1"),
}


def check_described(described: Described) -> Findings:
    """Does it receive what it asks for?"""
    registered = described.registered
    for wanted in described.description.requested_attributes:
        ours = meant(wanted, described.here)
        needed = "it says that it needs" if wanted.required else "it would like"
        name = wanted.name if not wanted.friendly_name else f"{wanted.friendly_name} ({wanted.name})"
        if not ours:
            yield UNKNOWN.found(
                f"{needed} {name}; accounts have {', '.join(described.here.attributes)}",
                here="Nothing, if the application works without it.",
                vendor=f"Do you need the attribute {name}, and what is to be in it?",
            )
        elif registered is not None and ours not in registered.released:
            alone = ours in registered.withheld_by_application
            yield WITHHELD.found(
                f"{needed} {name}; “{ours}” is withheld by the release policy of {'this application' if alone else 'the organization'}",
                here=f"Release “{ours}”, if the application may know it.",
                fix=Fix(
                    f"releases “{ours}” to this application",
                    Release((ours,)),
                    f"The application learns the {ours} of everybody who opens it.",
                )
                if alone
                else None,
            )


def meant(wanted: RequestedAttribute, here: Here) -> str:
    """Return which of our attributes is asked for, empty if none is."""
    asked = {wanted.name.casefold(), wanted.friendly_name.casefold()} - {""}
    for ours in here.attributes:
        if asked & {ours.casefold(), *(name.casefold() for name in _NAMES.get(ours, ()))}:
            return ours
    return ""
