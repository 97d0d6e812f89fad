"""
SessionIndex: what one service provider knows a sign-on session by (SAML Core 2.0 section 2.7.2).

It is the session's id under AES-SIV (RFC 5297), for this application: always the same for the two,
different for every other application, so that two of them cannot compare notes; and only we can
read a session from it, without a table.
"""

import binascii
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from idp.base.crypto import Vault

_LONGEST = 256
_LEAST_OCTETS = 17  # the tag, and something under it


def session_index(vault: Vault, application_id: str, session_id: str) -> str:
    """Return the index of a session at an application."""
    return (
        "_" + _cipher(vault.derived("saml-session-index")).encrypt(session_id.encode(), [application_id.encode()]).hex()
    )


def session_of(vault: Vault, application_id: str, index: str) -> str | None:
    """Return the id of the session that *index* stands for at that application, None if it is none of ours."""
    if len(index) > _LONGEST:
        return None
    try:
        octets = binascii.unhexlify(index.removeprefix("_"))
        if len(octets) < _LEAST_OCTETS:
            return None
        return _cipher(vault.derived("saml-session-index")).decrypt(octets, [application_id.encode()]).decode()
    except (binascii.Error, ValueError, InvalidTag):
        return None


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESSIV:
    return AESSIV(key)
