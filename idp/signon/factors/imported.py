"""
Hashes of passwords that other systems have made, until their first use here.

    bcrypt          $2a$, $2b$, $2y$
    PBKDF2          $pbkdf2-sha256$… and $pbkdf2-sha512$… (passlib), pbkdf2_sha256$…, pbkdf2_sha512$… (Django)
    scrypt          $scrypt$ln=…,r=…,p=…$… (passlib)
    SSHA            {SSHA}, {SSHA256}, {SSHA512} (LDAP)
    SHA-512-crypt   $6$

Their cost is bounded when they are taken: a hash whose check takes a minute, or a gigabyte, is a weapon
in the hands of whoever types a password. The bounds let about half a second of CPU and 128 MiB pass.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

import bcrypt
from passlib.hash import sha512_crypt

from idp.base.errors import Invalid
from idp.base.texts import phrase

LONGEST = 200
MOST_BCRYPT_COST = 14
MOST_PBKDF2_ROUNDS = {"sha256": 2_000_000, "sha512": 1_000_000}
MOST_SCRYPT_WORK = 1 << 17  # N * p at r = 8: 128 MiB
MOST_CRYPT_ROUNDS = 1_000_000
MOST_CRYPT_OCTETS = 128 * MOST_CRYPT_ROUNDS
"""Each round of SHA-512-crypt takes the whole password, twice at times: that of 1024 octets for ten seconds in all."""
_SCRYPT_MEMORY = 160 << 20
_SHORTEST_SALT, _LONGEST_SALT = 4, 64
_BCRYPT_TAKES = 72  # octets; what comes after never counted

_SSHA = {"{SSHA}": "sha1", "{SSHA256}": "sha256", "{SSHA512}": "sha512"}
_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}\Z")
_PASSLIB_PBKDF2 = re.compile(r"\$pbkdf2-(sha256|sha512)\$(\d{1,9})\$([./A-Za-z0-9]+)\$([./A-Za-z0-9]+)\Z")
_DJANGO_PBKDF2 = re.compile(r"pbkdf2_(sha256|sha512)\$(\d{1,9})\$([^$]+)\$([A-Za-z0-9+/]+={0,2})\Z")
_SCRYPT = re.compile(r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([./A-Za-z0-9+]+)\$([./A-Za-z0-9+]+)\Z")
_CRYPT = re.compile(r"\$6\$(?:rounds=(\d{1,9})\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86}\Z")
_CRYPT_DEFAULT_ROUNDS, _CRYPT_LEAST_ROUNDS = 5000, 1000


@dataclass(frozen=True, slots=True)
class Foreign:
    """A hash that was understood: its scheme, and what says whether octets are the password."""

    scheme: str
    matches: Callable[[bytes], bool]


def read(text: str) -> Foreign:
    """
    Return the hash that *text* is.

    Raises:
        Invalid: it is none of those that are understood, is damaged, or costs too much to check.
    """
    if len(text) > LONGEST or not text.isascii():
        raise _unknown()
    for reader in (_bcrypt, _passlib_pbkdf2, _django_pbkdf2, _scrypt, _ssha, _crypt):
        found = reader(text)
        if found is not None:
            return found
    raise _unknown()


def right(text: str, password: str, canonical: str) -> bool:
    """
    Say whether *password* has the hash *text*.

    The other system may have hashed what was typed, or its *canonical* form: either will do.
    """
    foreign = read(text)
    spellings = dict.fromkeys(one.encode("utf-8", "surrogatepass") for one in (canonical, password))
    return any(foreign.matches(octets) for octets in spellings)


def _bcrypt(text: str) -> Foreign | None:
    found = _BCRYPT.match(text)
    if found is None:
        return None
    _bound(int(found[1]), MOST_BCRYPT_COST, "a cost")
    stored = text.encode("ascii")
    try:
        bcrypt.checkpw(b"", b"$2b$04$" + stored[7:])  # the cheapest look at its salt
    except ValueError as error:
        raise _damaged("bcrypt") from error

    def matches(octets: bytes) -> bool:
        # What is beyond 72 octets, or a NUL, never counted there; here the length is bounded and NUL is no password's.
        return b"\0" not in octets and bcrypt.checkpw(octets[:_BCRYPT_TAKES], stored)

    return Foreign("bcrypt", matches)


def _passlib_pbkdf2(text: str) -> Foreign | None:
    found = _PASSLIB_PBKDF2.match(text)
    if found is None:
        return None
    return _pbkdf2(found[1], int(found[2]), _adapted(found[3]), _adapted(found[4]))


def _django_pbkdf2(text: str) -> Foreign | None:
    found = _DJANGO_PBKDF2.match(text)
    if found is None:
        return None
    return _pbkdf2(found[1], int(found[2]), found[3].encode("ascii"), _base64(found[4]))


def _pbkdf2(algorithm: str, rounds: int, salt: bytes, wanted: bytes) -> Foreign:
    scheme = f"pbkdf2-{algorithm}"
    _bound(rounds, MOST_PBKDF2_ROUNDS[algorithm], "an iteration count")
    _sound(scheme, salt, wanted, hashlib.new(algorithm).digest_size)
    return Foreign(
        scheme, lambda octets: hmac.compare_digest(hashlib.pbkdf2_hmac(algorithm, octets, salt, rounds), wanted)
    )


def _scrypt(text: str) -> Foreign | None:
    found = _SCRYPT.match(text)
    if found is None:
        return None
    log_n, r, p = int(found[1]), int(found[2]), int(found[3])
    salt, wanted = _adapted(found[4]), _adapted(found[5])
    if not (1 <= log_n <= 20 and r >= 1 and p >= 1):
        raise _too_much("parameters")
    _bound((1 << log_n) * r * p, MOST_SCRYPT_WORK * 8, "parameters")
    _sound("scrypt", salt, wanted, 32)

    def matches(octets: bytes) -> bool:
        made = hashlib.scrypt(octets, salt=salt, n=1 << log_n, r=r, p=p, maxmem=_SCRYPT_MEMORY, dklen=32)
        return hmac.compare_digest(made, wanted)

    return Foreign("scrypt", matches)


def _ssha(text: str) -> Foreign | None:
    label = next((one for one in _SSHA if text[: len(one)].upper() == one), None)
    if label is None:
        return None
    octets = _base64(text[len(label) :])
    algorithm = _SSHA[label]
    size = hashlib.new(algorithm, usedforsecurity=False).digest_size
    wanted, salt = octets[:size], octets[size:]
    scheme = label.strip("{}").lower()
    _sound(scheme, salt, wanted, size)
    return Foreign(
        scheme,
        lambda typed: hmac.compare_digest(hashlib.new(algorithm, typed + salt, usedforsecurity=False).digest(), wanted),
    )


def _crypt(text: str) -> Foreign | None:
    found = _CRYPT.match(text)
    if found is None:
        return None
    rounds = int(found[1]) if found[1] else _CRYPT_DEFAULT_ROUNDS
    if rounds < _CRYPT_LEAST_ROUNDS:
        raise _damaged("SHA-512-crypt")
    _bound(rounds, MOST_CRYPT_ROUNDS, "a number of rounds")

    def matches(octets: bytes) -> bool:
        if b"\0" in octets or len(octets) * rounds > MOST_CRYPT_OCTETS:
            return False
        return bool(sha512_crypt.verify(octets, text))

    try:
        sha512_crypt.from_string(text)
    except ValueError as error:
        raise _damaged("SHA-512-crypt") from error
    return Foreign("sha512-crypt", matches)


def _sound(scheme: str, salt: bytes, digest: bytes, size: int) -> None:
    if len(digest) != size or not _SHORTEST_SALT <= len(salt) <= _LONGEST_SALT:
        raise _damaged(scheme)


def _adapted(text: str) -> bytes:
    """Decode passlib's base64: ``.`` in place of ``+``, no padding."""
    return _base64(text.replace(".", "+") + "=" * (-len(text) % 4))


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _damaged("base64") from error


def _bound(value: int, most: int, what: str) -> None:
    if not 1 <= value <= most:
        raise _too_much(what)


def _unknown() -> Invalid:
    return Invalid(
        "This is no hash of a password that is understood here.",
        field="hash",
        code="hash-unknown",
        advice="Understood are bcrypt, PBKDF2 (SHA-256, SHA-512; as passlib or Django write it), scrypt (as passlib "
        "writes it), {SSHA}, {SSHA256}, {SSHA512}, and SHA-512-crypt ($6$).",
    )


def _damaged(scheme: str) -> Invalid:
    return Invalid(
        phrase("This hash (%(scheme)s) is cut short or damaged.", scheme=scheme), field="hash", code="hash-damaged"
    )


def _too_much(what: str) -> Invalid:
    return Invalid(
        phrase("This hash has %(what)s outside of what is taken here: checking it would cost too much.", what=what),
        field="hash",
        code="hash-too-costly",
        advice="Give these people a first password, or let them set one through a reset link.",
    )
