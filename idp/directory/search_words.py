"""
Words to search by, folded: what is typed in any case, with or without accents, finds what is stored. Pure.

Folding is for finding only. What is unique, or decides anything, has forms of its own (`directory.names`).
"""

import unicodedata
from itertools import groupby

LONGEST = 128
"""The longest word that is stored, in characters; a longer one is found by its beginning."""

MOST = 40
"""The most words that one thing is found by: nobody fills the index by a name."""

_ONE_LETTER = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_WITHOUT_BLANKS = ("CJK", "HIRAGANA", "KATAKANA")


def fold(text: str) -> str:
    """Return *text* in small letters without accents and control characters, in compatibility form."""
    taken_apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = (c for c in taken_apart if not unicodedata.combining(c) and (c.isprintable() or c.isspace()))
    return "".join(kept).translate(_ONE_LETTER)


def words(*texts: str) -> frozenset[str]:
    """
    Return the words by which something with these *texts* is found, at most 40.

    An e-mail address is a word as a whole, and by its parts: ``Ann.Lee@acme.example`` is found by ``ann``, ``lee`` and
    ``acme``. Scripts that are written without blanks are found from any character on.
    """
    found: dict[str, None] = {}
    for text in texts:
        for piece in fold(text).split():
            if "@" in piece:
                local, _, domain = piece.rpartition("@")
                found[piece[:LONGEST]] = None
                found[domain[:LONGEST]] = None
                piece = local
            elif "." in piece.strip("."):
                found[piece.strip(".")[:LONGEST]] = None  # a domain, or a host: as a whole, too
            found.update((word[:LONGEST], None) for word in _letters_and_digits(piece))
    return frozenset([word for word in found if word][:MOST])


def asked(text: str) -> tuple[str, ...]:
    """Return what somebody who typed *text* looks for: beginnings of words, the longest first; at most eight."""
    found: dict[str, None] = {}
    for piece in fold(text).split():
        if "@" in piece.strip("@") or "." in piece.strip("."):
            found[piece.strip("@.")[:LONGEST]] = None
        else:
            found.update((word[:LONGEST], None) for word in _parts(piece))
    return tuple(sorted((word for word in found if word), key=len, reverse=True)[:8])


def fits(text: str, *texts: str) -> bool:
    """Say whether every word of *text* is the beginning of a word of *texts*; of nothing: no."""
    beginnings, known = asked(text), words(*texts)
    return bool(beginnings) and all(any(word.startswith(one) for word in known) for one in beginnings)


def _parts(text: str) -> list[str]:
    return ["".join(run) for kept, run in groupby(text, str.isalnum) if kept]


def _letters_and_digits(text: str) -> list[str]:
    found = []
    for part in _parts(text):
        if unicodedata.name(part[0], "").startswith(_WITHOUT_BLANKS):
            found += [part[at:] for at in range(min(len(part), 16))]
        else:
            found.append(part)
    return found
