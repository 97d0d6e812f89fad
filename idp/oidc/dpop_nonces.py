"""
Nonces for DPoP proofs (RFC 9449 section 8): a proof cannot be made long before it is used.

A nonce is made of the time, the issuer and a key of the installation, so that every worker knows it and
none keeps it. Another site's or another installation's is none.
"""

import base64
import hashlib
import hmac
from datetime import datetime

from idp.base.crypto import Vault, equal

SLOT_SECONDS = 300


def current(vault: Vault, issuer: str, now: datetime) -> str:
    """Return the nonce that clients of *issuer* are to use from *now* on."""
    return _of_slot(vault, issuer, _slot(now))


def is_good(vault: Vault, issuer: str, nonce: str, now: datetime) -> bool:
    """Say whether *nonce* is the current one, or that of the five minutes before."""
    slot = _slot(now)
    return any(equal(nonce, _of_slot(vault, issuer, at)) for at in (slot, slot - 1))


def _slot(now: datetime) -> int:
    return int(now.timestamp()) // SLOT_SECONDS


def _of_slot(vault: Vault, issuer: str, slot: int) -> str:
    made = hmac.digest(vault.derived("dpop-nonce"), f"{slot} {issuer}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made[:18]).decode("ascii")
