"""
Catalogues of translations: one ``messages.po`` for each language beside English.

The sentence in English is its own key. What a catalogue lacks is said in English (a test proves that none lacks any).
"""

import gettext
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

FOLDER = Path(__file__).resolve().parent.parent / "web" / "translations"
ENGLISH = "en"
LANGUAGES = (ENGLISH, "ar", "de")
"""Every language that Ostiary speaks."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a language says for English sentences: by the sentence, or by that of one for those of several."""

    language: str
    said: dict[str, str] = field(default_factory=dict)
    counted: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def translate(self, words: str) -> str:
        """Return *words* in this language."""
        return self.said.get(words, words)

    def translate_counted(self, one: str, several: str, number: int) -> str:
        """Return the words for *number* things, in this language."""
        forms = self.counted.get(one)
        if forms is None:
            return one if number == 1 else several
        return forms[min(_plural(self.language)(number), len(forms) - 1)]


@cache
def catalogue(language: str) -> Catalogue:
    """Return the catalogue of one of `LANGUAGES`; it is read once."""
    file = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if language == ENGLISH or language not in LANGUAGES or not file.is_file():
        return Catalogue(ENGLISH)
    said: dict[str, str] = {}
    counted: dict[str, tuple[str, ...]] = {}
    with file.open("rb") as content:
        for message in read_po(content, locale=language):
            if not message.id or message.fuzzy:
                continue
            if isinstance(message.id, tuple):
                forms = tuple(message.string) if isinstance(message.string, (tuple, list)) else ()
                if forms and all(forms):
                    counted[message.id[0]] = forms
            elif isinstance(message.id, str) and isinstance(message.string, str) and message.string:
                said[message.id] = message.string
    return Catalogue(language, said, counted)


def is_right_to_left(language: str) -> bool:
    """Say whether a language is written from right to left."""
    return Locale.parse(language).text_direction == "rtl"


def own_name(language: str) -> str:
    """Return what a language calls itself."""
    return (Locale.parse(language).get_display_name(language) or language).capitalize()


@cache
def _plural(language: str) -> Callable[[int], int]:
    return gettext.c2py(get_plural(language).plural_expr)
