"""
Filters (RFC 7644 section 3.4.2.2): from text to a tree. Pure, and bounded before anything is read (threats S3).

What attributes there are, and what a comparison with them means, is not known here: see `searching`.
"""

import json
import re
from dataclasses import dataclass

from idp.provisioning.scim.errors import INVALID_FILTER, ScimError, invalid

LONGEST = 2048
DEEPEST = 8
MOST_TERMS = 20
OPERATORS = frozenset({"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"})

Value = str | bool | int | float | None

_TOKEN = re.compile(
    r"\s*(?:(?P<mark>[()\[\]])|(?P<text>\"(?:[^\"\\]|\\.)*\")|(?P<word>[A-Za-z$_][A-Za-z0-9$_:.\-]*)|(?P<number>-?[0-9][0-9.eE+\-]*))"
)


@dataclass(frozen=True, slots=True)
class Compare:
    """That an attribute compares so with a value; ``path`` is as it was written."""

    path: str
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Present:
    """That an attribute has a value."""

    path: str


@dataclass(frozen=True, slots=True)
class Inside:
    """That one value of a multi-valued attribute is like that."""

    path: str
    of: "Filter"


@dataclass(frozen=True, slots=True)
class Not:
    """That something is not so."""

    of: "Filter"


@dataclass(frozen=True, slots=True)
class And:
    """That all is so."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """That one of it is so."""

    parts: tuple["Filter", ...]


Filter = Compare | Present | Inside | Not | And | Or


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def parse(text: str) -> Filter:
    """
    Return what a filter says.

    Raises:
        ScimError: ``invalidFilter``: it cannot be read, or is longer, deeper or of more terms than is taken.
    """
    if len(text) > LONGEST:
        raise _bad(f"A filter has at most {LONGEST} characters.")
    reader = _Reader(_tokens(text))
    found = reader.either(0)
    reader.end()
    return found


def _tokens(text: str) -> list[_Token]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise _bad("The filter cannot be read.")
        kind = match.lastgroup or ""
        found.append(_Token(kind, match.group(kind)))
        at = match.end()
    return found


class _Reader:
    """Reads tokens from left to right; ``and`` binds closer than ``or``, ``not`` closest."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._at, self._terms = tokens, 0, 0

    def either(self, depth: int) -> Filter:
        parts = [self._both(depth)]
        while self._took_word("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def end(self) -> None:
        if self._at != len(self._tokens):
            raise _bad("The filter goes on where it should end.")

    def _both(self, depth: int) -> Filter:
        parts = [self._one(depth)]
        while self._took_word("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _one(self, depth: int) -> Filter:
        if depth >= DEEPEST:
            raise _bad(f"A filter is at most {DEEPEST} deep.")
        if self._took_mark("("):
            return self._closed(")", depth)
        if self._peek("word").lower() == "not" and self._peek("mark", 1) == "(":
            self._at += 2
            return Not(self._closed(")", depth))
        return self._term(depth)

    def _closed(self, mark: str, depth: int) -> Filter:
        found = self.either(depth + 1)
        if not self._took_mark(mark):
            raise _bad(f"The filter has no “{mark}” where one should be.")
        return found

    def _term(self, depth: int) -> Filter:
        path = self._peek("word")
        if not path:
            raise _bad("The filter has no attribute where one should be.")
        self._at += 1
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise _bad(f"A filter has at most {MOST_TERMS} comparisons.")
        if self._took_mark("["):
            return Inside(path, self._closed("]", depth))
        operator = self._peek("word").lower()
        self._at += 1
        if operator == "pr":
            return Present(path)
        if operator not in OPERATORS:
            raise _bad("The filter has no operator where one should be.")
        return Compare(path, operator, self._value())

    def _value(self) -> Value:
        if self._at >= len(self._tokens):
            raise _bad("The filter has no value where one should be.")
        token = self._tokens[self._at]
        self._at += 1
        if token.kind == "word":
            known: dict[str, Value] = {"true": True, "false": False, "null": None}
            if token.text.lower() not in known:
                raise _bad("A text in a filter stands in quotation marks.")
            return known[token.text.lower()]
        if token.kind not in ("text", "number"):
            raise _bad("The filter has no value where one should be.")
        try:
            value = json.loads(token.text)
        except ValueError as error:
            raise _bad("A value in the filter cannot be read.") from error
        if isinstance(value, str) and ("\x00" in value or any("\ud800" <= c <= "\udfff" for c in value)):
            raise _bad("A value in the filter cannot be read.")
        return value  # type: ignore[no-any-return]  # a text or a number, as the token was

    def _peek(self, kind: str, further: int = 0) -> str:
        at = self._at + further
        return self._tokens[at].text if at < len(self._tokens) and self._tokens[at].kind == kind else ""

    def _took_word(self, word: str) -> bool:
        if self._peek("word").lower() != word:
            return False
        self._at += 1
        return True

    def _took_mark(self, mark: str) -> bool:
        if self._peek("mark") != mark:
            return False
        self._at += 1
        return True


def _bad(message: str) -> ScimError:
    return invalid(INVALID_FILTER, message)
