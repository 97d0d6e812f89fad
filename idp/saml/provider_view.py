"""What is shown of a service provider, as JSON values; certificates by their fingerprints and ends."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from idp.saml import encryption_words
from idp.saml.certificates import thumbprint_of
from idp.saml.description import Endpoint, SpDescription
from idp.saml.encryption import EncryptionTarget, target
from idp.saml.legacy import live
from idp.saml.models import ServiceProvider
from idp.saml.wording import certificate_end


def represent(provider: ServiceProvider, switches: dict[str, Any], now: datetime | None = None) -> dict[str, Any]:
    """
    Return a service provider as JSON values: its *switches*, what its metadata says, where that comes from.

    ``encryption`` is the key and the algorithms that would be used, None where there is no way.

    Args:
        now: what old algorithms are allowed at that moment; None: as if their day never came.
    """
    described = SpDescription.from_json(provider.description)
    chosen = frozenset(provider.legacy_algorithms)
    to = target(described.encryption_keys, chosen if now is None else live(chosen, provider.legacy_until, now))
    return {
        "entity_id": provider.entity_id,
        "template": str(provider.made_from.get("template", "")),
        "described_by": "metadata" if provider.metadata_xml else "hand",
        "metadata_url": provider.metadata_url,
        "metadata_key": thumbprint_of(provider.metadata_key) if provider.metadata_key else "",
        "refreshed_at": None if provider.refreshed_at is None else provider.refreshed_at.isoformat(),
        "refresh_error": provider.refresh_error,
        "change_waits": bool(provider.offered and "description" in provider.offered),
        **switches,
        "display_name": described.display_name,
        "assertion_consumers": [_shown(endpoint) for endpoint in described.assertion_consumers],
        "logout_endpoints": [_shown(endpoint) for endpoint in described.logout_endpoints],
        "name_id_endpoints": [_shown(endpoint) for endpoint in described.name_id_endpoints],
        "signing_certificates": [thumbprint_of(der) for der in described.signing_certificates],
        "encryption": None if to is None else _encryption(to),
        "encryption_certificates": [thumbprint_of(key.certificate) for key in described.encryption_keys],
        "encryption_methods": {
            thumbprint_of(key.certificate): [encryption_words.words(method) for method in key.methods]
            for key in described.encryption_keys
        },
        "certificate_ends": {thumbprint_of(der): certificate_end(der) for der in _certificates(described)},
        "nameid_formats": list(described.nameid_formats),
        "requested_attributes": [one.name for one in described.requested_attributes],
        "required_attributes": [one.name for one in described.requested_attributes if one.required],
        "authn_requests_signed": described.authn_requests_signed,
        "want_assertions_signed": described.want_assertions_signed,
        "about": {**asdict(described.about), "names": [list(name) for name in described.about.names]},
        "valid_until": None if described.valid_until is None else described.valid_until.isoformat(),
        "updated_at": provider.updated_at.isoformat(),
        "version": provider.version,
    }


def _certificates(described: SpDescription) -> tuple[str, ...]:
    return (*described.signing_certificates, *(key.certificate for key in described.encryption_keys))


def _shown(endpoint: Endpoint) -> dict[str, Any]:
    shown: dict[str, Any] = {"binding": endpoint.binding, "location": endpoint.location}
    if endpoint.response_location:
        shown["response_location"] = endpoint.response_location
    if endpoint.index is not None:
        shown |= {"index": endpoint.index, "is_default": endpoint.is_default is True}
    return shown


def _encryption(to: EncryptionTarget) -> dict[str, Any]:
    return {
        "certificate": thumbprint_of(to.certificate),
        "data": to.data,
        "transport": to.transport,
        "digest": to.digest,
        "mask": to.mask,
    }
