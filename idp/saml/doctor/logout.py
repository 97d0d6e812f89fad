"""Whether the application can be told that somebody signs out (SAML Metadata 2.0 section 2.4.2)."""

from idp.saml.doctor.finding import Kind, Severity
from idp.saml.doctor.subjects import Attempt, Described, Findings
from idp.saml.names import POST, REDIRECT, SOAP

MISSING = Kind(
    "logout-address-missing",
    Severity.WARNING,
    "no logout address",
    "The application cannot be told that a person signs out: its own session lives on after they have left.",
)
UNSPOKEN = Kind(
    "logout-binding-unsupported",
    Severity.WARNING,
    "a logout address of a binding that we do not speak",
    "The application cannot be told by it that a person signs out.",
)
UNKNOWN = Kind(
    "logout-unknown-session",
    Severity.NOTE,
    "a logout of somebody who is not signed in",
    "No session of this application has that name and SessionIndex: it has ended already, or the application sends "
    "another NameID than the one that it received.",
)
KINDS = (MISSING, UNSPOKEN, UNKNOWN)

_SPOKEN = (REDIRECT, POST, SOAP)
_ASK = "Please name a SingleLogoutService (HTTP-Redirect or HTTP-POST) in your metadata."


def check_described(described: Described) -> Findings:
    """Is there one, and can we use it?"""
    endpoints = described.description.logout_endpoints
    if not endpoints:
        yield MISSING.found(f"{described.whose} has no SingleLogoutService", vendor=_ASK)
    elif not any(endpoint.binding in _SPOKEN for endpoint in endpoints):
        bindings = ", ".join(sorted({endpoint.binding.rpartition(":")[2] for endpoint in endpoints}))
        yield UNSPOKEN.found(f"{described.whose} has only {bindings}", vendor=_ASK)


def check_attempt(attempt: Attempt) -> Findings:
    """Whom was it about?"""
    if attempt.logout and attempt.failed.code == "saml-unknownprincipal":
        yield UNKNOWN.found(
            attempt.failed.cause,
            vendor="Please send NameID and SessionIndex in a LogoutRequest exactly as they came in the assertion.",
        )
