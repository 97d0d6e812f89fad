"""
An authenticator in software (WebAuthn level 3): makes credentials and answers challenges as a browser hands them on.

It does as it is told, right or wrong: every field of what it signs can be set otherwise.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

ES256, EDDSA, RS256, ES384 = -7, -8, -257, -35
UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
AAGUID = "01020304-0506-0708-0102-030405060708"


def _numbers(value: int, length: int) -> bytes:
    return value.to_bytes(length, "big")


@dataclass
class Credential:
    """One credential in the authenticator."""

    id: bytes
    user_handle: bytes
    key: Any
    algorithm: int
    sign_count: int = 0

    @property
    def text_id(self) -> str:
        return bytes_to_base64url(self.id)

    def cose(self) -> dict[int, Any]:
        """The public key (RFC 9053)."""
        if self.algorithm == EDDSA:
            return {1: 1, 3: EDDSA, -1: 6, -2: self.key.public_key().public_bytes_raw()}
        numbers = self.key.public_key().public_numbers()
        if self.algorithm == RS256:
            return {1: 3, 3: RS256, -1: _numbers(numbers.n, self.key.key_size // 8), -2: _numbers(numbers.e, 3)}
        curve, length = (1, 32) if self.algorithm == ES256 else (2, 48)
        return {1: 2, 3: self.algorithm, -1: curve, -2: _numbers(numbers.x, length), -3: _numbers(numbers.y, length)}

    def sign(self, data: bytes) -> bytes:
        if self.algorithm == EDDSA:
            return self.key.sign(data)
        if self.algorithm == RS256:
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(data, ec.ECDSA(hashes.SHA256() if self.algorithm == ES256 else hashes.SHA384()))


@dataclass
class SoftAuthenticator:
    """
    Args:
        flags: what it says of person and backup in all that it signs.
        counts: how much its counter grows at each use; 0: it has none.
    """

    origin: str = "http://localhost:8000"
    rp_id: str = "localhost"
    algorithm: int = ES256
    flags: int = UP | UV
    counts: int = 0
    aaguid: str = AAGUID
    id_length: int = 32
    credentials: list[Credential] = field(default_factory=list)
    _serial: int = 0

    def make(self, options: dict[str, Any], *, statement: Any = None, **changes: Any) -> str:
        """Make a credential as *options* ask; return what `passkeys.js` would send. *changes*: see `_client`, `_data`."""
        self._serial += 1
        identifier = hashlib.sha256(f"{id(self)}:{self._serial}".encode()).digest()
        credential = Credential(
            id=(identifier * 64)[: self.id_length],
            user_handle=base64url_to_bytes(options["user"]["id"]),
            key=self._key(),
            algorithm=self.algorithm,
            sign_count=self.counts,
        )
        self.credentials.append(credential)
        client = self._client("webauthn.create", options["challenge"], changes)
        data = self._data(changes, credential, attested=changes.pop("cose", None) or credential.cose())
        att_stmt = {} if statement is None else statement(data + hashlib.sha256(client).digest(), credential)
        attestation = cbor2.dumps(
            {
                "fmt": changes.pop("fmt", "none" if statement is None else "packed"),
                "attStmt": att_stmt,
                "authData": data,
            }
        )
        return self._sent(
            changes.pop("id", credential.id),
            {
                "clientDataJSON": bytes_to_base64url(client),
                "attestationObject": bytes_to_base64url(attestation),
                "transports": ["internal", "hybrid", "telepathy"],
            },
            {"credProps": {"rk": True}},
        )

    def answer(self, options: dict[str, Any], credential: Credential | None = None, **changes: Any) -> str:
        """Answer the challenge of *options* with a credential (the last one, where none is named)."""
        used = credential or self.credentials[-1]
        used.sign_count += self.counts
        client = self._client("webauthn.get", options["challenge"], changes)
        data = self._data(changes, used)
        signature = used.sign(data + hashlib.sha256(client).digest())
        handle = changes.pop("user_handle", used.user_handle)
        response = {
            "clientDataJSON": bytes_to_base64url(client),
            "authenticatorData": bytes_to_base64url(changes.pop("sent_data", data)),
            "signature": bytes_to_base64url(changes.pop("signature", signature)),
        }
        if handle is not None:
            response["userHandle"] = bytes_to_base64url(handle)
        return self._sent(changes.pop("id", used.id), response, {})

    def _client(self, type_: str, challenge: str, changes: dict[str, Any]) -> bytes:
        """Client data; *changes*: ``type``, ``challenge``, ``origin``, ``crossOrigin``, ``topOrigin``."""
        said = {"type": type_, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        for name in ("type", "challenge", "origin", "crossOrigin", "topOrigin"):
            if name in changes:
                said[name] = changes.pop(name)
        return json.dumps(said).encode()

    def _data(self, changes: dict[str, Any], credential: Credential, attested: Any = None) -> bytes:
        """Authenticator data; *changes*: ``rp_id``, ``flags``, ``sign_count``, ``aaguid``."""
        flags = changes.pop("flags", self.flags) | (AT if attested else 0)
        count = changes.pop("sign_count", credential.sign_count)
        head = hashlib.sha256(changes.pop("rp_id", self.rp_id).encode()).digest() + bytes([flags]) + _numbers(count, 4)
        if not attested:
            return head
        aaguid = bytes.fromhex(changes.pop("aaguid", self.aaguid).replace("-", ""))
        return head + aaguid + _numbers(len(credential.id), 2) + credential.id + cbor2.dumps(attested)

    def _sent(self, id_: bytes, response: dict[str, Any], extensions: dict[str, Any]) -> str:
        text = bytes_to_base64url(id_)
        return json.dumps(
            {
                "id": text,
                "rawId": text,
                "type": "public-key",
                "response": response,
                "clientExtensionResults": extensions,
            }
        )

    def _key(self) -> Any:
        if self.algorithm == EDDSA:
            return ed25519.Ed25519PrivateKey.generate()
        if self.algorithm == RS256:
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return ec.generate_private_key(ec.SECP256R1() if self.algorithm == ES256 else ec.SECP384R1())
