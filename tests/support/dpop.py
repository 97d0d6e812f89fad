"""A client that holds a key and proves it (RFC 9449), made without a line of the product."""

import base64
import hashlib
import json
import secrets
import warnings
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey, OKPKey, RSAKey


class Holder:
    """Holds one private key and makes proofs with it; every part of a proof can be made wrong."""

    def __init__(self, alg: str = "ES256", rsa_bits: int = 2048) -> None:
        self.alg = alg
        if alg in ("RS256", "PS256"):
            self.private: Any = rsa.generate_private_key(65537, rsa_bits)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # joserfc warns of the short keys that are wanted here
                self.key: Any = RSAKey.import_key(_pem(self.private))
        elif alg in ("EdDSA", "Ed25519"):
            self.private = Ed25519PrivateKey.generate()
            self.key = OKPKey.import_key(_pem(self.private))
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())
            self.key = ECKey.import_key(_pem(self.private))
        self.jwk: dict[str, Any] = {n: v for n, v in self.key.as_dict(private=False).items() if n != "kid"}
        self.thumbprint: str = self.key.thumbprint()

    def proof(
        self,
        method: str,
        url: str,
        *,
        at: float,
        nonce: str | None = None,
        access_token: str | None = None,
        header: dict[str, Any] | None = None,
        claims: dict[str, Any] | None = None,
        sign: Callable[[bytes], bytes] | None = None,
    ) -> str:
        """A good proof, but for what *header*, *claims* (None leaves a member out) and *sign* change."""
        said = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(at), "nonce": nonce}
        if access_token is not None:
            said["ath"] = b64(hashlib.sha256(access_token.encode()).digest())
        head = {"typ": "dpop+jwt", "alg": self.alg, "jwk": self.jwk}
        signed = f"{b64(_without_none(head | (header or {})))}.{b64(_without_none(said | (claims or {})))}"
        return f"{signed}.{b64((sign or self.sign)(signed.encode()))}"

    def sign(self, signed: bytes) -> bytes:
        if self.alg == "ES256":
            r, s = decode_dss_signature(self.private.sign(signed, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        if self.alg == "RS256":
            return self.private.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        if self.alg == "PS256":
            return self.private.sign(signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        return self.private.sign(signed)


def b64(raw: Any) -> str:
    raw = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _pem(private: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
