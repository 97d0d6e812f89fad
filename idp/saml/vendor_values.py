"""What a vendor is to be given: the site's own values, under the names that the vendor has for them."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from idp.base import placeholders
from idp.base.work import Work
from idp.directory import queries, sites
from idp.keyring import keyring
from idp.saml import legacy, metadata, own_metadata, signing, speaking
from idp.saml.facts import signs_by
from idp.saml.models import ServiceProvider
from idp.saml.templates.model import Give, Template

Ours = Mapping[Give, str]


@dataclass(frozen=True, slots=True)
class Page:
    """
    What to do at the vendor: ``where``, the ``values`` to set there (label and value), and the ``steps`` beside them.

    Steps are Markdown of one line each.
    """

    where: str
    values: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]


def ours(work: Work, site_slug: str, base_url: str, *, of: ServiceProvider | None = None) -> dict[Give, str]:
    """
    Return the values of a site.

    Args:
        of: the service provider that they are for: it has a metadata address of its own, by which it is seen to know
            a new key of ours, and is given the key that it is answered with. None: nobody is registered yet.

    Raises:
        NotFound: no such site that this actor may see.
        Unavailable: it has no key that signs.
    """
    site = queries.site(work, site_slug)
    issuer = sites.issuer(base_url, site.slug)
    keys = keyring.published(work, site.organization_id, site.id, keyring.SAML_SIGNING)
    if of is None:
        key = speaking.choose(keys, signing.STANDARD, "")
        return values_of(issuer, base_url, key.certificate_pem, key.certificate_der_base64)
    algorithm = signs_by(of.signature_algorithm, legacy.live(of.legacy_algorithms, of.legacy_until, work.now))
    key = speaking.choose(keys, algorithm, of.signing_key_id)
    return values_of(
        issuer,
        base_url,
        key.certificate_pem,
        key.certificate_der_base64,
        entity_id=of.entity_id,
        own_address=own_metadata.address_for(issuer, of.application_id, of.metadata_token) if of.metadata_token else "",
    )


def values_of(
    issuer: str, base_url: str, pem: str, der_base64: str, *, entity_id: str = "", own_address: str = ""
) -> dict[Give, str]:
    """
    Return the values of the site with that issuer and certificate; some are of one application, if one is named.

    Args:
        entity_id: the application's.
        own_address: where it, and nobody else, reads our metadata.
    """
    digest = hashlib.sha256(base64.b64decode(der_base64)).hexdigest().upper()
    return {
        Give.ENTITY_ID: metadata.entity_id(issuer),
        Give.SSO: f"{issuer}/saml/sso",
        Give.SLO: f"{issuer}/saml/slo",
        Give.SLO_SOAP: f"{issuer}/saml/slo/soap",
        Give.METADATA: own_address or metadata.entity_id(issuer),
        Give.CERTIFICATE: pem.strip(),
        Give.CERTIFICATE_BASE64: der_base64,
        Give.CERTIFICATE_SHA256: ":".join(digest[at : at + 2] for at in range(0, len(digest), 2)),
        Give.START: f"{issuer}/saml/start?sp={quote(entity_id, safe='')}" if entity_id else f"{issuer}/saml/start",
        Give.SIGN_OUT: f"{base_url}/signout",
        Give.CHANGE_PASSWORD: f"{base_url}/account/password",
    }


def page(template: Template, ours: Ours, values: Mapping[str, str]) -> Page:
    """Return what to do at the vendor of *template*; fields that *values* does not have stand in capitals."""
    return Page(
        where=placeholders.shown(template.vendor.where, values),
        values=tuple(
            (one.label, placeholders.shown(one.enter, values) if one.give is None else ours[one.give])
            for one in template.vendor.values
        ),
        steps=tuple(placeholders.shown(text, values) for text in template.vendor.steps),
    )
