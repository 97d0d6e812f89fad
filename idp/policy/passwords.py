"""Whether a new password may be taken. Pure; numbers of NIST SP 800-63B-4 section 3.1.1."""

import re
import unicodedata
from collections.abc import Collection

LONGEST_BYTES = 1024
LONGEST = 256
FLOOR = 8

_COMMON = frozenset(
    [
        "password",
        "passwort",
        "passw0rd",
        "welcome",
        "letmein",
        "qwerty",
        "qwertyuiop",
        "asdfghjkl",
        "iloveyou",
        "administrator",
        "changeme",
        "sunshine",
        "princess",
        "football",
        "baseball",
        "monkey",
        "dragon",
        "trustno1",
        "correcthorsebatterystaple",
    ]
)


def canonical(password: str) -> str:
    """
    Return *password* in Unicode normal form C (RFC 8265), the same when set and when verified.

    Call only after the length was bounded: normalising is quadratic on combining marks (Q10).
    """
    return unicodedata.normalize("NFC", password)


def too_long(password: str) -> bool:
    """Say whether *password* is above what we take. It is refused then, never cut."""
    return len(password) > LONGEST or len(password.encode("utf-8", "surrogatepass")) > LONGEST_BYTES


def weaknesses(password: str, *, minimum: int, context: Collection[str]) -> list[str]:
    """
    Return why *password* cannot be taken, one plain sentence each; empty when it can.

    Args:
        minimum: least number of characters.
        context: words that may not be the whole of it: e-mail, its parts, name, organization.
    """
    if too_long(password):
        return [f"Use at most {LONGEST} characters."]
    found: list[str] = []
    if len(canonical(password)) < max(minimum, FLOOR):
        found.append(f"Use at least {max(minimum, FLOOR)} characters. A few unrelated words are easy to remember.")
    folded = canonical(password).casefold()
    core = re.sub(r"^[\d\W_]+|[\d\W_]+$", "", folded)
    words = {w.casefold() for w in context if len(w) >= 3}
    if folded in words or (core and core in words):
        found.append("Do not use your name, your e-mail address or your organization as the password.")
    if core in _COMMON or folded in _COMMON or (folded and len(set(folded)) <= 2):
        found.append("This password is among the first that an attacker tries.")
    return found
