"""
Metadata: a service provider's read and judged, and our own written (SAML Metadata 2.0).

What comes in passes the gate; pysaml2 reads it (see `engine`); here it is judged, in plain words.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory.sites import SiteFacts
from idp.keyring import keyring
from idp.keyring.keyring import ACTIVE, NEXT, Key
from idp.saml import addresses, gate
from idp.saml.certificates import known_key, known_keys
from idp.saml.description import Endpoint, SpDescription
from idp.saml.errors import MessageRefused
from idp.saml.names import EMAIL, ENTITY_DESCRIPTOR, PERSISTENT, POST, REDIRECT, SAMLP, TRANSIENT, UNSPECIFIED
from idp.saml.writer import Element, element, write

LONGEST_ENTITY_ID = 1024
_CACHE_FOR = "PT1H"
_CLOCK = timedelta(minutes=3)
_MOST_ENDPOINTS = 500
_ORDER = {ACTIVE: 0, NEXT: 1}


@dataclass(frozen=True, slots=True)
class Published:
    """Our metadata as it is sent, and its entity tag."""

    document: bytes
    etag: str


def read(document: bytes, *, now: datetime, http_loopback: bool) -> SpDescription:
    """
    Return what *document* says of a service provider, if we can work with it.

    Args:
        http_loopback: plain http addresses on loopback are taken (for trials on one machine).

    Raises:
        Invalid: something in it cannot be taken; the message says what, and what to do.
    """
    from idp.saml import engine  # noqa: PLC0415 (importing pysaml2 costs as much as a hundred sign-ons)

    try:
        root = gate.read_metadata(document)
    except MessageRefused as error:
        raise _fault(
            "The metadata cannot be read as XML.", "Give the file as the application hands it out.", error.cause
        ) from None
    if root.tag != ENTITY_DESCRIPTOR:
        raise _fault(
            "The metadata is not that of one entity.",
            "Give the metadata of the service provider alone: a document whose first element is EntityDescriptor.",
            f"the first element is {str(root.tag)[:100]}",
        )
    try:
        described = engine.describe(root)
    except engine.NotUnderstood as error:
        raise _fault(str(error), "Ask for the metadata of the application's service provider side.") from None
    except ValueError as error:
        raise _fault(
            "The metadata has a date that cannot be read.", "Ask for corrected metadata.", str(error)
        ) from None
    _judge(described, now, http_loopback)
    return described


def published(work: Work, site: SiteFacts, issuer: str, base_url: str) -> Published:
    """Return the metadata of *site*, remembered for a second."""

    def make() -> Published:
        keys = keyring.published(work, site.organization_id, site.id, keyring.SAML_SIGNING)
        document = write(_own(site, issuer, base_url, keys)).xml.encode()
        return Published(document, hashlib.sha256(document).hexdigest()[:32])

    return work.tx.memory.recall(("saml-metadata", site.id), make)


def entity_id(issuer: str) -> str:
    """Return the entity ID of the site with that issuer; its metadata is at this address (section 4.1)."""
    return f"{issuer}/saml/metadata"


def _judge(described: SpDescription, now: datetime, http_loopback: bool) -> None:
    entity = described.entity_id
    if not 0 < len(entity) <= LONGEST_ENTITY_ID or not entity.isprintable() or " " in entity:
        raise _fault("The entity ID is missing, too long, or has blanks in it.", "Ask for corrected metadata.")
    if described.valid_until is not None and described.valid_until + _CLOCK <= now:
        raise _fault(
            f"This metadata was valid until {described.valid_until:%Y-%m-%d %H:%M} UTC.",
            "Ask the application for its metadata of today.",
        )
    if not any(endpoint.binding == POST for endpoint in described.assertion_consumers):
        raise _fault(
            "The metadata names no address that takes assertions by HTTP-POST.",
            "Ask for metadata with an AssertionConsumerService of that binding.",
        )
    endpoints = (*described.assertion_consumers, *described.logout_endpoints, *described.name_id_endpoints)
    if len(endpoints) > _MOST_ENDPOINTS:
        raise _fault(f"The metadata has more than {_MOST_ENDPOINTS} addresses.", "Leave out those that are not used.")
    for endpoint in endpoints:
        _judge_endpoint(endpoint, http_loopback)
    for certificate in (*described.signing_certificates, *(key.certificate for key in described.encryption_keys)):
        _judge_certificate(certificate)


def _judge_endpoint(endpoint: Endpoint, http_loopback: bool) -> None:
    for location in (endpoint.location, endpoint.response_location or endpoint.location):
        fault = addresses.fault(location, http_loopback=http_loopback)
        if fault is not None:
            raise _fault(fault, "Every address in the metadata must be one that people can be sent to safely.")


def _judge_certificate(certificate: str) -> None:
    if known_key(certificate) is None:
        raise _fault(
            "A certificate in the metadata cannot be used.",
            "It must be an X.509 certificate with an RSA key of 2048 bits or more, or an EC key (P-256, P-384, P-521).",
        )


def can_verify(described: SpDescription) -> bool:
    """Say whether there is a key that a signed request could be verified with."""
    return bool(known_keys(described.signing_certificates))


def name_of(described: SpDescription) -> str:
    """Return what to call the application if nobody says: its own name, else the host it lives at."""
    host = urlsplit(described.default_consumer().location).hostname or described.entity_id
    return (described.display_name or host)[:256]


def _fault(message: str, advice: str, cause: str = "") -> Invalid:
    return Invalid(message, field="metadata", code="saml-metadata", advice=advice, cause=cause)


def _own(site: SiteFacts, issuer: str, base_url: str, keys: tuple[Key, ...]) -> Element:
    """Return our EntityDescriptor: one role, that of an identity provider (sections 2.3.2 and 2.4.3)."""
    address = f"{issuer}/saml"
    ordered = sorted(keys, key=lambda key: _ORDER.get(key.state, 2))
    named = element("mdui:DisplayName", {"xml:lang": "en"}, site.name)
    return element(
        "md:EntityDescriptor",
        {"cacheDuration": _CACHE_FOR, "entityID": entity_id(issuer)},
        element(
            "md:IDPSSODescriptor",
            {"WantAuthnRequestsSigned": "false", "protocolSupportEnumeration": SAMLP},
            element("md:Extensions", None, element("mdui:UIInfo", None, named)),
            *(_signs_with(key) for key in ordered),
            *(_service("md:SingleLogoutService", binding, f"{address}/slo") for binding in (REDIRECT, POST)),
            *(element("md:NameIDFormat", None, format_) for format_ in (PERSISTENT, TRANSIENT, EMAIL, UNSPECIFIED)),
            *(_service("md:SingleSignOnService", binding, f"{address}/sso") for binding in (REDIRECT, POST)),
        ),
        element(
            "md:Organization",
            None,
            element("md:OrganizationName", {"xml:lang": "en"}, site.organization_name),
            element("md:OrganizationDisplayName", {"xml:lang": "en"}, site.organization_name),
            element("md:OrganizationURL", {"xml:lang": "en"}, base_url),
        ),
    )


def _signs_with(key: Key) -> Element:
    certificate = element("ds:X509Certificate", None, key.certificate_der_base64)
    return element(
        "md:KeyDescriptor",
        {"use": "signing"},
        element("ds:KeyInfo", None, element("ds:X509Data", None, certificate)),
    )


def _service(name: str, binding: str, location: str) -> Element:
    return element(name, {"Binding": binding, "Location": location})
