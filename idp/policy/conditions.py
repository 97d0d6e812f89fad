"""
A small language that says whether somebody belongs to a group. It cannot loop, call, look anything up, or run for long.

    condition = both ("or" both)*
    both      = one ("and" one)*
    one       = "not" one | "(" condition ")" | test
    test      = attribute "is" ["not"] text            | attribute "is" ["not"] "one" "of" list
              | attribute "is" ["not"] "set"           | attribute "contains" text
              | attribute "begins" "with" text         | attribute "ends" "with" text
              | attribute "matches" text               (``*`` stands for any characters)
              | "in" "group" text                      | "in" "one" "of" "the" "groups" list
    list      = "(" text ("," text)* ")"
    text      = "…", with \\" and \\\\ inside

    department is "Sales" and (city is one of ("Berlin", "Kraków") or title contains "lead") and not in group "Staff"

An attribute has any number of values; a test is true where one of them passes it, and ``is not`` where none does.
Capital and small letters are the same.

What is written is read once (`parse`): anything too long, too deep or wrong is refused in plain words. What was read
can always be evaluated (`holds`): where it would be too much work, nobody belongs to it. Pure. Nothing of
Python's is reachable from here, and no regular expression of the writer's is run (threats I14).
"""

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from idp.base.errors import Invalid
from idp.base.texts import is_plain, phrase
from idp.policy.budget import Budget, TooMuchError
from idp.policy.patterns import LONGEST_PATTERN, cost, is_attribute_name, is_pattern, matches

LONGEST = 4000
"""Characters of a condition."""
DEEPEST = 16
"""Parentheses and "not" inside of one another."""
MOST_TESTS = 100
MOST_LISTED = 100
"""Texts in one list."""
MOST_GROUPS = 20
"""Groups that one condition names."""

Attributes = Mapping[str, Sequence[str]]
_Step = Callable[["_Facts"], bool | None]


class _Facts(NamedTuple):
    attributes: Attributes
    groups: Collection[str]
    budget: Budget
    unsure: Collection[str]
    doubtful: Collection[str]


class _Named(NamedTuple):
    """A group that a condition names, and where that stands in its text."""

    reference: str
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was read. ``reads`` are the attributes, ``groups`` the groups that it turns on."""

    text: str
    reads: frozenset[str]
    groups: frozenset[str]
    named: tuple[_Named, ...]
    step: _Step


@lru_cache(maxsize=2048)
def parse(text: str) -> Condition:
    """
    Return the condition *text*, read.

    Raises:
        Invalid: it is none, or larger than the bounds above.
    """
    if len(text) > LONGEST:
        raise Invalid(phrase("A condition has at most %(longest)s characters.", longest=LONGEST), field="condition")
    parser = _Parser(_tokens(text))
    step = parser.condition(0)
    parser.end()
    named = tuple(parser.named)
    return Condition(text, frozenset(parser.reads), frozenset(one.reference for one in named), named, step)


def holds(
    condition: Condition,
    attributes: Attributes,
    groups: Collection[str] = (),
    *,
    unsure: Collection[str] = (),
    doubtful: Collection[str] = (),
) -> bool:
    """Say whether *condition* is true of somebody, as `judge`, and nothing makes that unsure."""
    return judge(condition, attributes, groups, unsure=unsure, doubtful=doubtful) is True


def judge(
    condition: Condition,
    attributes: Attributes,
    groups: Collection[str] = (),
    *,
    unsure: Collection[str] = (),
    doubtful: Collection[str] = (),
) -> bool | None:
    """
    Say whether *condition* is true of somebody; None: unsure. Total: it never raises, and ends soon.

    Args:
        attributes: the values of each attribute.
        groups: what the condition calls the groups that they are in: ids, once it was `renamed`.
        unsure: attributes of which nobody but that person says what they are. The condition is true only if it is
            whatever these are: neither they nor their contrary make it so.
        doubtful: groups that they would be in, or not, by such attributes alone: the same is true of these.
    """
    try:
        return condition.step(_Facts(attributes, groups, Budget(), unsure, doubtful))
    except TooMuchError:
        return False


def renamed(condition: Condition, call: Callable[[str], str]) -> str:
    """Return the text of *condition* with every group called as *call* says: by its id to keep it, by name to show it."""
    parts: list[str] = []
    at = 0
    for one in condition.named:
        parts += (condition.text[at : one.begins], quoted(call(one.reference)))
        at = one.ends
    return "".join((*parts, condition.text[at:]))


def quoted(text: str) -> str:
    """Return *text* as it stands in a condition."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# Reading


class _Token(NamedTuple):
    kind: str  # word, text, end, or the sign itself
    value: str
    at: int
    ends: int


_SIGNS = frozenset("(),")
_BEGINS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_GOES_ON = _BEGINS | frozenset("0123456789_-.")
_RESERVED = frozenset({"and", "or", "not", "in"})


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character in " \t\r\n":
            at += 1
            continue
        begins = at
        if character in _SIGNS:
            at += 1
            found.append(_Token(character, character, begins, at))
        elif character == '"':
            value, at = _text(text, begins)
            found.append(_Token("text", value, begins, at))
        elif character in _BEGINS:
            while at < len(text) and text[at] in _GOES_ON:
                at += 1
            found.append(_Token("word", text[begins:at], begins, at))
        else:
            shown = repr(character) if is_plain(character) else "this character"
            raise _wrong(at, f"{shown} means nothing here", 'Texts stand in double quotes: "like this".')
    found.append(_Token("end", "", len(text), len(text)))
    return found


def _text(text: str, begins: int) -> tuple[str, int]:
    """Return the text whose opening quote is at *begins*, and where it ends."""
    out: list[str] = []
    at = begins + 1
    while at < len(text):
        character = text[at]
        if character == '"':
            return "".join(out), at + 1
        if character == "\\":
            at += 1
            if at >= len(text) or text[at] not in '"\\':
                raise _wrong(at - 1, "a backslash stands before a quote or a backslash only")
            character = text[at]
        elif not is_plain(character):
            raise _wrong(at, "a text has no control characters")
        out.append(character)
        at += 1
    raise _wrong(begins, "this text has no closing quote")


def _wrong(at: int, what: str, advice: str = "") -> Invalid:
    return Invalid(
        phrase("This is no condition: %(what)s (character %(value)s).", what=what, value=at + 1),
        field="condition",
        advice=advice,
    )


class _Parser:
    """Recursive descent over a list of tokens; never deeper than `DEEPEST`."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._tests = 0
        self.reads: set[str] = set()
        self.named: list[_Named] = []

    def condition(self, depth: int) -> _Step:
        if depth > DEEPEST:
            raise _wrong(self._now.at, f"more than {DEEPEST} parentheses inside of one another")
        steps = [self._both(depth)]
        while self._took("or"):
            steps.append(self._both(depth))
        return steps[0] if len(steps) == 1 else _either(steps)

    def end(self) -> None:
        if self._now.kind != "end":
            raise self._missing("“and”, “or” or the end")

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _missing(self, what: str, advice: str = "") -> Invalid:
        before = f"before “{self._now.value[:40]}”" if self._now.kind != "end" else "at the end"
        return _wrong(self._now.at, f"{what} is missing {before}", advice)

    def _took(self, *words: str) -> bool:
        """Say whether exactly these words follow; they are taken then."""
        ahead = self._tokens[self._at : self._at + len(words)]
        if [token.value if token.kind == "word" else "" for token in ahead] != list(words):
            return False
        self._at += len(words)
        return True

    def _sign(self, sign: str) -> bool:
        if self._now.kind != sign:
            return False
        self._at += 1
        return True

    def _both(self, depth: int) -> _Step:
        steps = [self._one(depth)]
        while self._took("and"):
            steps.append(self._one(depth))
        return steps[0] if len(steps) == 1 else _not(_either([_not(step) for step in steps]))

    def _one(self, depth: int) -> _Step:
        if depth > DEEPEST:
            raise _wrong(self._now.at, f"more than {DEEPEST} “not” inside of one another")
        if self._took("not"):
            return _not(self._one(depth + 1))
        if self._sign("("):
            inner = self.condition(depth + 1)
            if not self._sign(")"):
                raise self._missing("a closing parenthesis")
            return inner
        self._tests += 1
        if self._tests > MOST_TESTS:
            raise _wrong(self._now.at, f"more than {MOST_TESTS} tests")
        return self._groups() if self._took("in") else self._attribute()

    def _groups(self) -> _Step:
        if self._took("group"):
            wanted = [self._group()]
        elif self._took("one", "of", "the", "groups"):
            wanted = self._list(self._group)
        else:
            raise self._missing("“group”", 'Write: in group "Staff"')
        if len({one.reference for one in self.named}) > MOST_GROUPS:
            raise _wrong(self._now.at, f"more than {MOST_GROUPS} groups")

        def step(facts: _Facts) -> bool | None:
            if any(one in facts.groups for one in wanted):
                return True
            return None if any(one in facts.doubtful for one in wanted) else False

        return step

    def _group(self) -> str:
        token = self._now
        reference = self._literal()
        self.named.append(_Named(reference, token.at, token.ends))
        return reference

    def _attribute(self) -> _Step:
        token = self._now
        if token.kind != "word" or token.value in _RESERVED or not is_attribute_name(token.value):
            raise self._missing("an attribute", 'Begin a test like: department is "Sales"')
        self._at += 1
        self.reads.add(token.value)
        return self._test(token.value)

    def _test(self, name: str) -> _Step:
        if self._took("is"):
            negated = self._took("not")
            step = self._is(name)
            return _not(step) if negated else step
        if self._took("contains"):
            part = self._folded()
            return _some(name, lambda value: part in value)
        if self._took("begins", "with"):
            part = self._folded()
            return _some(name, lambda value: value.startswith(part))
        if self._took("ends", "with"):
            part = self._folded()
            return _some(name, lambda value: value.endswith(part))
        if self._took("matches"):
            return self._matches(name)
        raise self._missing(
            "what is asked of the attribute", "There are: is, is not, contains, begins with, ends with, matches."
        )

    def _is(self, name: str) -> _Step:
        if self._took("set"):
            return lambda facts: None if name in facts.unsure else any(facts.attributes.get(name, ()))
        if self._took("one", "of"):
            among = frozenset(self._list(self._folded))
            return _some(name, lambda value: value in among)
        wanted = self._folded()
        return _some(name, lambda value: value == wanted)

    def _matches(self, name: str) -> _Step:
        at, pattern = self._now.at, self._folded()
        if not is_pattern(pattern):
            raise _wrong(at, f"a pattern has 1 to {LONGEST_PATTERN} characters")

        def step(facts: _Facts) -> bool | None:
            if name in facts.unsure:
                return None
            for value in _values(name, facts):
                facts.budget.spend(cost(pattern, value))
                if matches(pattern, value):
                    return True
            return False

        return step

    def _list(self, read: Callable[[], str]) -> list[str]:
        if not self._sign("("):
            raise self._missing("an opening parenthesis", 'Write: ("Berlin", "Kraków")')
        found = [read()]
        while self._sign(","):
            found.append(read())
            if len(found) > MOST_LISTED:
                raise _wrong(self._now.at, f"more than {MOST_LISTED} texts in one list")
        if not self._sign(")"):
            raise self._missing("a comma or a closing parenthesis")
        return found

    def _folded(self) -> str:
        return fold(self._literal())

    def _literal(self) -> str:
        token = self._now
        if token.kind != "text":
            raise self._missing("a text in quotes")
        if not token.value.strip():
            raise _wrong(token.at, "a text that is compared has characters")
        self._at += 1
        return token.value


# The steps. Each looks at values and pays for it.


def fold(value: str) -> str:
    """Return *value* as it is compared: whatever its capital letters, and however its accents are written."""
    return (
        value.lower()
        if value.isascii()
        else unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).casefold())
    )


def _not(step: _Step) -> _Step:
    def contrary(facts: _Facts) -> bool | None:
        said = step(facts)
        return None if said is None else not said

    return contrary


def _either(steps: Sequence[_Step]) -> _Step:
    """True where one of *steps* is; unsure (None) where none is true and one is unsure."""

    def either(facts: _Facts) -> bool | None:
        unsure = False
        for step in steps:
            said = step(facts)
            if said:
                return True
            unsure = unsure or said is None
        return None if unsure else False

    return either


def _values(name: str, facts: _Facts) -> list[str]:
    found: list[str] = []
    for value in facts.attributes.get(name, ()):
        facts.budget.search(len(value))
        found.append(fold(value))
    return found


def _some(name: str, passes: Callable[[str], bool]) -> _Step:
    return lambda facts: None if name in facts.unsure else any(passes(value) for value in _values(name, facts))
