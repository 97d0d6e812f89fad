"""
Our own metadata: what a site says of itself to service providers (SAML Metadata 2.0; MDUI 1.0).

Pure: values in, bytes out. The same bytes all day, so that caches and entity tags hold.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from idp.directory.models import Site
from idp.keyring.keyring import ACTIVE, NEXT, Key
from idp.saml import nameid, signing
from idp.saml.instants import instant
from idp.saml.names import POST, REDIRECT, SAMLP, SOAP
from idp.saml.signing import Signer
from idp.saml.writer import Element, element, write

_CACHE_FOR = "PT1H"
_ORDER = {ACTIVE: 0, NEXT: 1}
_IN_MAILTO = "@!$'*+-._~"  # RFC 6068 section 2
_ENGLISH = {"xml:lang": "en"}


@dataclass(frozen=True, slots=True)
class Published:
    """Our metadata as it is sent, and its entity tag."""

    document: bytes
    etag: str


def entity_id(issuer: str) -> str:
    """Return the entity ID of the site with that issuer; its metadata is at this address (section 4.1)."""
    return f"{issuer}/saml/metadata"


def address_for(issuer: str, application_id: str, token: str) -> str:
    """Return where one application reads the metadata of the site with that issuer, and nobody else (see `watching`)."""
    return f"{entity_id(issuer)}/{application_id}/{token}"


def valid_until(now: datetime, days: int) -> datetime:
    """Return until when metadata that is read at *now* may be used: at least *days* days, and a midnight."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days + 1)


def written(
    site: Site,
    organization_name: str,
    issuer: str,
    base_url: str,
    keys: tuple[Key, ...],
    by: Signer | None,
    now: datetime,
) -> Published:
    """
    Return the EntityDescriptor of *site*: one role, that of an identity provider (sections 2.3.2 and 2.4.3).

    Args:
        keys: those that are published, the oldest first.
        by: who signs it; None: nobody.
    """
    attributes = {
        "cacheDuration": _CACHE_FOR,
        "entityID": entity_id(issuer),
        "validUntil": instant(valid_until(now, site.metadata_valid_days)),
    }
    content = (
        _role(site, f"{issuer}/saml", keys),
        _organization(organization_name, site.organization_url or base_url),
        *_contacts(site),
    )
    plain = write(element("md:EntityDescriptor", attributes, *content)).xml.encode()
    digest = hashlib.sha256(plain).hexdigest()
    if by is None:
        return Published(plain, digest[:32])
    # The ID follows from the content: the same all day, and signed by RSA the same to the last octet.
    identified = element("md:EntityDescriptor", {"ID": f"_{digest[:32]}", **attributes}, *content)
    document = signing.signed(identified, by, behind=0).xml.encode()
    return Published(document, hashlib.sha256(f"{digest} {by.key_id}".encode()).hexdigest()[:32])


def _role(site: Site, address: str, keys: tuple[Key, ...]) -> Element:
    both = (REDIRECT, POST)
    return element(
        "md:IDPSSODescriptor",
        {"WantAuthnRequestsSigned": "false", "protocolSupportEnumeration": SAMLP},
        element("md:Extensions", None, _user_interface(site)),
        *(_signs_with(key) for key in _in_order(keys)),
        *(_service("md:SingleLogoutService", binding, f"{address}/slo") for binding in both),
        _service("md:SingleLogoutService", SOAP, f"{address}/slo/soap"),
        *(_service("md:ManageNameIDService", binding, f"{address}/manage-nameid") for binding in both),
        _service("md:ManageNameIDService", SOAP, f"{address}/manage-nameid/soap"),
        *(element("md:NameIDFormat", None, format_) for format_ in nameid.FORMATS),
        *(_service("md:SingleSignOnService", binding, f"{address}/sso") for binding in both),
    )


def _user_interface(site: Site) -> Element:
    """What people choose us by (MDUI 1.0 section 2.1)."""
    parts = [element("mdui:DisplayName", _ENGLISH, site.name)]
    if site.description:
        parts.append(element("mdui:Description", _ENGLISH, site.description))
    if site.logo_url:
        size = {"height": str(site.logo_height), "width": str(site.logo_width)}
        parts.append(element("mdui:Logo", size, site.logo_url))
    return element("mdui:UIInfo", None, *parts)


def _organization(name: str, url: str) -> Element:
    return element(
        "md:Organization",
        None,
        element("md:OrganizationName", _ENGLISH, name),
        element("md:OrganizationDisplayName", _ENGLISH, name),
        element("md:OrganizationURL", _ENGLISH, url),
    )


def _contacts(site: Site) -> Iterator[Element]:
    """Who can be written to (section 2.3.2.2); a support contact that is a page or words has no place there."""
    for kind, contact in (("technical", site.technical_contact), ("support", site.support_contact)):
        if "@" in contact and " " not in contact and "/" not in contact:
            address = element("md:EmailAddress", None, "mailto:" + quote(contact, safe=_IN_MAILTO))
            yield element("md:ContactPerson", {"contactType": kind}, address)


def _in_order(keys: tuple[Key, ...]) -> list[Key]:
    """The active ones first: some service providers take the first certificate and look no further."""
    return sorted(keys, key=lambda key: (_ORDER.get(key.state, 2), signing.is_on_curve(key)))


def _signs_with(key: Key) -> Element:
    certificate = element("ds:X509Certificate", None, key.certificate_der_base64)
    return element(
        "md:KeyDescriptor",
        {"use": "signing"},
        element("ds:KeyInfo", None, element("ds:X509Data", None, certificate)),
    )


def _service(name: str, binding: str, location: str) -> Element:
    return element(name, {"Binding": binding, "Location": location})
