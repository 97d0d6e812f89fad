"""
How passwords are kept: argon2id over a peppered, normalised value; hashes of other systems sealed until first use.

Everything here computes for some 30 ms and more: never inside a transaction that wrote.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from idp.base.crypto import Vault
from idp.base.errors import Invalid, Unavailable
from idp.policy import passwords
from idp.signon.factors import imported

# OWASP Password Storage: m = 19 MiB, t = 2, p = 1 (docs/decisions/0006-passwords.md).
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, salt_len=16)
PEPPER = 1
NO_PEPPER = 0
"""Of hashes that other systems made: they are sealed with the wrapping key instead."""
# What a try against an account that does not exist is compared with: the same work, never equal.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$b3N0aWFyeS1ub2JvZHkhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
_OURS = "$argon2id$"
_QUEUE_SECONDS = 2.0
_at_once = BoundedSemaphore(max(1, os.cpu_count() or 1))


@contextmanager
def in_turn() -> Iterator[None]:
    """
    Compute as many hashes at once as there are cores.

    Raises:
        Unavailable: too many wait for that at this moment.
    """
    if not _at_once.acquire(timeout=_QUEUE_SECONDS):
        raise Unavailable("Too many people are signing in at this moment. Try again in a few seconds.", code="busy")
    try:
        yield
    finally:
        _at_once.release()


def hash_of(vault: Vault, password: str) -> str:
    """Return the hash to be stored for *password*. Takes about 30 ms of CPU: not inside a transaction that wrote."""
    return HASHER.hash(peppered(vault, password))


def is_right(vault: Vault, account_id: str, stored: str, typed: str) -> bool:
    """
    Say whether *typed* has the hash *stored*, ours or another system's.

    A hash of another system costs ours as well, so that none is told by being quick (A2).
    """
    if stored.startswith(_OURS):
        return _is_ours(vault, stored, typed)
    canonical = passwords.canonical(typed)
    _is_ours(vault, NOBODY, typed)
    try:
        return imported.right(vault.open_(stored, _place(account_id)).decode("ascii"), typed, canonical)
    except (Invalid, ValueError):
        return False


def sealed(vault: Vault, account_id: str, text: str) -> str:
    """Return the hash *text* of another system as it is stored: whoever has the table alone cannot try it."""
    return vault.seal(text.encode("ascii"), _place(account_id))


def is_outdated(stored: str) -> bool:
    """Say whether the hash was made by another system, or with other parameters than today's."""
    return not stored.startswith(_OURS) or HASHER.check_needs_rehash(stored)


def peppered(vault: Vault, password: str) -> bytes:
    """Return what is hashed in place of *password*: without the wrapping key nobody can try any."""
    pepper = vault.derived("password-pepper")
    canonical = passwords.canonical(password).encode("utf-8", "surrogatepass")
    return hmac.new(pepper, canonical, hashlib.sha256).hexdigest().encode("ascii")


def _is_ours(vault: Vault, stored: str, typed: str) -> bool:
    try:
        return bool(HASHER.verify(stored, peppered(vault, typed)))
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


def _place(account_id: str) -> str:
    return f"passwords:hash:{account_id}"
