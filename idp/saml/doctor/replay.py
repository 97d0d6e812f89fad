"""Whether it was here before (SAML Core 2.0 section 1.3.4; X19)."""

from idp.audit.findings import Kind, Severity
from idp.base.texts import joined, phrase
from idp.saml.doctor.subjects import Attempt, Findings, Request
from idp.saml.errors import USED

REPLAYED = Kind(
    "request-replayed",
    Severity.WARNING,
    "a request that was taken already",
    "Each request is answered once. A page was loaded again, the back button was used, or a bookmark holds the request.",
)
KINDS = (REPLAYED,)

_HERE = phrase("Start again at the application; bookmark its own address, not ours.")


def check_request(request: Request) -> Findings:
    """Would it be refused as used?"""
    received = request.received
    if received.seen is not None and received.header is not None:
        yield REPLAYED.found(
            phrase(
                "the ID %(id)s was taken at %(seen)s UTC",
                id=received.header.id,
                seen=f"{received.seen:%Y-%m-%d %H:%M:%S}",
            ),
            here=joined([phrase("That is right for a request that was copied after its use."), _HERE], " "),
        )


def check_attempt(attempt: Attempt) -> Findings:
    """Which one was it?"""
    if attempt.failed.code == USED:
        yield REPLAYED.found(
            attempt.failed.cause,
            here=_HERE,
            vendor="If this happens to people who did nothing special: please make a new ID for every AuthnRequest.",
        )
