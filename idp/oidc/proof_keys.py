"""
The public key that a DPoP proof brings along (RFC 9449 section 4.2), its thumbprint (RFC 7638) and its signature.

A proof comes with almost every request of a client that sends them, and its key is mostly one that was
read a moment ago.
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from idp.base.texts import phrase
from idp.oidc import signatures
from idp.oidc.jose import ED25519, EDDSA, ES256, PS256, RS256, Unverified, decoded
from idp.oidc.signatures import PublicKey

ALGORITHMS = (ES256, EDDSA, ED25519, PS256, RS256)
"""What proofs may be signed with: asymmetric algorithms only (RFC 9449 section 11.6)."""

_NOT_PUBLIC = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_LEAST_RSA_BITS, _MOST_RSA_BITS = 2048, 4096
_LONGEST_EXPONENT = 4


@dataclass(frozen=True, slots=True)
class ProofKey:
    """
    A public key, the algorithms that it is for, and what it is called by whoever binds something to it.
    """

    public: PublicKey
    algorithms: tuple[str, ...]
    thumbprint: str


def read(jwk: object) -> ProofKey:
    """
    Return the key that *jwk* is.

    Raises:
        Unverified: it is no public key that signs by one of our algorithms, or holds more than the public key.
    """
    if not isinstance(jwk, dict):
        raise Unverified("the jwk is no JSON object")
    odd = _NOT_PUBLIC & jwk.keys()
    if odd:
        raise Unverified(phrase("the jwk holds a private or symmetric key: %(all)s", all=", ".join(sorted(odd))))
    if jwk.get("use", "sig") != "sig" or "verify" not in _operations(jwk):
        raise Unverified("the jwk is not for signatures")
    key = _read(*(_text(jwk, name) for name in ("kty", "crv", "x", "y", "n", "e")))
    if jwk.get("alg") is not None and jwk["alg"] not in key.algorithms:
        raise Unverified("the jwk names an algorithm that it is not for")
    return key


def check_signature(key: ProofKey, algorithm: object, signed: bytes, signature: bytes) -> None:
    """
    Raises:
        Unverified: *algorithm* is none of ours or not for the key, or the signature is wrong.
    """
    if not isinstance(algorithm, str) or algorithm not in key.algorithms:
        raise Unverified(phrase("algorithm %(got)s is not taken for this key", got=repr(str(algorithm)[:40])))
    if not signatures.is_right(key.public, algorithm, signed, signature):
        raise Unverified("the signature is wrong")


def _operations(jwk: dict[str, Any]) -> list[Any]:
    stated = jwk.get("key_ops", ["verify"])
    return stated if isinstance(stated, list) else []


def _text(jwk: dict[str, Any], name: str) -> str:
    value = jwk.get(name, "")
    if not isinstance(value, str):
        raise Unverified(phrase("the %(name)s of the jwk is no text", name=name))
    return value


@lru_cache(maxsize=1024)
def _read(kty: str, crv: str, x: str, y: str, n: str, e: str) -> ProofKey:
    try:
        if (kty, crv) == ("EC", "P-256"):
            return _ec_key(x, y)
        if (kty, crv) == ("OKP", "Ed25519"):
            return _ed25519_key(x)
        if kty == "RSA":
            return _rsa_key(n, e)
    except ValueError as error:
        raise Unverified("the jwk is no point of its curve, or no RSA key") from error
    raise Unverified(phrase("no key of the kind %(kty)s %(crv)s is taken", kty=repr(kty[:20]), crv=repr(crv[:20])))


def _ec_key(x: str, y: str) -> ProofKey:
    raw = decoded(x), decoded(y)
    if any(len(half) != 32 for half in raw):  # RFC 7518 section 6.2.1.2
        raise Unverified("a coordinate of the jwk is not of 32 octets")
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(raw[0], "big"), int.from_bytes(raw[1], "big"), ec.SECP256R1()
    )
    public = numbers.public_key()  # raises ValueError for what is no point of the curve
    return ProofKey(public, (ES256,), _thumbprint(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'))


def _ed25519_key(x: str) -> ProofKey:
    public = Ed25519PublicKey.from_public_bytes(decoded(x))
    return ProofKey(public, (EDDSA, ED25519), _thumbprint(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'))


def _rsa_key(n: str, e: str) -> ProofKey:
    modulus, exponent = decoded(n), decoded(e)
    if modulus[:1] in (b"", b"\0") or exponent[:1] in (b"", b"\0"):  # RFC 7518 section 2: as few octets as it takes
        raise Unverified("a number of the jwk is missing or has leading zeros")
    number = int.from_bytes(modulus, "big")
    if not _LEAST_RSA_BITS <= number.bit_length() <= _MOST_RSA_BITS or len(exponent) > _LONGEST_EXPONENT:
        raise Unverified(
            phrase(
                "an RSA key has %(least_rsa_bits)s to %(most_rsa_bits)s bits and a short exponent",
                least_rsa_bits=_LEAST_RSA_BITS,
                most_rsa_bits=_MOST_RSA_BITS,
            )
        )
    public = rsa.RSAPublicNumbers(int.from_bytes(exponent, "big"), number).public_key()
    return ProofKey(public, (RS256, PS256), _thumbprint(f'{{"e":"{e}","kty":"RSA","n":"{n}"}}'))


def _thumbprint(members: str) -> str:
    """RFC 7638 section 3: the required members, in order, without white space. The key's own checks made them plain."""
    return base64.urlsafe_b64encode(hashlib.sha256(members.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
