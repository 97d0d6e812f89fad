"""Whether it was here before (SAML Core 2.0 section 1.3.4; X19)."""

from idp.audit.findings import Kind, Severity
from idp.saml.doctor.subjects import Attempt, Findings, Request
from idp.saml.errors import USED

REPLAYED = Kind(
    "request-replayed",
    Severity.WARNING,
    "a request that was taken already",
    "Each request is answered once. A page was loaded again, the back button was used, or a bookmark holds the request.",
)
KINDS = (REPLAYED,)

_HERE = "Start again at the application; bookmark its own address, not ours."


def check_request(request: Request) -> Findings:
    """Would it be refused as used?"""
    received = request.received
    if received.seen is not None and received.header is not None:
        yield REPLAYED.found(
            f"the ID {received.header.id} was taken at {received.seen:%Y-%m-%d %H:%M:%S} UTC",
            here="That is right for a request that was copied after its use. " + _HERE,
        )


def check_attempt(attempt: Attempt) -> Findings:
    """Which one was it?"""
    if attempt.failed.code == USED:
        yield REPLAYED.found(
            f"{attempt.failed.cause}",
            here=_HERE,
            vendor="If this happens to people who did nothing special: please make a new ID for every AuthnRequest.",
        )
