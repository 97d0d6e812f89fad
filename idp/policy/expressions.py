"""
A small language that makes values out of attributes. It cannot loop, call, look anything up, or run for long.

    expression = term ("+" term)*
    term       = text | name | function "(" argument ("," argument)* ")" | "(" expression ")"
    text       = "…", with \\" and \\\\ inside

A name is an attribute: the list of its values, empty where the person has none. Every expression is a
list of texts. Attributes, texts and these functions are all there is:

    first(x, y, …)              the first value of x; where x has none, the first of y, …
    lower(x)  upper(x)          each value in small, in capital letters
    join(x, ", ")               one value: all of x with ", " between them
    before(x, "@")  after(x, "@")   what is before, after the first "@"; values without "@" are left out
    replace(x, "a", "b")        each "a" replaced by "b"
    map(x, "a", "b", …, "z")    "a" becomes "b", …; other values become "z", or are left out without it
    if(x contains "a*", y, z)   y where one of the values of x matches, else z (nothing without it)
    x + y                       each value of x followed by each of y: nothing where one of them is empty

What is written is read once (`parse`): anything too long, too deep or wrong is refused in plain words.
What was read can always be evaluated (`evaluate`): where it would make too much it makes nothing at all.
Pure. Nothing of Python's is reachable from here, and no regular expression of the writer's is run (I14).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from idp.base.errors import Invalid
from idp.base.texts import is_plain, phrase
from idp.policy.budget import Budget, TooMuchError
from idp.policy.patterns import cost, is_attribute_name, matches

LONGEST = 1000
"""Characters of an expression."""
DEEPEST = 16
"""Functions and parentheses inside of one another."""
MOST_VALUES = 1000
LONGEST_VALUE = 4096
Attributes = Mapping[str, Sequence[str]]
_Values = tuple[str, ...]
_Step = Callable[[Attributes, Budget], _Values]


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was read. ``reads`` are the attributes that bear on it, in whatever way."""

    text: str
    reads: frozenset[str]
    step: _Step


class Evaluated(NamedTuple):
    """What came of an expression; ``fault`` says why there is nothing where it would have been too much."""

    values: tuple[str, ...]
    fault: str = ""


@lru_cache(maxsize=2048)
def parse(text: str) -> Expression:
    """
    Return the expression *text*, read.

    Raises:
        Invalid: it is none, or longer or deeper than `LONGEST` and `DEEPEST`.
    """
    if len(text) > LONGEST:
        raise Invalid(phrase("An expression has at most %(longest)s characters.", longest=LONGEST), field="value")
    parser = _Parser(_tokens(text))
    step = parser.expression(0)
    parser.expect("end")
    return Expression(text, frozenset(parser.reads), step)


def evaluate(expression: Expression, attributes: Attributes, budget: Budget | None = None) -> Evaluated:
    """
    Return what *expression* makes of *attributes*. Total: it never raises, and ends soon.

    Args:
        budget: what is left of the work for all that is made of a person (default: this is all).
    """
    try:
        return Evaluated(expression.step(attributes, budget or Budget()))
    except TooMuchError as error:
        return Evaluated((), error.fault)


def texts(text: str) -> tuple[str, ...]:
    """Return the texts that stand in the expression *text*, in their order."""
    return tuple(token.value for token in _tokens(parse(text).text) if token.kind == "text")


# Reading


class _Token(NamedTuple):
    kind: str  # name, text, end, or the sign itself
    value: str
    at: int


_SIGNS = frozenset("+(),")
_NAME_BEGINS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_NAME_GOES_ON = _NAME_BEGINS | frozenset("0123456789_-.")


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character in " \t\n":
            at += 1
        elif character in _SIGNS:
            found.append(_Token(character, character, at))
            at += 1
        elif character == '"':
            value, end = _quoted(text, at)
            found.append(_Token("text", value, at))
            at = end
        elif character in _NAME_BEGINS:
            end = at
            while end < len(text) and text[end] in _NAME_GOES_ON:
                end += 1
            found.append(_Token("name", text[at:end], at))
            at = end
        else:
            raise _wrong(at, f"{character!r} means nothing here", 'Texts stand in double quotes: "like this".')
    found.append(_Token("end", "", at))
    return found


def _quoted(text: str, begin: int) -> tuple[str, int]:
    """Return the text whose opening quote is at *begin*, and where it ends."""
    out: list[str] = []
    at = begin + 1
    while at < len(text):
        character = text[at]
        if character == '"':
            return "".join(out), at + 1
        if character == "\\":
            at += 1
            if at >= len(text) or text[at] not in '"\\':
                raise _wrong(at - 1, "a backslash stands before a quote or a backslash only", "")
            character = text[at]
        elif not is_plain(character):
            raise _wrong(at, "a text has no control characters", "")
        out.append(character)
        at += 1
    raise _wrong(begin, "this text has no closing quote", "")


def _wrong(at: int, what: str, advice: str) -> Invalid:
    return Invalid(
        phrase("This is no expression: %(what)s (character %(value)s).", what=what, value=at + 1),
        field="value",
        advice=advice,
    )


class _Parser:
    """Recursive descent over a list of tokens; never deeper than `DEEPEST`."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self.reads: set[str] = set()

    def expect(self, kind: str) -> _Token:
        token = self._tokens[self._at]
        if token.kind != kind:
            raise self.wrong(f"{_SAID[kind]} is missing")
        self._at += 1
        return token

    def wrong(self, what: str) -> Invalid:
        token = self._tokens[self._at]
        before = f"before “{token.value[:40]}”" if token.kind != "end" else "at the end"
        return _wrong(token.at, f"{what} {before}", "")

    def expression(self, depth: int) -> _Step:
        if depth > DEEPEST:
            raise _wrong(self._tokens[self._at].at, f"more than {DEEPEST} functions inside of one another", "")
        steps = [self._term(depth)]
        while self._took("+"):
            steps.append(self._term(depth))
        return steps[0] if len(steps) == 1 else _joined(steps)

    def literal(self) -> str:
        return self.expect("text").value

    def comma(self) -> None:
        self.expect(",")

    def word(self, wanted: str) -> None:
        token = self._tokens[self._at]
        if token.kind != "name" or token.value != wanted:
            raise self.wrong(f"the word “{wanted}” is missing")
        self._at += 1

    def more(self) -> bool:
        """Say whether another argument follows; the comma is taken then."""
        return self._took(",")

    def _took(self, kind: str) -> bool:
        if self._tokens[self._at].kind != kind:
            return False
        self._at += 1
        return True

    def _term(self, depth: int) -> _Step:
        token = self._tokens[self._at]
        if token.kind == "text":
            self._at += 1
            return _constant(token.value)
        if token.kind == "(":
            self._at += 1
            inner = self.expression(depth + 1)
            self.expect(")")
            return inner
        if token.kind != "name":
            raise self.wrong("an attribute, a text or a function is missing")
        if self._tokens[self._at + 1].kind == "(":
            return self._function(token, depth)
        if not is_attribute_name(token.value):
            raise self.wrong("an attribute's name of at most 64 characters is missing")
        self._at += 1
        self.reads.add(token.value)
        return _attribute(token.value)

    def _function(self, token: _Token, depth: int) -> _Step:
        make = _FUNCTIONS.get(token.value)
        if make is None:
            raise _wrong(
                token.at, f"there is no function “{token.value[:40]}”", f"There are: {', '.join(sorted(_FUNCTIONS))}."
            )
        self._at += 2
        step = make(self, depth + 1)
        self.expect(")")
        return step


_SAID = {"end": "the end", "text": "a text in quotes", ",": "a comma", ")": "a closing parenthesis"}


# The steps. Each looks at values and makes values, and pays for what it makes.


def _constant(text: str) -> _Step:
    values = (text,)
    return lambda attributes, budget: values


def _attribute(name: str) -> _Step:
    def step(attributes: Attributes, budget: Budget) -> _Values:
        return _paid(attributes.get(name, ()), budget)

    return step


def _paid(values: Iterable[str], budget: Budget) -> _Values:
    """Return *values*, each paid for as it is made: what is too much is noticed before there is more of it."""
    made: list[str] = []
    for value in values:
        _pay(value, made, budget)
    return tuple(made)


def _pay(value: str, made: list[str], budget: Budget) -> None:
    """Put *value* beside what is *made* already, and pay for it."""
    length = len(value)
    if length > LONGEST_VALUE or len(made) == MOST_VALUES:
        raise TooMuchError
    budget.make(length)
    made.append(value)


def _joined(steps: list[_Step]) -> _Step:
    def step(attributes: Attributes, budget: Budget) -> _Values:
        made: _Values = ("",)
        for one in steps:
            values = one(attributes, budget)
            made = _paid((left + right for left in made for right in values), budget)
        return made

    return step


def _each(change: Callable[[str], str | None], of: _Step, *, searches: bool = False) -> _Step:
    """Change each value on its own; None leaves it out. *searches*: it looks for something in the value."""

    def step(attributes: Attributes, budget: Budget) -> _Values:
        made: list[str] = []
        for value in of(attributes, budget):
            if searches:
                budget.search(len(value))
            else:
                budget.spend(1)  # also for what is left out
            changed = change(value)
            if changed is not None:
                _pay(changed, made, budget)
        return tuple(made)

    return step


def _lower(parser: _Parser, depth: int) -> _Step:
    return _each(str.lower, parser.expression(depth))


def _upper(parser: _Parser, depth: int) -> _Step:
    return _each(str.upper, parser.expression(depth))


def _first(parser: _Parser, depth: int) -> _Step:
    choices = [parser.expression(depth)]
    while parser.more():
        choices.append(parser.expression(depth))

    def step(attributes: Attributes, budget: Budget) -> _Values:
        for choice in choices:
            values = choice(attributes, budget)
            if values:
                return values[:1]
        return ()

    return step


def _join(parser: _Parser, depth: int) -> _Step:
    of = parser.expression(depth)
    parser.comma()
    between = parser.literal()

    def step(attributes: Attributes, budget: Budget) -> _Values:
        values = of(attributes, budget)
        if not values:
            return ()
        if sum(map(len, values)) + len(between) * len(values) > LONGEST_VALUE:
            raise TooMuchError
        return _paid((between.join(values),), budget)

    return step


def _before(parser: _Parser, depth: int) -> _Step:
    of, mark = _split(parser, depth)

    def change(value: str) -> str | None:
        head, found, _ = value.partition(mark)
        return head if found else None

    return _each(change, of, searches=True)


def _after(parser: _Parser, depth: int) -> _Step:
    of, mark = _split(parser, depth)

    def change(value: str) -> str | None:
        _, found, tail = value.partition(mark)
        return tail if found else None

    return _each(change, of, searches=True)


def _split(parser: _Parser, depth: int) -> tuple[_Step, str]:
    of = parser.expression(depth)
    parser.comma()
    return of, _not_empty(parser)


def _not_empty(parser: _Parser) -> str:
    value = parser.literal()
    if not value:
        raise parser.wrong("an empty text can be found nowhere, so one with characters is missing")
    return value


def _replace(parser: _Parser, depth: int) -> _Step:
    of, old = _split(parser, depth)
    parser.comma()
    new = parser.literal()

    def change(value: str) -> str:
        # Counted first: what would be too long is never made.
        if len(value) + value.count(old) * (len(new) - len(old)) > LONGEST_VALUE:
            raise TooMuchError
        return value.replace(old, new)

    return _each(change, of, searches=True)


def _map(parser: _Parser, depth: int) -> _Step:
    of = parser.expression(depth)
    parser.comma()
    given = [parser.literal()]
    while parser.more():
        given.append(parser.literal())
    if len(given) < 2:
        raise parser.wrong("what the value becomes is missing")
    other = given.pop() if len(given) % 2 else None
    becomes = dict(zip(given[::2], given[1::2], strict=True))
    return _each(lambda value: becomes.get(value, other), of)


def _if(parser: _Parser, depth: int) -> _Step:
    looked_at = parser.expression(depth)
    parser.word("contains")
    pattern = parser.literal()
    parser.comma()
    then = parser.expression(depth)
    otherwise = parser.expression(depth) if parser.more() else None

    def step(attributes: Attributes, budget: Budget) -> _Values:
        for value in looked_at(attributes, budget):
            budget.spend(cost(pattern, value))
            if matches(pattern, value):
                return then(attributes, budget)
        return () if otherwise is None else otherwise(attributes, budget)

    return step


_FUNCTIONS: dict[str, Callable[[_Parser, int], _Step]] = {
    "after": _after,
    "before": _before,
    "first": _first,
    "if": _if,
    "join": _join,
    "lower": _lower,
    "map": _map,
    "replace": _replace,
    "upper": _upper,
}
