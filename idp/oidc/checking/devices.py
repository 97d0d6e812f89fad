"""Devices that wait for a person to let them in (RFC 8628)."""

from idp.audit.findings import Kind, Severity
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.subjects import Attempt, Findings

LATE = Kind(
    "device-code-expired",
    Severity.WARNING,
    "a device code that is unknown or over",
    "Nobody let the device in before its time was over.",
    clause="RFC 8628 section 3.5",
)
DENIED = Kind(
    "device-denied",
    Severity.NOTE,
    "a device that was not let in",
    "The person said no, or may not open the application; the attempt that is named says which.",
    clause="RFC 8628 section 3.5",
)
KINDS = (LATE, DENIED)


def check_attempt(attempt: Attempt) -> Findings:
    """What became of the device?"""
    yield from explained(attempt, _CAUSES)


_CAUSES = (
    Cause(
        "^no such device code|^the device code is over",
        LATE,
        vendor="Please ask for a new device code, and show the new short code.",
    ),
    Cause(
        "^the device was not let in",
        DENIED,
        vendor="Please stop asking for the token; begin anew if the person wants it.",
    ),
)
