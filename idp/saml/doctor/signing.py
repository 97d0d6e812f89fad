"""Who signs what: what the metadata wants, and what is configured (SAML Metadata 2.0 section 2.4.4; X9, X14)."""

from idp.audit.findings import Fix, Kind, Severity
from idp.saml.certificates import known_key
from idp.saml.doctor.acts import Switch
from idp.saml.doctor.subjects import Findings, Registration

ASSERTION = Kind(
    "assertion-not-signed",
    Severity.SERIOUS,
    "signed assertions are wanted, and are not sent",
    "The application refuses assertions without a signature of their own.",
    "signs assertions",
)
NOT_REQUIRED = Kind(
    "signed-requests-not-required",
    Severity.WARNING,
    "the application signs its requests, and unsigned ones are taken too",
    "Anybody can start a sign-on in its name. The answer goes to it alone in any case.",
    "requires signed requests",
)
REQUIRED = Kind(
    "signed-requests-required",
    Severity.NOTE,
    "signed requests are required of an application that does not say that it signs",
    "If it sends one unsigned, nobody can sign on.",
)
KINDS = (ASSERTION, NOT_REQUIRED, REQUIRED)


def check_registration(registration: Registration) -> Findings:
    """Do the switches fit what the metadata says?"""
    registered = registration.registered
    described = registered.description
    if described.want_assertions_signed and not registered.sign_assertion:
        yield ASSERTION.found(
            "the metadata says WantAssertionsSigned=true; signing assertions is switched off",
            here="Switch it on.",
            fix=Fix("signs assertions", Switch((("sign_assertion", True),))),
        )
    can_check = any(map(known_key, described.signing_certificates))
    if described.authn_requests_signed and not registered.require_signed_requests and can_check:
        yield NOT_REQUIRED.found(
            "the metadata says AuthnRequestsSigned=true; unsigned requests are taken",
            here="Require signed requests.",
            fix=Fix("requires signed requests", Switch((("require_signed_requests", True),))),
        )
    if registered.require_signed_requests and not described.authn_requests_signed:
        yield REQUIRED.found(
            "signed requests are required; the metadata does not say AuthnRequestsSigned=true",
            vendor="Please confirm that you sign every AuthnRequest.",
        )
