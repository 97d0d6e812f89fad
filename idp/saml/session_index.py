"""
SessionIndex: what one service provider knows a sign-on session by (SAML Core 2.0 section 2.7.2).

It is the session's own id under a block cipher whose key belongs to the application: always the same
for the two, different for every other application (so that two of them cannot compare notes), and
only we can read a session from it, without a table.
"""

import base64
import binascii
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from idp.base.crypto import Vault

_PREFIX = "ses_"
_BLOCK = 16
_PADDING = "======"


def session_index(vault: Vault, application_id: str, session_id: str) -> str:
    """Return the index of a session at an application."""
    block = base64.b32decode(session_id.removeprefix(_PREFIX).upper() + _PADDING)
    encryptor = _cipher(vault, application_id).encryptor()
    return "_" + (encryptor.update(block) + encryptor.finalize()).hex()


def session_of(vault: Vault, application_id: str, index: str) -> str | None:
    """Return the id of the session that *index* stands for at that application, None if it cannot be one of ours."""
    try:
        block = binascii.unhexlify(index.removeprefix("_"))
    except (binascii.Error, ValueError):
        return None
    if len(block) != _BLOCK:
        return None
    decryptor = _cipher(vault, application_id).decryptor()
    read = decryptor.update(block) + decryptor.finalize()
    return _PREFIX + base64.b32encode(read).decode("ascii").rstrip("=").lower()


def _cipher(vault: Vault, application_id: str) -> "Cipher[modes.ECB]":
    # One block, one key per application: a permutation of session ids, which is all that is wanted of it.
    return Cipher(algorithms.AES(_key(vault.derived("saml-session-index"), application_id)), modes.ECB())  # noqa: S305


def _key(secret: bytes, application_id: str) -> bytes:
    return hmac.digest(secret, application_id.encode(), "sha256")
