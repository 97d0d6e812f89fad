"""For which address it was made, and where it was sent (SAML Bindings 2.0 sections 3.4.5.2 and 3.5.5.2; X18)."""

from idp.audit.findings import Finding, Kind, Severity
from idp.base.differences import difference
from idp.base.texts import phrase
from idp.saml.doctor.subjects import Attempt, Findings, Here, Request
from idp.saml.errors import DESTINATION

WRONG = Kind(
    "destination-wrong",
    Severity.SERIOUS,
    "a request that was made for another address",
    "Destination must be our address, character by character. The application has an old address of ours, or "
    "one that was typed by hand.",
)
OTHER_SITE = Kind(
    "destination-of-other-site",
    Severity.SERIOUS,
    "a request that was made for another site",
    "The application was set up with the addresses of another site; each site answers at its own.",
)
MISSING = Kind(
    "destination-missing",
    Severity.SERIOUS,
    "a signed request without Destination",
    "A signed request that names no address could be carried to another one; the standard demands it.",
)
SENT = Kind(
    "sent-to-other-address",
    Severity.SERIOUS,
    "a request that was sent to another address than ours",
    "It never arrives here, whatever is in it.",
)
KINDS = (WRONG, OTHER_SITE, MISSING, SENT)


def check_request(request: Request) -> Findings:
    """Was it made for us, and sent to us?"""
    received, here = request.received, request.here
    ours = here.sign_on if received.logout is None else here.log_out
    if received.sent_to and received.sent_to != ours:
        yield SENT.found(
            phrase(
                "it was sent to %(sent_to)s, which differs by %(difference)s",
                sent_to=received.sent_to,
                difference=difference(received.sent_to, ours),
            ),
            vendor=f"Please send {'requests' if received.logout is None else 'logout requests'} to {ours}.",
        )
    if received.header is None:
        return
    destination = received.header.destination
    if destination is None and received.signature is not None:
        yield _missing(ours)
    elif destination not in (None, ours):
        yield _wrong(destination or "", ours, here)


def check_attempt(attempt: Attempt) -> Findings:
    """For whom was it made?"""
    expected = attempt.failed.text("expected")
    if attempt.failed.code == DESTINATION and expected:
        received = attempt.failed.text("received")
        yield _wrong(received, expected, attempt.here) if received else _missing(expected)


def _missing(expected: str) -> Finding:
    return MISSING.found("the request is signed and has no Destination", vendor=f"Please send Destination={expected}.")


def _wrong(destination: str, expected: str, here: Here) -> Finding:
    vendor = f"Please read our metadata anew, or set our address to {expected}."
    other = next((o for o in here.others if destination.startswith(f"{o.address}/")), None)
    if other is not None:
        return OTHER_SITE.found(
            phrase("Destination is %(destination)s, of the site %(slug)s", destination=destination, slug=other.slug),
            vendor=vendor,
        )
    evidence = phrase(
        "Destination is %(destination)s, ours is %(expected)s: %(difference)s",
        destination=destination,
        expected=expected,
        difference=difference(destination, expected),
    )
    return WRONG.found(
        evidence, here="If our address has changed, tell every vendor; our metadata has the new one.", vendor=vendor
    )
