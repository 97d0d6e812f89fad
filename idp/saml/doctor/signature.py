"""The signature of a request: there or not, by whom, and whether it fits (X9 to X14)."""

from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding

from idp.audit.findings import Finding, Fix, Kind, Place, Severity, remedy
from idp.base.texts import joined, phrase
from idp.saml import legacy, names
from idp.saml.certificates import KnownKey, known_keys, thumbprint
from idp.saml.doctor import old_algorithms
from idp.saml.doctor.acts import Switch
from idp.saml.doctor.commands import app_of, taking_over
from idp.saml.doctor.subjects import Attempt, Failed, Findings, Registered, Request, Signature
from idp.saml.errors import SIGNATURE as CODE

MISSING = Kind(
    "signature-missing",
    Severity.SERIOUS,
    "an unsigned request where signed ones are required",
    "This application's requests must be signed, and unsigned ones are refused.",
    "stops requiring signed requests",
)
UNEXPECTED = Kind(
    "signature-unexpected",
    Severity.SERIOUS,
    "a signed request, and no certificate to check it with",
    "A signature that is there must be good. The registered metadata has no usable certificate for signing, so every "
    "signed request is refused.",
)
UNKNOWN_KEY = Kind(
    "signature-unknown-key",
    Severity.SERIOUS,
    "a signature by a key that is not registered",
    "The certificate in the request is none of the registered ones: the vendor has most likely changed its key, and "
    "its metadata with it. What a request says of itself is never trusted.",
)
BROKEN = Kind(
    "signature-broken",
    Severity.SERIOUS,
    "a signature by the right key over something else",
    "The message was changed after it was signed: reformatted, copied by hand, or rewritten by a proxy.",
)
ENCODING = Kind(
    "signature-encoding",
    Severity.SERIOUS,
    "a signature over a query that was written in another way",
    "A redirect signs its query letter by letter. It was escaped anew after it was signed (%2f for %2F, + for %20), or "
    "put in another order, by the application or by a proxy.",
)
UNVERIFIED = Kind(
    "signature-unverified",
    Severity.SERIOUS,
    "a signature that no registered key has made",
    "Either the application signs with a key that is not in its registered metadata, or the request was changed on "
    "its way; nothing in it tells which.",
)
ALGORITHM = Kind(
    "signature-algorithm",
    Severity.SERIOUS,
    "a signature by an algorithm that is not taken",
    "SHA-1 and MD5 can be forged. Taken are RSA, RSA-PSS and ECDSA with SHA-256, SHA-384 or SHA-512; RSA with SHA-1 only "
    "where it is allowed to one application until a day.",
    "allows RSA with SHA-1 to this application for 30 days, where that is what it signs by",
)
SHAPE = Kind(
    "signature-shape",
    Severity.SERIOUS,
    "a signature of a shape that the standard does not allow",
    "It does not cover the message as a whole in the one way that cannot be misread, so it proves nothing.",
)
LOGOUT = Kind(
    "logout-not-signed",
    Severity.WARNING,
    "an unsigned logout request",
    "A logout request must be signed, whatever else is not; else anybody could sign people out. People are not "
    "signed out here when they sign out at the application.",
)
KINDS = (LOGOUT, MISSING, UNEXPECTED, UNKNOWN_KEY, BROKEN, ENCODING, UNVERIFIED, ALGORITHM, SHAPE)


_SIGN_LOGOUT = "Please switch on the signing of LogoutRequests (RSA-SHA256)."


def check_request(request: Request) -> Findings:
    """Is what must be signed signed, and is what is signed good?"""
    received, registered = request.received, request.registered
    if registered is None:
        return
    if received.signature is None:
        if registered.require_signed_requests and received.request is not None:
            yield _missing(registered)
        elif received.logout is not None:
            yield LOGOUT.found("the logout request has no signature", vendor=_SIGN_LOGOUT)
    elif received.signature.failed is not None:
        yield _refused(received.signature.failed, received.signature, registered, request.now)


def check_attempt(attempt: Attempt) -> Findings:
    """Why did it prove nothing?"""
    failed = attempt.failed
    if failed.code != CODE or not failed.reason:
        return
    if failed.reason == "missing" and attempt.logout:
        yield LOGOUT.found(failed.cause, vendor=_SIGN_LOGOUT)
    elif failed.reason == "missing":
        if attempt.registered is not None and attempt.registered.require_signed_requests:
            yield _missing(attempt.registered)
    elif not _registered_since(failed, attempt.registered):
        yield _refused(failed, None, attempt.registered, attempt.now)


def _registered_since(failed: Failed, registered: Registered | None) -> bool:
    if registered is None or failed.reason not in ("unknown-key", "no-certificate"):
        return False
    known = [thumbprint(key.certificate.public_bytes(Encoding.DER)) for key in _keys(registered)]
    return failed.text("signed_with") in known


def _keys(registered: Registered) -> tuple[KnownKey, ...]:
    return known_keys(registered.description.signing_certificates)


_SHA1 = (names.RSA_SHA1, names.SHA1)  # by its signature method, or by the digest of its reference


def _missing(registered: Registered) -> Finding:
    return MISSING.found(
        phrase("the request has no signature; the metadata says AuthnRequestsSigned=true")
        if registered.description.authn_requests_signed
        else phrase("the request has no signature; the metadata does not say AuthnRequestsSigned=true"),
        here="Stop requiring it, if the vendor cannot sign.",
        vendor="Please switch on the signing of AuthnRequests (RSA-SHA256).",
        fix=Fix(
            "no longer requires signed requests",
            Switch((("require_signed_requests", False),)),
            "Anybody can start a sign-on in the application's name; the answer still goes to it alone.",
        ),
    )


def _refused(failed: Failed, looked: Signature | None, of: Registered | None, now: datetime) -> Finding:
    if failed.reason == "no-certificate":
        named = failed.text("signed_with")
        return UNEXPECTED.found(
            joined([failed.cause, phrase("it says to be signed with SHA-256 %(named)s", named=named)], "; ")
            if named
            else failed.cause,
            here=taking_over(of, phrase("Take over metadata that has the certificate.")),
            vendor="Please send metadata with your signing certificate, or stop signing your requests.",
        )
    if failed.reason == "algorithm":
        name = failed.text("algorithm")
        old = name in _SHA1
        evidence = phrase("it is signed by %(name)s", name=name or phrase("no named algorithm"))
        return ALGORITHM.found(
            old_algorithms.with_state(evidence, of) if old else evidence,
            here=old_algorithms.advice(of, legacy.RSA_SHA1) if old else "",
            fix=old_algorithms.allow(of, legacy.RSA_SHA1, now) if old else None,
            vendor="Please sign with http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 and digest with "
            "http://www.w3.org/2001/04/xmlenc#sha256.",
        )
    if looked is not None and looked.as_written:
        return ENCODING.found(
            phrase("the signature fits if the query is %(as_written)s", as_written=looked.as_written),
            here="If the request was copied from a browser, that may have rewritten it: take it from the server's log. "
            "If it passes a proxy, let that leave the query alone.",
            vendor="Please sign the query exactly as you send it (SAML Bindings 2.0 section 3.4.4.1).",
        )
    known = failed.texts("registered")
    registered = [phrase("registered: %(known)s", known=", ".join(f"SHA-256 {one}" for one in known))] if known else []
    if failed.reason == "broken" or (looked is not None and looked.right_key):
        return BROKEN.found(
            joined(
                [
                    phrase("the signature was made with a registered key"),
                    *registered,
                    phrase("what it covers was changed since"),
                ],
                "; ",
            ),
            here="If the request was copied or formatted by hand, this says nothing: take it as it was sent.",
            vendor="Please send the request exactly as it was signed: nothing may be reformatted after signing.",
        )
    if failed.reason == "unknown-key":
        return UNKNOWN_KEY.found(
            joined(
                [phrase("signed with SHA-256 %(thumbprint)s", thumbprint=failed.text("signed_with")), *registered], "; "
            ),
            here=taking_over(of, phrase("Ask the vendor to confirm the thumbprint by another way, then take it over.")),
            vendor=f"Did you change your certificate? Your requests are signed with SHA-256 "
            f"{failed.text('signed_with')}; please send your metadata.",
        )
    if failed.reason == "unverified":
        return UNVERIFIED.found(
            joined([phrase("no registered certificate fits"), *registered], "; "),
            here=remedy(
                phrase("Check the vendor's metadata of today: it shows a changed certificate."),
                "idp application saml check APP --metadata FILE (or --url)",
                Place.SAML,
                app_of(of),
            ),
            vendor="Please tell us the SHA-256 thumbprint of the certificate that you sign requests with.",
        )
    return SHAPE.found(
        failed.cause,
        vendor="Please sign the AuthnRequest as a whole: one enveloped signature, exclusive canonicalization, "
        "one reference to its ID.",
    )
