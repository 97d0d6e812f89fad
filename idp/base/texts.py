"""Text that came in escapes: JSON can spell what is no text at all."""

import unicodedata
from typing import Any


def is_storable(value: Any) -> bool:
    """
    Say whether every string in the JSON *value* can be stored and sent: no lone surrogates, no NUL.

    ``"\\ud800"`` is valid JSON and no valid text; a database refuses it late and rudely.
    """
    if isinstance(value, str):
        return "\x00" not in value and (value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value))
    if isinstance(value, dict):
        return all(is_storable(name) and is_storable(item) for name, item in value.items())
    if isinstance(value, list):
        return all(is_storable(item) for item in value)
    return True


def is_plain(value: str) -> bool:
    """
    Say whether *value* is text that every format can carry: no control characters, surrogates or noncharacters.

    XML can hold few of them, and none of them can be seen (threats X22, T17).
    """
    return value.isprintable() or not any(
        unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or (ord(c) & 0xFFFE) == 0xFFFE or 0xFDD0 <= ord(c) <= 0xFDEF
        for c in value
    )
