"""Identifiers and random tokens. Ids name things; tokens are secrets and are never stored."""

import hashlib
import os
import re
import secrets

from idp.base import clock

_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8  # the five low bits of any byte, as a letter
_ID = re.compile(r"[a-z]+_[a-z0-9]+")
_LONGEST_ID = 64
_TOKEN_BYTES = 32
TOKEN_BODY_LENGTH = 43  # 32 bytes in base64url without padding


def new_id(prefix: str) -> str:
    """Return *prefix*, an underscore and 130 random bits: ``acc_4r2m…`` (26 characters)."""
    return f"{prefix}_{os.urandom(26).translate(_LETTERS).decode('ascii')}"


def is_id(value: str, prefix: str) -> bool:
    """Say whether *value* has the form of an id of the kind *prefix*; what has not is not looked up."""
    return len(value) <= _LONGEST_ID and _ID.fullmatch(value) is not None and value.startswith(prefix + "_")


def new_ordered_id(prefix: str) -> str:
    """
    Return an id that sorts by the millisecond in which it was made: 48 bits of time, 80 random ones.

    For rows that are only ever added (attempts, audit entries): an index on them grows at its
    end, so that a commit writes few pages.
    """
    moment = int(clock.now().timestamp() * 1000)
    return f"{prefix}_{moment:012x}{os.urandom(16).translate(_LETTERS).decode('ascii')}"


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
