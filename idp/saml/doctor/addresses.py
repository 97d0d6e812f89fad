"""Addresses of the application: people and messages are sent there, so they must be safe (X15, X16)."""

from urllib.parse import urlsplit

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.saml.addresses import fault
from idp.saml.description import SpDescription
from idp.saml.doctor.commands import taking_over
from idp.saml.doctor.subjects import Attempt, Described, Findings
from idp.saml.errors import ADDRESS

HTTP = Kind(
    "address-http",
    Severity.SERIOUS,
    "an address with plain http",
    "Whoever is on the way could read or change what is sent there. It is not taken, except on loopback for trials.",
)
UNUSABLE = Kind(
    "address-unusable",
    Severity.SERIOUS,
    "an address that cannot be used",
    "Nobody can be sent there safely, so the metadata is not taken.",
)
REGISTERED = Kind(
    "registered-address-unusable",
    Severity.SERIOUS,
    "a registered address that cannot be used",
    "It was registered when such addresses were still taken, or got there by another way than metadata. Nobody is sent to "
    "it, so nobody is answered.",
)
KINDS = (HTTP, UNUSABLE, REGISTERED)


def check_described(described: Described) -> Findings:
    """Look at each address once."""
    description = described.description
    endpoints = (*description.assertion_consumers, *description.logout_endpoints)
    addresses = [one for e in endpoints for one in (e.location, e.response_location or e.location)]
    for address in dict.fromkeys(addresses):
        words = fault(address, http_loopback=described.here.http_loopback)
        if words is None:
            continue
        if _scheme(address) == "http":
            yield HTTP.found(
                phrase("%(whose)s has %(address)s", whose=described.whose, address=address),
                here="Nothing: it cannot be allowed here.",
                vendor=f"Please use https in your metadata: {address[:200]}.",
            )
        else:
            yield UNUSABLE.found(
                phrase("in %(whose)s: %(words)s", whose=described.whose, words=words),
                vendor=f"Please correct an address in your metadata. {words}",
            )


def check_attempt(attempt: Attempt) -> Findings:
    """Could nobody be sent to where the answer belongs?"""
    failed, registered = attempt.failed, attempt.registered
    if failed.code != ADDRESS or failed.reason != "unusable" or registered is None:
        return
    address = failed.text("received")
    if address not in [one[: len(address)] for one in _all(registered.description)]:
        return  # it was corrected since
    yield REGISTERED.found(
        failed.cause,
        here=taking_over(registered, phrase("Take over metadata that has the right address, or correct it by hand.")),
        vendor="Please send us your metadata of today: an address that we have of you cannot be used.",
    )


def _all(description: SpDescription) -> list[str]:
    endpoints = (*description.assertion_consumers, *description.logout_endpoints, *description.name_id_endpoints)
    return [one for e in endpoints for one in (e.location, e.response_location or e.location)]


def _scheme(address: str) -> str:
    try:
        return urlsplit(address).scheme
    except ValueError:
        return ""
