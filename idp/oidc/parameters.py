"""
Parameters of a request, decoded once and strictly (application/x-www-form-urlencoded).

Nothing is repaired: a repeated name, a broken escape or bytes that are no UTF-8 are faults,
because two readers of the same octets must not see two different requests (O1, O12).
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from idp.base.values import quickly_made

MOST_BYTES = 8192
MOST_NAMES = 64
MOST_VALUES = 8
MAY_REPEAT = frozenset({"resource"})
"""RFC 8707 section 2: several resources are so many parameters."""
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Unreadable(ValueError):
    """The parameters cannot be decoded; the message is one of ours."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Parameters:
    """
    The parameters of one request. ``repeated`` names those that came more than once.

    A parameter without a value counts as absent (RFC 6749 section 3.1). ``lists`` holds every value of
    those that may come more than once, where one did.
    """

    values: dict[str, str]
    repeated: frozenset[str] = field(default_factory=frozenset)
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        """Return the value of *name*, None where it is absent."""
        return self.values.get(name) or None

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of *name*, which may come more than once, each once."""
        found = self.lists.get(name) or (self.values.get(name, ""),)
        return tuple(dict.fromkeys(value for value in found if value))

    def has(self, name: str) -> bool:
        """Say whether *name* was sent at all, with or without a value."""
        return name in self.values


NO_PARAMETERS = Parameters({})


def read(encoded: bytes) -> Parameters:
    """
    Return the parameters that *encoded* (a query, or the body of a form) holds.

    Raises:
        Unreadable: too long, too many, or not decodable.
    """
    if len(encoded) > MOST_BYTES:
        raise Unreadable("The request is too long.")
    values: dict[str, str] = {}
    repeated: set[str] = set()
    lists: dict[str, tuple[str, ...]] = {}
    if encoded:
        for part in encoded.split(b"&"):
            if not part:
                continue
            name_, _, value_ = part.partition(b"=")
            name = decoded(name_)
            if name in MAY_REPEAT:
                values.setdefault(name, decoded(value_))
                lists[name] = (*lists.get(name, ()), decoded(value_))
                if len(lists[name]) > MOST_VALUES:
                    raise Unreadable("The request repeats a parameter too often.")
            elif name in values:
                repeated.add(name)
            elif len(values) >= MOST_NAMES:
                raise Unreadable("The request has too many parameters.")
            else:
                values[name] = decoded(value_)
    return Parameters(values, frozenset(repeated), lists) if repeated or lists else Parameters(values)


def decoded(raw: bytes) -> str:
    """
    Return *raw* form-decoded, once.

    Raises:
        Unreadable: a broken escape, bytes that are no UTF-8, or a null character.
    """
    if b"%" in raw:
        if _BROKEN_ESCAPE.search(raw):
            raise Unreadable("The request has a broken percent escape.")
        raw = unquote_to_bytes(raw.replace(b"+", b" "))
    elif b"+" in raw:
        raw = raw.replace(b"+", b" ")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("The request is not in UTF-8.") from error
    if "\x00" in text:
        raise Unreadable("The request has a null character.")
    return text
