"""
Encrypted assertions and names: AES-GCM under a fresh key, that key under RSA-OAEP (XML Encryption 1.1; X12, X25).

Key and algorithms come from the service provider's metadata. Nothing older is made for anyone but
AES-CBC for whom `legacy` allows it, and never RSA 1.5. Where encryption is wanted and none of its
keys and methods will do, a service provider gets nothing at all.
"""

import base64
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from idp.saml import legacy
from idp.saml.certificates import known_key
from idp.saml.description import EncryptionKey, EncryptionMethod
from idp.saml.names import (
    AES128_CBC,
    AES128_GCM,
    AES192_GCM,
    AES256_CBC,
    AES256_GCM,
    ENCRYPTED_ELEMENT,
    MGF1_SHA1,
    MGF1_SHA256,
    MGF1_SHA384,
    MGF1_SHA512,
    RSA_OAEP,
    RSA_OAEP_MGF1P,
    SHA1,
    SHA256,
    SHA384,
    SHA512,
)
from idp.saml.writer import Element, Written, element

_KEY_BITS = {AES256_GCM: 256, AES192_GCM: 192, AES128_GCM: 128}
_CBC_KEY_BITS = {AES256_CBC: 256, AES128_CBC: 128}
CBC_NAMES = {AES256_CBC: legacy.AES256_CBC, AES128_CBC: legacy.AES128_CBC}
_NONCE = 12
_BLOCK = 16
# OAEP rests on no collision resistance: SHA-1 in it is what most software can read, and is not weak.
_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    SHA1: hashes.SHA1(),  # noqa: S303
    SHA256: hashes.SHA256(),
    SHA384: hashes.SHA384(),
    SHA512: hashes.SHA512(),
}
_MASKS: dict[str, hashes.HashAlgorithm] = {
    MGF1_SHA1: hashes.SHA1(),  # noqa: S303
    MGF1_SHA256: hashes.SHA256(),
    MGF1_SHA384: hashes.SHA384(),
    MGF1_SHA512: hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class EncryptionTarget:
    """To whom and how: a public key with the certificate it is from, and the algorithms that its owner can read."""

    certificate: str
    public: rsa.RSAPublicKey
    data: str
    transport: str
    digest: str
    mask: str


def target(keys: tuple[EncryptionKey, ...], allowed: frozenset[str] = frozenset()) -> EncryptionTarget | None:
    """
    Return how to encrypt for the owner of *keys*: the first good key with methods that we use.

    A key without methods gets AES-256-GCM and RSA-OAEP with MGF1. None: there is no way.

    Args:
        allowed: the old algorithms that are allowed to it (see `legacy`). They are used where the key
            names no better one.
    """
    for key in keys:
        found = known_key(key.certificate)
        if found is None or not isinstance(found.public, rsa.RSAPublicKey):
            continue
        data, transport = _data_algorithm(key.methods, allowed), _transport(key.methods)
        if data is not None and transport is not None:
            return EncryptionTarget(
                key.certificate, found.public, data, transport.algorithm, transport.digest, transport.mask
            )
    return None


def encrypted(assertion: Written, to: EncryptionTarget) -> Element:
    """Return the EncryptedAssertion that holds *assertion* as it was written (SAML Core 2.0 section 2.3.4)."""
    return element("saml:EncryptedAssertion", None, _encrypted_data(assertion, to))


def encrypted_id(name_id: Written, to: EncryptionTarget) -> Element:
    """Return the EncryptedID that holds *name_id* as it was written (SAML Core 2.0 section 2.2.4)."""
    return element("saml:EncryptedID", None, _encrypted_data(name_id, to))


def _encrypted_data(content: Written, to: EncryptionTarget) -> Element:
    key, ciphertext = _enciphered(content.xml.encode(), to.data)
    oaep = padding.OAEP(padding.MGF1(_MASKS[to.mask]), _DIGESTS[to.digest], None)
    return element(
        "xenc:EncryptedData",
        {"Type": ENCRYPTED_ELEMENT},
        element("xenc:EncryptionMethod", {"Algorithm": to.data}),
        element(
            "ds:KeyInfo",
            None,
            element(
                "xenc:EncryptedKey",
                None,
                _transport_method(to),
                _cipher_data(to.public.encrypt(key, oaep)),
            ),
        ),
        _cipher_data(ciphertext),
    )


def _enciphered(octets: bytes, algorithm: str) -> tuple[bytes, bytes]:
    """Return a fresh key, and *octets* under it as XML Encryption has them."""
    if algorithm in _CBC_KEY_BITS:
        # XML Encryption 1.1 section 5.2.3: the vector, the ciphertext; the last octet says how many were filled in.
        key, vector = os.urandom(_CBC_KEY_BITS[algorithm] // 8), os.urandom(_BLOCK)
        missing = _BLOCK - len(octets) % _BLOCK
        filled = octets + os.urandom(missing - 1) + bytes([missing])
        encryptor = Cipher(AES(key), CBC(vector)).encryptor()
        return key, vector + encryptor.update(filled) + encryptor.finalize()
    # XML Encryption 1.1 section 5.2.4: the nonce, the ciphertext, the tag.
    key, nonce = AESGCM.generate_key(_KEY_BITS[algorithm]), os.urandom(_NONCE)
    return key, nonce + AESGCM(key).encrypt(nonce, octets, None)


def _cipher_data(octets: bytes) -> Element:
    return element("xenc:CipherData", None, element("xenc:CipherValue", None, base64.b64encode(octets).decode("ascii")))


def _transport_method(to: EncryptionTarget) -> Element:
    parts = [element("ds:DigestMethod", {"Algorithm": to.digest})]
    if to.transport == RSA_OAEP:
        parts.append(element("xenc11:MGF", {"Algorithm": to.mask}))
    return element("xenc:EncryptionMethod", {"Algorithm": to.transport}, *parts)


def _data_algorithm(methods: tuple[EncryptionMethod, ...], allowed: frozenset[str]) -> str | None:
    """
    Return the strongest that is named; methods of another kind say nothing about data.

    Old ones that are allowed come behind all others; where nothing is named, they are what was meant.
    """
    old = [algorithm for algorithm, name in CBC_NAMES.items() if name in allowed]
    named = [method.algorithm for method in methods if not _is_transport(method)]
    if not named:
        return old[0] if old else AES256_GCM
    return next((algorithm for algorithm in (*_KEY_BITS, *old) if algorithm in named), None)


def _transport(methods: tuple[EncryptionMethod, ...]) -> EncryptionMethod | None:
    """Return the first that is named and that we use; digest and mask as it asks, else as the standard has them."""
    named = [method for method in methods if _is_transport(method)]
    if not named:
        return EncryptionMethod(RSA_OAEP_MGF1P, SHA1, MGF1_SHA1)
    for method in named:
        digest = method.digest or SHA1
        mask = method.mask or MGF1_SHA1
        if method.algorithm == RSA_OAEP_MGF1P and digest in _DIGESTS:
            return EncryptionMethod(RSA_OAEP_MGF1P, digest, MGF1_SHA1)
        if method.algorithm == RSA_OAEP and digest in _DIGESTS and mask in _MASKS:
            return EncryptionMethod(RSA_OAEP, digest, mask)
    return None


def _is_transport(method: EncryptionMethod) -> bool:
    return "rsa" in method.algorithm.lower()
