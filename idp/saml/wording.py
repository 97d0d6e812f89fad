"""Certificates and addresses of service providers in words, as administrators compare them. Pure."""

from idp.saml.certificates import known_key
from idp.saml.description import Endpoint


def certificate_end(der_base64: str) -> str:
    """Return the day that a certificate names as its last; empty where it cannot be read."""
    key = known_key(der_base64)
    return "" if key is None else f"{key.certificate.not_valid_after_utc:%Y-%m-%d}"


def endpoint_words(endpoint: Endpoint) -> str:
    """Return an address as one line: where, how, under which number."""
    words = f"{endpoint.location} ({endpoint.binding.rpartition(':')[2] or 'no binding'}"
    if endpoint.response_location:
        words += f", answers to {endpoint.response_location}"
    if endpoint.index is not None:
        words += f", index {endpoint.index}"
    if endpoint.is_default:
        words += ", default"
    return words + ")"
