"""Identifiers and random tokens. Ids name things; tokens are secrets and are never stored."""

import base64
import hashlib
import secrets

_TOKEN_BYTES = 32
TOKEN_BODY_LENGTH = 43  # 32 bytes in base64url without padding


def new_id(prefix: str) -> str:
    """Return *prefix*, an underscore and 128 random bits: ``acc_4r2m…`` (26 characters)."""
    body = base64.b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()
    return f"{prefix}_{body}"


def new_token(prefix: str) -> str:
    """Return a bearer secret of its own kind: *prefix*, an underscore and 256 random bits."""
    return f"{prefix}_{secrets.token_urlsafe(_TOKEN_BYTES)}"


def is_token(value: str, prefix: str) -> bool:
    """Say whether *value* has exactly the form of a token of the kind *prefix*."""
    head = prefix + "_"
    return value.isascii() and value.startswith(head) and len(value) == len(head) + TOKEN_BODY_LENGTH


def fingerprint(token: str) -> str:
    """
    Return what is stored in the place of *token*: its SHA-256 in hexadecimal.

    Enough for values of 120 random bits and more; never use it for a password.
    """
    return hashlib.sha256(token.encode("utf-8")).hexdigest()
