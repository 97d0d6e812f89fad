"""
What is written often and differs in a few values only: written once, with holes, then filled.

The writer writes the element with a mark in the place of each value that differs. Filling a mold gives
the very octets that the writer would have written with the values (a test compares), at a tenth of
the price: every value is escaped by its kind, and nothing else can get in.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from idp.saml.writer import Element, Written, attribute_value, stands_as_it_is, text_value, write

# What nobody can know: names and addresses that others chose are molded, too, and must not pass for marks.
_BEGIN, _END = f"\ue000{secrets.token_hex(8)}", "\ue001"
_MARK = re.compile(f"{_BEGIN}([taoe])([a-z_0-9]+){_END}")
_ESCAPE = {"t": text_value, "a": attribute_value}


def text(name: str) -> str:
    """Return the mark of a text; *name* is small letters, digits and underscores."""
    return f"{_BEGIN}t{name}{_END}"


def attribute(name: str) -> str:
    """Return the mark of an attribute's value."""
    return f"{_BEGIN}a{name}{_END}"


def ours(name: str) -> str:
    """Return the mark of a text or an attribute's value that we make, of letters, digits and ``+/=_:.-`` alone."""
    return f"{_BEGIN}o{name}{_END}"


def place(name: str) -> str:
    """Return the mark of a whole place among an element's children, for what was written before."""
    return f"{_BEGIN}e{name}{_END}"


@dataclass(frozen=True, slots=True)
class Mold:
    """Parts of a written element, and between them what goes there: its kind and its name."""

    first: str
    others: tuple[tuple[str, str, str], ...]
    declares: frozenset[str]

    def filled(self, values: Mapping[str, str]) -> str:
        """
        Return the element with *values* in their places; those of whole places are XML of the writer's.

        Raises:
            Invalid: a value has a character that XML cannot hold.
            KeyError: a value is missing; a mistake in the program.
        """
        out = [self.first]
        for kind, name, part in self.others:
            value = values[name]
            if kind in _ESCAPE and not stands_as_it_is(value):
                value = _ESCAPE[kind](value)
            out += (value, part)
        return "".join(out)

    def split_at(self, name: str) -> tuple["Mold", "Mold"]:
        """Return the molds before and after the place *name*."""
        at = next(number for number, (_, found, _) in enumerate(self.others) if found == name)
        after = self.others[at]
        return Mold(self.first, self.others[:at], self.declares), Mold(after[2], self.others[at + 1 :], self.declares)


def mold(root: Element, inside: frozenset[str] = frozenset()) -> Mold:
    """Return the mold of *root*, whose marks are those of this module; *inside* as for `writer.write`."""
    written: Written = write(root, inside)
    parts = _MARK.split(written.xml)
    others = tuple((parts[at], parts[at + 1], parts[at + 2]) for at in range(1, len(parts), 3))
    return Mold(parts[0], others, written.declares)
