"""Whether the application can be told that somebody signs out (SAML Metadata 2.0 section 2.4.2)."""

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.saml.certificates import known_key
from idp.saml.doctor.subjects import Attempt, Described, Findings, Request
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
UNVERIFIABLE = Kind(
    "logout-certificate-missing",
    Severity.WARNING,
    "a logout address for browsers only, and no certificate to check answers with",
    "The browser could bring back anybody's answer, so it is not sent there: the application is not told that a person "
    "signs out.",
)
ENCRYPTED = Kind(
    "logout-name-encrypted",
    Severity.WARNING,
    "a logout request whose NameID is encrypted",
    "We have no key to read it with, so nobody knows who is to be signed out. People are not signed out here.",
)
KINDS = (MISSING, UNSPOKEN, UNVERIFIABLE, UNKNOWN, ENCRYPTED)

_SPOKEN = (REDIRECT, POST, SOAP)
_PLAIN = "Please send the NameID of a LogoutRequest unencrypted; sign the request instead."
_ASK = "Please name a SingleLogoutService (HTTP-Redirect, HTTP-POST or SOAP) in your metadata."


def check_described(described: Described) -> Findings:
    """Is there one, and can we use it?"""
    endpoints = described.description.logout_endpoints
    if not endpoints:
        yield MISSING.found(phrase("%(whose)s has no SingleLogoutService", whose=described.whose), vendor=_ASK)
    elif not any(endpoint.binding in _SPOKEN for endpoint in endpoints):
        bindings = ", ".join(sorted({endpoint.binding.rpartition(":")[2] for endpoint in endpoints}))
        yield UNSPOKEN.found(
            phrase("%(whose)s has only %(bindings)s", whose=described.whose, bindings=bindings),
            vendor="Please name a SingleLogoutService by HTTP-Redirect, HTTP-POST or SOAP beside the one in your metadata.",
        )
    elif not any(endpoint.binding == SOAP for endpoint in endpoints) and not any(
        map(known_key, described.description.signing_certificates)
    ):
        yield UNVERIFIABLE.found(
            phrase(
                "%(whose)s has no SingleLogoutService by SOAP and no usable certificate for signing",
                whose=described.whose,
            ),
            vendor="Please send metadata with your signing certificate, or with a SingleLogoutService by SOAP.",
        )


def check_request(request: Request) -> Findings:
    """Can we read whom it is about?"""
    asked = request.received.logout
    if asked is not None and asked.name_id is None:
        yield ENCRYPTED.found("the LogoutRequest has no NameID that is not encrypted", vendor=_PLAIN)


def check_attempt(attempt: Attempt) -> Findings:
    """Whom was it about?"""
    if not attempt.logout or attempt.failed.code != "saml-unknownprincipal":
        return
    if attempt.failed.reason == "encrypted":
        yield ENCRYPTED.found(
            attempt.failed.cause,
            vendor=_PLAIN,
        )
    else:
        yield UNKNOWN.found(
            attempt.failed.cause,
            vendor="Please send NameID and SessionIndex in a LogoutRequest exactly as they came in the assertion.",
        )
