"""
Metadata: a service provider's read and judged, and our own written (SAML Metadata 2.0).

What comes in passes the gate; pysaml2 reads it (see `engine`); here it is judged, in plain words.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory.models import Site
from idp.directory.sites import SiteFacts
from idp.keyring import keyring
from idp.saml import addresses, gate, own_metadata, signatures, speaking
from idp.saml.certificates import known_key, known_keys
from idp.saml.description import About, Endpoint, SpDescription
from idp.saml.errors import MessageRefused
from idp.saml.gate import Tree
from idp.saml.names import ENTITY_DESCRIPTOR, POST
from idp.saml.own_metadata import Published, entity_id

__all__ = ["Published", "can_verify", "entity_id", "name_of", "published", "read"]

LONGEST_ENTITY_ID = 1024
_CLOCK = timedelta(minutes=3)
_MOST_ENDPOINTS = 500
_MOST_NAMES = 100
MOST_CERTIFICATES = 20
_LONGEST_DESCRIPTION = 2000


def read(document: bytes, *, now: datetime, http_loopback: bool) -> SpDescription:
    """
    Return what *document* says of a service provider, if we can work with it.

    Args:
        http_loopback: plain http addresses on loopback are taken (for trials on one machine).

    Raises:
        Invalid: something in it cannot be taken; the message says what, and what to do.
    """
    return understood(parsed(document), now=now, http_loopback=http_loopback)


def parsed(document: bytes) -> Tree:
    """
    Return the root of a metadata document that has passed the gate.

    Raises:
        Invalid: it is no XML that we take.
    """
    try:
        return gate.read_metadata(document)
    except MessageRefused as error:
        raise fault(
            "The metadata cannot be read as XML.", "Give the file as the application hands it out.", error.cause
        ) from None


def proven(document: bytes, key: str) -> Tree:
    """
    Return the root of what the signature over a metadata document covers.

    Args:
        key: the certificate (DER, base64) that it must be signed with; without one the document itself is returned.

    Raises:
        Invalid: it is no XML that we take, or not signed so that it verifies.
    """
    root = parsed(document)
    if not key:
        return root
    try:
        return signatures.verified_metadata(root, known_keys((key,)))
    except MessageRefused as error:
        raise fault(
            "The metadata is not proven to be its publisher's.",
            "Compare the certificate that is pinned with the one that its publisher names.",
            error.cause,
        ) from None


def understood(root: Tree, *, now: datetime, http_loopback: bool) -> SpDescription:
    """
    Return what the entity *root*, which has passed the gate, says of its service provider.

    Raises:
        Invalid: something in it cannot be taken.
    """
    described = _described(root)
    described = replace(described, about=_safe(described.about, http_loopback))
    judge(described, now=now, http_loopback=http_loopback)
    return described


def _described(root: Tree) -> SpDescription:
    from idp.saml import engine  # noqa: PLC0415 (importing pysaml2 costs as much as a hundred sign-ons)

    if root.tag != ENTITY_DESCRIPTOR:
        raise fault(
            "The metadata is not that of one entity.",
            "Give the metadata of the service provider alone: a document whose first element is EntityDescriptor. "
            "From an aggregate of many: idp application import-saml.",
            f"the first element is {str(root.tag)[:100]}",
        )
    try:
        return engine.describe(root)
    except engine.NotUnderstood as error:
        raise fault(str(error), "Ask for the metadata of the application's service provider side.") from None
    except ValueError as error:
        raise fault("The metadata has a date that cannot be read.", "Ask for corrected metadata.", str(error)) from None


def said(document: bytes) -> SpDescription:
    """
    Return what *document*, which was taken before, says of a service provider. It is not judged again: time has passed.

    Raises:
        Invalid: it is none that was ever taken.
    """
    return _described(parsed(document))


def published(work: Work, site: SiteFacts, issuer: str, base_url: str, *, signed: bool = False) -> Published:
    """
    Return the metadata of *site*, remembered for a second.

    Args:
        signed: sign it, even where the site does not sign it for everybody.
    """

    def make() -> Published:
        row = work.tx.session.get_one(Site, (site.organization_id, site.id))
        keys = keyring.published(work, site.organization_id, site.id, keyring.SAML_SIGNING)
        by = speaking.speaker(work, site, issuer, None).key if signed or row.sign_metadata else None
        return own_metadata.written(row, site.organization_name, issuer, base_url, keys, by, work.now)

    return work.tx.memory.recall(("saml-metadata", site.id, signed), make)


def judge(described: SpDescription, *, now: datetime, http_loopback: bool) -> None:
    """
    Check that we can work with what was *described*, by metadata or by hand.

    Raises:
        Invalid: something in it cannot be taken.
    """
    entity = described.entity_id
    if not 0 < len(entity) <= LONGEST_ENTITY_ID or not entity.isprintable() or " " in entity:
        raise fault("The entity ID is missing, too long, or has blanks in it.", "Ask for corrected metadata.")
    if described.valid_until is not None and described.valid_until <= now - _CLOCK:
        raise fault(
            f"This metadata was valid until {described.valid_until:%Y-%m-%d %H:%M} UTC.",
            "Ask the application for its metadata of today.",
        )
    if not any(endpoint.binding == POST for endpoint in described.assertion_consumers):
        raise fault(
            "The metadata names no address that takes assertions by HTTP-POST.",
            "Ask for metadata with an AssertionConsumerService of that binding.",
        )
    endpoints = (*described.assertion_consumers, *described.logout_endpoints, *described.name_id_endpoints)
    if len(endpoints) > _MOST_ENDPOINTS:
        raise fault(f"The metadata has more than {_MOST_ENDPOINTS} addresses.", "Leave out those that are not used.")
    for endpoint in endpoints:
        _judge_endpoint(endpoint, http_loopback)
    certificates = described.signing_certificates, tuple(key.certificate for key in described.encryption_keys)
    for use, several in zip(("sign", "be encrypted for"), certificates, strict=True):
        if len(several) > MOST_CERTIFICATES:
            raise fault(
                f"It has {len(several)} certificates to {use} with; at most {MOST_CERTIFICATES} are taken.",
                "Leave out those that are no longer used: each is tried on every signature that does not verify.",
            )
        for certificate in several:
            _judge_certificate(certificate)
    _judge_about(described.about, http_loopback)


def _safe(about: About, http_loopback: bool) -> About:
    """Leave out what no page of ours may ever show or link to (X16); people can be signed on without it."""
    kept = {
        name: address
        for name in ("logo_url", "information_url", "privacy_url")
        if (address := getattr(about, name)) and addresses.fault(address, http_loopback=http_loopback) is None
    }
    return About(about.names[:_MOST_NAMES], about.description[:_LONGEST_DESCRIPTION], **kept)


def _judge_about(about: About, http_loopback: bool) -> None:
    """Metadata has passed `_safe`; what was said by hand is refused where that would leave it out (X16)."""
    if len(about.names) > _MOST_NAMES or len(about.description) > _LONGEST_DESCRIPTION:
        raise fault(
            f"There are more than {_MOST_NAMES} names, or the description has more than {_LONGEST_DESCRIPTION} characters.",
            "Make it shorter.",
        )
    for address in (about.logo_url, about.information_url, about.privacy_url):
        wrong = addresses.fault(address, http_loopback=http_loopback) if address else None
        if wrong is not None:
            raise fault(wrong, "Pages of ours show or link to this address: it must be safe.")


def _judge_endpoint(endpoint: Endpoint, http_loopback: bool) -> None:
    for location in (endpoint.location, endpoint.response_location or endpoint.location):
        wrong = addresses.fault(location, http_loopback=http_loopback)
        if wrong is not None:
            raise fault(wrong, "Every address in the metadata must be one that people can be sent to safely.")


def _judge_certificate(certificate: str) -> None:
    if known_key(certificate) is None:
        raise fault(
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


def fault(message: str, advice: str, cause: str = "") -> Invalid:
    """Return the refusal of metadata: what is wrong with it, and what to do."""
    return Invalid(message, field="metadata", code="saml-metadata", advice=advice, cause=cause)
