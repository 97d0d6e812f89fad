"""Text: what can be stored and carried, and sentences that can be said in another language."""

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Self

Translate = Callable[[str], str]
"""Returns a sentence in a language."""

TranslateCounted = Callable[[str, str, int], str]
"""Returns in a language the words for so many: of those for one and those for several."""


class Words(str):
    """
    A sentence with values in it, in English; a door can say it in another language.

    ``pattern`` is the sentence with ``%(name)s`` where a value stands, ``values`` what stands there. A value that is
    itself `Words` is said in the same language; any other one is a name, and stays as it is.
    """

    pattern: str
    values: dict[str, Any]

    def __new__(cls, pattern: str, values: dict[str, Any]) -> Self:
        made = super().__new__(cls, pattern % values)
        made.pattern, made.values = pattern, values
        return made

    def __deepcopy__(self, _: Any) -> Self:
        return self  # what cannot be changed is its own copy

    def _said(self, translate: Translate, counted: TranslateCounted) -> str:
        return translate(self.pattern) % self._values(translate, counted)

    def _values(self, translate: Translate, counted: TranslateCounted) -> dict[str, Any]:
        return {
            name: one._said(translate, counted) if isinstance(one, Words) else one for name, one in self.values.items()
        }

    def _packed(self) -> dict[str, Any]:
        return {"says": self.pattern, "values": {name: _plainly(packed(one)) for name, one in self.values.items()}}


class Counted(Words):
    """Words for so many things: ``pattern`` for one, ``several`` for more, the number in ``%(num)s``."""

    several: str

    def __new__(cls, one: str, several: str, values: dict[str, Any]) -> Self:
        made = super().__new__(cls, one if values["num"] == 1 else several, values)
        made.pattern, made.several = one, several
        return made

    def _said(self, translate: Translate, counted: TranslateCounted) -> str:
        return counted(self.pattern, self.several, self.values["num"]) % self._values(translate, counted)

    def _packed(self) -> dict[str, Any]:
        return {**super()._packed(), "several": self.several}


class Joined(Words):
    """Several words one after the other, ``between`` them what a language has there."""

    between: str
    parts: tuple[str, ...]

    def __new__(cls, parts: Sequence[str], between: str) -> Self:
        made = super().__new__(cls, "%(all)s", {"all": between.join(parts)})
        made.between, made.parts = between, tuple(parts)
        return made

    def _said(self, translate: Translate, counted: TranslateCounted) -> str:
        return translate(self.between).join(
            one._said(translate, counted) if isinstance(one, Words) else one for one in self.parts
        )

    def _packed(self) -> dict[str, Any]:
        return {"parts": [packed(one) for one in self.parts], "between": self.between}


def phrase(pattern: str, /, **values: Any) -> Words:
    """Return the sentence *pattern*, with *values* where ``%(name)s`` stands in it."""
    return Words(pattern, values)


def counted(one: str, several: str, number: int, /, **values: Any) -> Words:
    """Return the words for *number* things: *one* or *several*, the number where ``%(num)s`` stands."""
    return Counted(one, several, {"num": number, **values})


def joined(parts: Sequence[str], between: str) -> str:
    """Return *parts* one after the other, *between* them what the reader's language has there; one alone as it is."""
    return parts[0] if len(parts) == 1 else Joined(parts, between)


def with_values(text: Words, change: Callable[[Any], Any]) -> Words:
    """Return *text* with what *change* makes of each of its values; its own words are ours, and stay as they are."""
    if isinstance(text, Joined):
        return Joined([change(one) for one in text.parts], text.between)
    values = {name: change(one) for name, one in text.values.items()}
    return Counted(text.pattern, text.several, values) if isinstance(text, Counted) else Words(text.pattern, values)


def sentence(text: str) -> Words:
    """Return a whole sentence, with values or without, as `Words`: to stand as a value in others and be said with them."""
    return text if isinstance(text, Words) else Words(text.replace("%", "%%"), {})


def words_of(error: Exception) -> Words:
    """Return what *error* says, with its values where one of ours was raised with them."""
    told = error.args[0] if error.args and isinstance(error.args[0], Words) else str(error)
    return sentence(told)


def _in_english(one: str, several: str, number: int) -> str:
    return one if number == 1 else several


def said(text: str, translate: Translate, counted: TranslateCounted = _in_english) -> str:
    """Return *text* in the language that is translated to: a sentence with values keeps them."""
    if isinstance(text, Words):
        return text._said(translate, counted)
    return translate(text) if text else text


def patterns(text: str) -> list[str]:
    """Return the sentences that *text* is made of, those within its values among them: what a translator needs."""
    if isinstance(text, Joined):
        return [pattern for one in text.parts if isinstance(one, Words) for pattern in patterns(one)]
    if not isinstance(text, Words):
        return [text] if text else []
    return [text.pattern, *(p for one in text.values.values() if isinstance(one, Words) for p in patterns(one))]


def _plainly(value: Any) -> Any:
    """Values are shown, not counted with: what JSON does not know is kept as it is read."""
    return value if isinstance(value, str | int | float | dict | None) else str(value)


def packed(text: Any) -> Any:
    """Return *text* as a JSON value, so that it can be kept and still be said in any language; see `unpacked`."""
    return text._packed() if isinstance(text, Words) else text


def unpacked(kept: Any) -> Any:
    """Return the text that was kept as *kept*: what `packed` made of it, or plain text."""
    if not isinstance(kept, dict):
        return kept
    if "parts" in kept:
        return Joined([unpacked(one) for one in kept["parts"]], kept["between"])
    values = {name: unpacked(one) for name, one in kept["values"].items()}
    return Counted(kept["says"], kept["several"], values) if "several" in kept else Words(kept["says"], values)


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
