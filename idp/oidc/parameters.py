"""
Parameters of a request, decoded once and strictly (application/x-www-form-urlencoded).

Nothing is repaired: a repeated name, a broken escape or bytes that are no UTF-8 are faults,
because two readers of the same octets must not see two different requests (O1, O12).
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

MOST_BYTES = 8192
MOST_NAMES = 64
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Unreadable(ValueError):
    """The parameters cannot be decoded; the message is one of ours."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """
    The parameters of one request. ``repeated`` names those that came more than once.

    A parameter without a value counts as absent (RFC 6749 section 3.1).
    """

    values: dict[str, str]
    repeated: frozenset[str] = field(default_factory=frozenset)

    def get(self, name: str) -> str | None:
        """Return the value of *name*, None where it is absent."""
        return self.values.get(name) or None

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
    if encoded:
        for part in encoded.split(b"&"):
            if not part:
                continue
            name_, _, value_ = part.partition(b"=")
            name = decoded(name_)
            if name in values:
                repeated.add(name)
            elif len(values) >= MOST_NAMES:
                raise Unreadable("The request has too many parameters.")
            else:
                values[name] = decoded(value_)
    return Parameters(values, frozenset(repeated)) if repeated else Parameters(values)


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
