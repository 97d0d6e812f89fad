"""Codes that people keep or are told, and type: 120 random bits in Crockford base32, so that no look-alike matters."""

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 24
_ALIKE = str.maketrans({"o": "0", "i": "1", "l": "1"})


def new() -> str:
    """Return a new code."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def grouped(code: str, of: int) -> str:
    """Return *code* as it is shown: in groups *of* so many characters."""
    return "-".join(code[start : start + of] for start in range(0, len(code), of))


def canonical(typed: str) -> str:
    """Return what was typed without spaces and hyphens, in small letters, look-alikes resolved."""
    return "".join(typed[:200].split()).replace("-", "").casefold().translate(_ALIKE)
