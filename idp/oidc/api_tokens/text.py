"""
What an API token looks like: ``ost_pat_``, 43 characters of base62 (256 random bits), 6 of a checksum.

By its beginning, scanners find it where it should not be; by its checksum they, and we, know without a look-up that
something is none.
"""

import re
import secrets
import zlib

PREFIX = "ost_pat_"
PATTERN = r"ost_pat_[0-9A-Za-z]{49}"
"""For scanners."""
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY, _CHECK = 43, 6  # 62**43 > 2**256, 62**6 > 2**32
_FORM = re.compile(PATTERN, re.ASCII)
ENDING = 4


def new() -> str:
    """Return a new token: a secret."""
    body = _base62(secrets.randbits(256), _BODY)
    return f"{PREFIX}{body}{_checksum(body)}"


def is_one(value: str) -> bool:
    """Say whether *value* has exactly the form of an API token, its checksum included."""
    if _FORM.fullmatch(value) is None:
        return False
    body, check = value[len(PREFIX) : -_CHECK], value[-_CHECK:]
    return check == _checksum(body)


def ending(token: str) -> str:
    """Return the last characters of *token*, by which its person tells it from others: they are of the checksum."""
    return token[-ENDING:]


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode("ascii")), _CHECK)


def _base62(number: int, length: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits.rjust(length, _DIGITS[0])
