"""
What is written often and differs in a few values only: written once, with holes, then filled.

The writer writes the element with a mark in the place of each value that differs. Filling a mold gives
the very octets that the writer would have written with the values (a test compares), at a tenth of
the price: every value is escaped by its kind, and nothing else can get in.
"""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter

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


class Mold:
    """Parts of a written element, and between them what goes there: its kind and its name; what it declares."""

    __slots__ = ("_looked_at", "_pieces", "_places", "_taken", "declares")

    def __init__(self, first: str, places: tuple[tuple[str, str, str], ...], declares: frozenset[str]) -> None:
        """
        Args:
            first: the part before the first place.
            places: of each its kind, its name, and the part behind it.
        """
        self.declares, self._places = declares, places
        self._pieces = [first]
        for _, _, part in places:
            self._pieces += ("", part)
        self._taken = _taker([name for _, name, _ in places])
        self._looked_at = [(at, _ESCAPE[kind]) for at, (kind, _, _) in enumerate(places) if kind in _ESCAPE]

    def filled(self, values: Mapping[str, str]) -> str:
        """
        Return the element with *values* in their places; those of whole places are XML of the writer's.

        Raises:
            Invalid: a value has a character that XML cannot hold.
            KeyError: a value is missing; a mistake in the program.
        """
        found = self._taken(values)
        pieces = self._pieces.copy()
        pieces[1::2] = found
        for at, escaped in self._looked_at:
            if not stands_as_it_is(found[at]):
                pieces[2 * at + 1] = escaped(found[at])
        return "".join(pieces)

    def split_at(self, name: str) -> tuple["Mold", "Mold"]:
        """Return the molds before and after the place *name*."""
        at = next(number for number, (_, found, _) in enumerate(self._places) if found == name)
        before, (_, _, first), after = self._places[:at], self._places[at], self._places[at + 1 :]
        return Mold(self._pieces[0], before, self.declares), Mold(first, after, self.declares)


def _taker(names: Sequence[str]) -> Callable[[Mapping[str, str]], Sequence[str]]:
    """Return what takes the values of *names*, in this order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]


def mold(root: Element, inside: frozenset[str] = frozenset()) -> Mold:
    """Return the mold of *root*, whose marks are those of this module; *inside* as for `writer.write`."""
    written: Written = write(root, inside)
    parts = _MARK.split(written.xml)
    places = tuple((parts[at], parts[at + 1], parts[at + 2]) for at in range(1, len(parts), 3))
    return Mold(parts[0], places, written.declares)
