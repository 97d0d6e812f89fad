"""
The application's certificates and keys.

We ourselves look at the key alone: dates and issuer of a certificate mean nothing in SAML (Metadata
Interoperability Profile, section 2.6.1). Other software does mind, and a date that has passed is often
the first sign of a certificate that was changed.
"""

import base64
import binascii
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from idp.audit.findings import Fix, Kind, Severity
from idp.base.texts import joined, phrase
from idp.saml.certificates import LEAST_RSA_BITS, known_key, thumbprint
from idp.saml.description import SpDescription
from idp.saml.doctor.acts import Switch
from idp.saml.doctor.commands import taking_over
from idp.saml.doctor.subjects import Described, Findings, Metadata, Registration

_SOON = timedelta(days=30)
_SIGNING, _ENCRYPTION = phrase("signing"), phrase("encryption")

UNREADABLE = Kind(
    "certificate-unreadable",
    Severity.SERIOUS,
    "a certificate that cannot be read",
    "Without the key in it, nothing that the application signs can be checked, and nothing encrypted for it.",
)
WEAK = Kind(
    "key-weak",
    Severity.SERIOUS,
    "a key that is too weak",
    "Keys like this can be broken or are not checked by current software. None is taken here: RSA of 2048 to 8192 "
    "bits, or EC P-256, P-384, P-521.",
)
EXPIRED = Kind(
    "certificate-expired",
    Severity.WARNING,
    "a certificate whose time has passed",
    "It still works here, where the key counts and not its dates. Other software refuses it, and the vendor may "
    "have a new one.",
)
EXPIRES = Kind(
    "certificate-expires-soon",
    Severity.WARNING,
    "a certificate that runs out within 30 days",
    "The vendor is likely to change it. If it signs with the new one before we know it, nobody can sign on.",
)
EARLY = Kind(
    "certificate-not-yet-valid",
    Severity.NOTE,
    "a certificate whose time has not come",
    "It is the next one, published ahead of its use; or a clock is wrong.",
)
DIFFERENT = Kind(
    "certificate-different",
    Severity.SERIOUS,
    "other certificates than those registered",
    "The vendor has changed a key. What it signs with the new one is refused, and what is encrypted for the old one "
    "cannot be read, until the new one is registered.",
)
ADDED = Kind(
    "certificate-added",
    Severity.WARNING,
    "a further certificate beside those registered",
    "The vendor is about to change its key. What it signs with the new one is refused until that is registered.",
)
MISSING = Kind(
    "signing-certificate-missing",
    Severity.SERIOUS,
    "no certificate to check signed requests with",
    "Requests are signed, or must be, and there is nothing to check them with: every signed request is refused.",
    "stops requiring signed requests, where the application does not sign",
)
KINDS = (UNREADABLE, WEAK, EXPIRED, EXPIRES, EARLY, DIFFERENT, ADDED, MISSING)


def check_described(described: Described) -> Findings:
    """Look at each certificate once."""
    keys = [(der, _SIGNING) for der in described.description.signing_certificates]
    signing = set(described.description.signing_certificates)
    keys += [(key.certificate, _ENCRYPTION) for key in described.description.encryption_keys]
    for der, use in keys:
        if use is _SIGNING or der not in signing:
            yield from _one(described, der, use)
    if described.description.authn_requests_signed and not described.description.signing_certificates:
        yield MISSING.found(
            phrase("%(whose)s says AuthnRequestsSigned=true and has no certificate for signing", whose=described.whose),
            vendor="Please send metadata with your signing certificate (KeyDescriptor use=signing).",
        )


def check_metadata(metadata: Metadata) -> Findings:
    """Are they those that are registered?"""
    document, registered = metadata.document, metadata.registered
    if registered is None or document.description is None:
        return
    for use, ours, theirs in (
        (_SIGNING, registered.description.signing_certificates, document.description.signing_certificates),
        (_ENCRYPTION, _encryption(registered.description), _encryption(document.description)),
    ):
        added, gone = [d for d in theirs if d not in ours], [d for d in ours if d not in theirs]
        if not added and not gone:
            continue
        changes = [phrase("new %(whole)s", whole=_whole(der)) for der in added] + [
            phrase("no longer there %(whole)s", whole=_whole(der)) for der in gone
        ]
        kind = DIFFERENT if gone or not ours else ADDED
        yield kind.found(
            phrase("for %(use)s: %(changes)s", use=use, changes=joined(changes, "; ")),
            here=taking_over(
                registered, phrase("Ask the vendor to confirm the new thumbprint by another way, then take it over.")
            ),
            vendor=_confirm(kind, added[0], use) if added else "",
        )


def _confirm(kind: Kind, der: str, use: str) -> str:
    if kind is ADDED:
        return f"Please confirm that the certificate {_whole(der)} is yours, and from when you use it for {use}."
    return f"Please confirm that you now use the certificate {_whole(der)} for {use}."


def check_registration(registration: Registration) -> Findings:
    """Can what must be signed be checked?"""
    registered = registration.registered
    if registered.require_signed_requests and not any(map(known_key, registered.description.signing_certificates)):
        fix = Fix(
            phrase("no longer requires signed requests"),
            Switch((("require_signed_requests", False),)),
            "Anybody can start a sign-on in the application's name; the answer still goes to it alone.",
        )
        yield MISSING.found(
            "signed requests are required, and no usable certificate for signing is registered",
            here=taking_over(registered, phrase("Take over metadata that has the signing certificate.")),
            vendor="Please send metadata with your signing certificate (KeyDescriptor use=signing).",
            # Where it does sign, that would not help: what is signed must be good.
            fix=None if registered.description.authn_requests_signed else fix,
        )


def _one(described: Described, der: str, use: str) -> Findings:
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(der, validate=True))
        public = certificate.public_key()
    except (binascii.Error, ValueError, TypeError, UnsupportedAlgorithm):
        yield UNREADABLE.found(
            phrase(
                "%(whose)s has a certificate for %(use)s that begins with %(der)s and is no X.509 certificate",
                whose=described.whose,
                use=use,
                der=repr(der[:24]),
            ),
            vendor="A certificate in your metadata is damaged: please send the metadata anew.",
        )
        return
    name = phrase(
        "the %(use)s certificate %(thumbprint)s in %(whose)s",
        use=use,
        thumbprint=_thumbprint(certificate),
        whose=described.whose,
    )
    if known_key(der) is None:
        yield WEAK.found(
            phrase("%(name)s holds %(kind_of)s", name=name, kind_of=_kind_of(public)),
            vendor="Please use a certificate with an RSA key of at least 2048 bits (3072 is better).",
        )
    starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if ends <= described.now:
        yield EXPIRED.found(
            phrase(
                "%(name)s was valid until %(ends)s, %(days)s days ago",
                name=name,
                ends=f"{ends:%Y-%m-%d}",
                days=(described.now - ends).days,
            ),
            vendor=f"Your certificate ran out on {ends:%Y-%m-%d}: please send the metadata with the one that you use.",
        )
    elif ends - described.now <= _SOON:
        yield EXPIRES.found(
            phrase(
                "%(name)s is valid until %(ends)s, %(days)s days more",
                name=name,
                ends=f"{ends:%Y-%m-%d}",
                days=(ends - described.now).days,
            ),
            vendor=f"Your certificate runs out on {ends:%Y-%m-%d}: please send the next one before you use it.",
        )
    if starts > described.now:
        yield EARLY.found(
            phrase("%(name)s is valid from %(starts)s on", name=name, starts=f"{starts:%Y-%m-%d}"),
            here="Keep the present certificate registered beside it until the vendor signs with the new one. If the day should "
            "have come, look at the clock of this machine.",
            vendor=f"Your certificate is valid from {starts:%Y-%m-%d} on: from when do you use it? Please keep the present one "
            "in your metadata until then.",
        )


def _kind_of(public: object) -> str:
    if isinstance(public, rsa.RSAPublicKey):
        if public.key_size < LEAST_RSA_BITS:
            return phrase(
                "an RSA key of %(bits)s bits, at least %(least)s are needed",
                bits=public.key_size,
                least=LEAST_RSA_BITS,
            )
        return phrase("an RSA key of %(bits)s bits", bits=public.key_size)
    if isinstance(public, ec.EllipticCurvePublicKey):
        return phrase("an EC key on the curve %(name)s", name=public.curve.name)
    return phrase("a DSA key") if isinstance(public, dsa.DSAPublicKey) else phrase("a key of another kind")


def _encryption(description: SpDescription) -> tuple[str, ...]:
    return tuple(key.certificate for key in description.encryption_keys)


def _thumbprint(certificate: x509.Certificate) -> str:
    return f"SHA-256 {thumbprint(certificate.public_bytes(Encoding.DER))[:23]}…"


def _whole(der_base64: str) -> str:
    try:
        return f"SHA-256 {thumbprint(base64.b64decode(der_base64, validate=True))}"
    except (binascii.Error, ValueError):
        return phrase("(damaged)")
