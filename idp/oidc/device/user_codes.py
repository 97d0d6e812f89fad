"""
The short code that a device shows and a person types in (RFC 8628 section 6.1; O35).

Eight of twenty consonants: 34.5 random bits, no words, no letter that is taken for another of them. What is
typed is forgiven its case, its spaces and dashes, and signs that only look like a letter of a code.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata

from idp.base.crypto import Vault

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8
_CODE = re.compile(f"[{LETTERS}]{{{LENGTH}}}")
_LONGEST = 64
_BETWEEN = re.compile(r"[\s_.\u00ad\u200b-\u200d\u2010-\u2015\u2212-]+")
_LOOK_ALIKES = str.maketrans("0O1I|2568UY", "QQLLLZSGBVV")
"""Signs that are in no code, each as the letter of one that it is taken for."""


def new() -> str:
    """Return a code in its canonical form."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def shown(code: str) -> str:
    """Return a canonical *code* as people read it: ``WDJB-MJHT``."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def canonical(typed: str) -> str | None:
    """Return the code that was *typed*, None if it is none."""
    if len(typed) > _LONGEST:
        return None
    letters = _BETWEEN.sub("", unicodedata.normalize("NFKC", typed)).upper().translate(_LOOK_ALIKES)
    return letters if _CODE.fullmatch(letters) else None


def fingerprint(vault: Vault, code: str) -> str:
    """
    Return what is stored in the place of a canonical *code*.

    A plain digest of so few bits is undone in minutes by whoever reads the table, so that this one is
    made with a key that is not in the database.
    """
    return hmac.new(vault.derived("user-code"), code.encode("ascii"), hashlib.sha256).hexdigest()
