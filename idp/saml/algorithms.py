"""The signature algorithms that we take from others, and no more (X12); SHA-1 only where `legacy` allows it."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from idp.saml import legacy, names
from idp.saml.certificates import PublicKey

RSA, PSS, ECDSA = "rsa", "rsa-pss", "ecdsa"

SIGNATURE_ALGORITHMS: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    names.RSA_SHA256: (RSA, hashes.SHA256()),
    names.RSA_SHA384: (RSA, hashes.SHA384()),
    names.RSA_SHA512: (RSA, hashes.SHA512()),
    names.PSS_SHA256: (PSS, hashes.SHA256()),
    names.PSS_SHA384: (PSS, hashes.SHA384()),
    names.PSS_SHA512: (PSS, hashes.SHA512()),
    names.ECDSA_SHA256: (ECDSA, hashes.SHA256()),
    names.ECDSA_SHA384: (ECDSA, hashes.SHA384()),
    names.ECDSA_SHA512: (ECDSA, hashes.SHA512()),
}
DIGEST_ALGORITHMS = frozenset({names.SHA256, names.SHA384, names.SHA512})

LEGACY_SIGNATURES: dict[str, dict[str, tuple[str, hashes.HashAlgorithm]]] = {
    legacy.RSA_SHA1: {names.RSA_SHA1: (RSA, hashes.SHA1())},  # noqa: S303 (one provider, until a day)
}
LEGACY_DIGESTS: dict[str, frozenset[str]] = {legacy.RSA_SHA1: frozenset({names.SHA1})}


def signature_algorithms(allowed: frozenset[str]) -> dict[str, tuple[str, hashes.HashAlgorithm]]:
    """Return what is taken from a service provider to whom the old algorithms *allowed* are allowed."""
    if not allowed:
        return SIGNATURE_ALGORITHMS
    more = [taken for name, taken in LEGACY_SIGNATURES.items() if name in allowed]
    return {name: kind for taken in (SIGNATURE_ALGORITHMS, *more) for name, kind in taken.items()}


def digest_algorithms(allowed: frozenset[str]) -> frozenset[str]:
    """Return the digests that are taken from such a service provider."""
    return DIGEST_ALGORITHMS.union(*(taken for name, taken in LEGACY_DIGESTS.items() if name in allowed))


def verifies(public: PublicKey, method: tuple[str, hashes.HashAlgorithm], octets: bytes, signature: bytes) -> bool:
    """Say whether *signature* over *octets* was made with the key of *public* by *method*, one of those above."""
    kind, digest = method
    try:
        if isinstance(public, rsa.RSAPublicKey) and kind == RSA:
            public.verify(signature, octets, padding.PKCS1v15(), digest)
        elif isinstance(public, rsa.RSAPublicKey) and kind == PSS:
            # RFC 6931 section 2.3.10: the salt is as long as the digest.
            public.verify(signature, octets, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        elif isinstance(public, ec.EllipticCurvePublicKey) and kind == ECDSA:
            public.verify(_der(public, signature), octets, ec.ECDSA(digest))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _der(public: ec.EllipticCurvePublicKey, signature: bytes) -> bytes:
    """XML Signature writes r and s side by side; some write DER in a redirect, which never has that length."""
    size = (public.key_size + 7) // 8
    if len(signature) != 2 * size:
        return signature
    return encode_dss_signature(int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))
