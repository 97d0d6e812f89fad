"""Secrets at rest: an authenticated seal bound to the row that holds it, and constant-time equality."""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idp.base.errors import Unavailable

_NONCE = 12
_VERSION = b"\x01"


def equal(left: str, right: str) -> bool:
    """Compare two secrets in a time that does not depend on where they differ."""
    return hmac.compare_digest(left.encode("utf-8"), right.encode("utf-8"))


@dataclass(frozen=True, slots=True)
class Vault:
    """
    Seals secrets with the installation's wrapping key, and opens them again.

    ``keys`` maps a key's name to its 32 bytes; ``active`` names the one that seals.
    Older ones only open. The seal is AES-256-GCM; its associated data is *place*
    (``table:column:row id``), so that a sealed value moved to another row does not open.
    """

    keys: Mapping[str, bytes] = field(repr=False)
    active: str
    _derived: dict[str, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    def seal(self, secret: bytes, place: str) -> str:
        """Return *secret* sealed for *place*, as ``key-name.hexadecimal``."""
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self.keys[self.active]).encrypt(nonce, secret, _VERSION + place.encode())
        return f"{self.active}.{(nonce + sealed).hex()}"

    def open_(self, sealed: str, place: str) -> bytes:
        """
        Return the secret that was sealed for *place*.

        Raises:
            Unavailable: the wrapping key is not here, or the value was altered or moved.
        """
        name, _, body = sealed.partition(".")
        key = self.keys.get(name)
        if key is None:
            raise Unavailable(
                "A stored secret was sealed with a wrapping key that is not here.", code="wrong-wrapping-key"
            )
        raw = bytes.fromhex(body)
        try:
            return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], _VERSION + place.encode())
        except InvalidTag as error:
            raise Unavailable("A stored secret does not open: it was altered or moved.", code="seal-broken") from error

    def derived(self, purpose: str) -> bytes:
        """Return 32 bytes for *purpose* (HMAC of the oldest key's, so stable while keys are added)."""
        found = self._derived.get(purpose)
        if found is None:
            oldest = self.keys[min(self.keys)]
            found = self._derived[purpose] = hmac.new(oldest, b"ostiary:" + purpose.encode(), hashlib.sha256).digest()
        return found
