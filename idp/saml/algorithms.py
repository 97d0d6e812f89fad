"""The signature algorithms that we take from others, and no more (X12)."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from idp.saml import names
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


def verifies(public: PublicKey, algorithm: str, octets: bytes, signature: bytes) -> bool:
    """Say whether *signature* over *octets* was made with the key of *public* by *algorithm*, one of ours."""
    kind, digest = SIGNATURE_ALGORITHMS[algorithm]
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
