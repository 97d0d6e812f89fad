"""Text: what can be stored and carried, and sentences that can be said in another language."""

import unicodedata
from collections.abc import Callable
from typing import Any, Self


class Words(str):
    """
    A sentence with values in it, in English; a door can say it in another language.

    ``pattern`` is the sentence with ``%(name)s`` where a value stands, ``values`` what stands there.
    """

    pattern: str
    values: dict[str, Any]

    def __new__(cls, pattern: str, values: dict[str, Any]) -> Self:
        made = super().__new__(cls, pattern % values)
        made.pattern, made.values = pattern, values
        return made


def phrase(pattern: str, /, **values: Any) -> Words:
    """Return the sentence *pattern*, with *values* where ``%(name)s`` stands in it."""
    return Words(pattern, values)


def said(text: str, translate: Callable[[str], str]) -> str:
    """Return *text* in the language that *translate* translates to: a sentence with values keeps them."""
    if isinstance(text, Words):
        return translate(text.pattern) % text.values
    return translate(text) if text else text


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
