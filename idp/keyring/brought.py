"""A signing key that an operator brings, as a file: read, and proven to be good enough before anything is kept."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.keyring.private import Certifiable

LEAST_RSA_BITS, MOST_RSA_BITS = 2048, 4096
"""Below, the key can be broken; above, every sign-on waits for it."""

_EXPONENT = 65537
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


@dataclass(frozen=True, slots=True)
class Brought:
    """A key from outside. ``certificate_pem`` is empty where none came with it."""

    private: Certifiable
    algorithm: str
    certificate_pem: str


def read(key: bytes, certificate: bytes | None) -> Brought:
    """
    Return the key in *key* (PEM, not encrypted), with its *certificate* (PEM, the first one where there are several).

    Raises:
        Invalid: it is no such key, it is too weak or too slow, or the certificate is of another key.
    """
    private = _private(key)
    return Brought(private, _algorithm(private), _certificate(private, certificate) if certificate else "")


def _private(key: bytes) -> Certifiable:
    try:
        private = load_pem_private_key(key, None)
    except TypeError as encrypted:
        raise Invalid(
            "The key is encrypted.",
            field="key",
            advice="Open it on the way: openssl pkey -in FILE | idp keys import SITE --key - …",
        ) from encrypted
    except (ValueError, UnsupportedAlgorithm) as unread:
        raise Invalid(
            "This is no private key in PEM.",
            field="key",
            advice="It begins with -----BEGIN PRIVATE KEY-----. From a PKCS#12 file: openssl pkcs12 -in FILE -nocerts "
            "-nodes",
        ) from unread
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Invalid("This is neither an RSA nor an EC key.", field="key", advice=_WHICH)
    return private


_WHICH = f"Taken are RSA keys of {LEAST_RSA_BITS} to {MOST_RSA_BITS} bits, and EC keys on P-256, P-384 and P-521."


def _algorithm(private: Certifiable) -> str:
    if isinstance(private, rsa.RSAPrivateKey):
        exponent = private.private_numbers().public_numbers.e
        if not LEAST_RSA_BITS <= private.key_size <= MOST_RSA_BITS or exponent != _EXPONENT:
            raise Invalid(
                phrase(
                    "This RSA key is not taken: %(key_size)s bits, exponent %(exponent)s.",
                    key_size=private.key_size,
                    exponent=exponent,
                ),
                field="key",
                advice=phrase("%(which)s The exponent is %(exponent)s.", which=_WHICH, exponent=_EXPONENT),
            )
        return f"RSA-{private.key_size}"
    if private.curve.name not in _CURVES:
        raise Invalid(
            phrase("An EC key on %(name)s is not taken.", name=private.curve.name), field="key", advice=_WHICH
        )
    return _CURVES[private.curve.name]


def _certificate(private: Certifiable, content: bytes) -> str:
    try:
        certificate = x509.load_pem_x509_certificate(content)
        public = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as unread:
        raise Invalid(
            "This is no certificate in PEM.",
            field="certificate",
            advice="It begins with -----BEGIN CERTIFICATE-----.",
        ) from unread
    if public != private.public_key():
        raise Invalid(
            "The certificate is of another key.", field="certificate", advice="Give the two files of one pair."
        )
    return certificate.public_bytes(Encoding.PEM).decode("ascii")
