"""
Service providers' keys: certificates are read once per process, and only good keys are used (X12, Q11).

A certificate is nothing but a wrapping here: its dates and its issuer mean nothing, what counts is
that this service provider's metadata holds it (SAML Metadata Interoperability Profile, section 2.6.1).
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idp.base.errors import Invalid

LEAST_RSA_BITS = 2048
MOST_RSA_BITS = 8192
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]{1,100000})-----END CERTIFICATE-----")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{64,}={0,2}")
_SPACE = re.compile(rb"\s+")

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A public key that a service provider has registered, in its certificate."""

    public: PublicKey
    certificate: x509.Certificate


def read_file(content: bytes) -> tuple[str, ...]:
    """
    Return the certificates in a file as people get them: PEM (one or several), DER, or bare base64.

    Raises:
        Invalid: there is none in it, or one whose key is not good enough.
    """
    found = [_SPACE.sub(b"", body).decode() for body in _PEM.findall(content)]
    if not found:
        bare = _SPACE.sub(b"", content)
        found = [bare.decode() if _BASE64.fullmatch(bare) else base64.b64encode(content).decode()]
    for der in found:
        if known_key(der) is None:
            raise Invalid(
                "This is no certificate that can be used.",
                field="certificate",
                advice="Give an X.509 certificate (PEM or DER) with an RSA key of 2048 bits or more, "
                "or an EC key (P-256, P-384, P-521).",
            )
    return tuple(found)


@lru_cache(maxsize=4096)
def known_key(der_base64: str) -> KnownKey | None:
    """Return the key in a certificate; None where there is none, or none that is good enough."""
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(der_base64, validate=True))
        public = certificate.public_key()
    except (binascii.Error, ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if isinstance(public, rsa.RSAPublicKey):
        return KnownKey(public, certificate) if LEAST_RSA_BITS <= public.key_size <= MOST_RSA_BITS else None
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, _CURVES):
        return KnownKey(public, certificate)
    return None


def thumbprint(der: bytes) -> str:
    """Return the SHA-256 of a certificate as administrators compare it."""
    digest = hashlib.sha256(der).hexdigest().upper()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def known_keys(certificates: tuple[str, ...]) -> tuple[KnownKey, ...]:
    """Return the good keys of *certificates*, in their order."""
    return tuple(key for key in map(known_key, certificates) if key is not None)


@lru_cache(maxsize=256)
def thumbprint_of(der_base64: str) -> str:
    """Return the thumbprint of a certificate as it is kept: DER in base64."""
    return thumbprint(base64.b64decode(der_base64))


@lru_cache(maxsize=256)
def key_thumbprint_of(der_base64: str) -> str:
    """
    Return the thumbprint of the key in a certificate, the same for every certificate of that key
    (of its SubjectPublicKeyInfo, RFC 5280 section 4.1.2.7); that of the certificate where we could not use its key.
    """
    known = known_key(der_base64)
    if known is None:
        return thumbprint_of(der_base64)
    return thumbprint(known.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
