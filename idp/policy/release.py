"""
Attribute release: which attributes may leave, and what is sent under which name. Pure.

Nothing leaves that no policy names. An attribute may leave where every level (organization, site,
application) that says anything about attributes names it. Rules say what is sent: those of the
application win over those of the site, and those over the organization's, name by name. Where no
level has a rule, every attribute that may leave is sent under its own name.

A rule that looks at an attribute which may not leave sends nothing, however it looks at it: as its
source, in a condition, or to make something else of it.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from idp.base.texts import joined, phrase
from idp.policy import expressions
from idp.policy.budget import Budget, TooMuchError
from idp.policy.patterns import cost, matches
from idp.policy.rules import ATTRIBUTE, CONSTANT, EXPRESSION, SOURCE_SAID, TYPED, Rule, typed

DEFAULT_RELEASE = ("email", "name", "groups")
LEVELS = ("organization", "site", "application")
"""Who may say something, the widest first."""

FRIENDLY_NAMES = {
    "email": "mail",
    "name": "displayName",
    "given_name": "givenName",
    "family_name": "sn",
    "groups": "isMemberOf",
}
"""What attributes are also called, where they are sent under their own names."""


class Level(NamedTuple):
    """
    What one level says: ``level`` is one of `LEVELS`.

    ``attributes`` may leave as far as this level is concerned; None: it says nothing about that.
    """

    level: str
    attributes: Collection[str] | None
    rules: tuple[Rule, ...] = ()


Attributes = Mapping[str, Sequence[str]]
Levels = Sequence[Level]


class Statement(NamedTuple):
    """
    What is sent under one name; ``origin`` says in words why: which rule of which level, from which source.

    ``name_format`` is one of `NAME_FORMATS`, ``type`` one of `TYPES`. There is at least one value.
    """

    name: str
    friendly_name: str
    name_format: str
    type: str
    values: tuple[str, ...]
    origin: str


class Silent(NamedTuple):
    """A name under which nothing is sent; ``because`` says in words why."""

    name: str
    origin: str
    because: str


class Policy(tuple[Level, ...]):
    """Levels that bear on an application, with what follows from them worked out once for everybody who opens it."""

    @cached_property
    def allowed(self) -> frozenset[str]:
        """The attributes that may leave."""
        stated = [frozenset(level.attributes) for level in self if level.attributes is not None]
        return frozenset.intersection(*stated) if stated else frozenset()

    @cached_property
    def effective(self) -> tuple[tuple[Rule, str], ...]:
        """The rules that count, each with its level: the narrowest level's for every name."""
        found: dict[str, tuple[Rule, str]] = {}
        for level in self:
            for rule in level.rules:
                found[rule.name] = (rule, level.level)
        return tuple(found.values())

    @cached_property
    def ready(self) -> "tuple[_Ready, ...]":
        """The same rules, as they are applied."""
        return tuple(
            _Ready(
                rule,
                f"rule of the {level}, from {SOURCE_SAID[rule.source]}{rule.value}",
                why_never(rule, self),
                expressions.parse(rule.value) if rule.source == EXPRESSION else None,
            )
            for rule, level in self.effective
        )


_LEVELS = {
    "organization": phrase("the organization"),
    "site": phrase("the site"),
    "application": phrase("the application"),
}


class _Ready(NamedTuple):
    rule: Rule
    origin: str
    never: str
    expression: expressions.Expression | None


def _policy(levels: Levels) -> Policy:
    return levels if isinstance(levels, Policy) else Policy(levels)


def may_leave(levels: Levels) -> frozenset[str]:
    """Return the attributes that every level names which names any; none where none does."""
    return _policy(levels).allowed


def withheld(attribute: str, levels: Levels) -> str:
    """Return in words who keeps *attribute* from leaving; empty where nobody does."""
    keep = [
        _LEVELS[level.level] for level in levels if level.attributes is not None and attribute not in level.attributes
    ]
    if len(keep) == 1:
        return phrase("%(level)s withholds it", level=keep[0])
    if keep:
        return phrase("%(levels)s withhold it", levels=joined(keep, " and "))
    if any(level.attributes is not None for level in levels):
        return ""
    return phrase("no level releases anything")


def released(attributes: Attributes, levels: Levels) -> dict[str, tuple[str, ...]]:
    """Return what of *attributes* may leave."""
    allowed = _policy(levels).allowed
    return {name: tuple(values) for name, values in attributes.items() if values and name in allowed}


def effective(levels: Levels) -> tuple[tuple[Rule, str], ...]:
    """Return the rules that count, each with its level: the narrowest level's for every name."""
    return _policy(levels).effective


def why_never(rule: Rule, levels: Levels) -> str:
    """Return in words why *rule* sends nothing of anybody as things stand; empty where it may send something."""
    kept = rule.reads() - may_leave(levels)
    return _withheld(kept, levels) if kept else ""


def made(expression: str, attributes: Attributes, levels: Levels) -> tuple[tuple[str, ...], str]:
    """
    Return what *expression* makes of what may leave of *attributes*, and in words why that is nothing where it is.

    For values that are sent elsewhere than in statements, as names of people: the same policy holds.
    """
    read, allowed = expressions.parse(expression), may_leave(levels)
    if not read.reads <= allowed:
        return (), _withheld(read.reads - allowed, levels)
    leaving = released(attributes, levels)
    values, fault = expressions.evaluate(read, leaving)
    sent = tuple(dict.fromkeys(value for value in values if value))
    return sent, "" if sent else fault or _missing(read.reads, leaving) or phrase("it makes no value")


def statements(attributes: Attributes, levels: Levels) -> tuple[Statement, ...]:
    """
    Return what is sent of a person.

    Args:
        attributes: everything that is known of the person.
        levels: what organization, site and application say, in this order; those that say nothing may be missing.
    """
    return statements_of(released(attributes, levels), levels)


def statements_of(leaving: Mapping[str, tuple[str, ...]], levels: Levels) -> tuple[Statement, ...]:
    """As `statements`, of what is known to be *leaving* (`released`)."""
    policy = _policy(levels)
    if not policy.effective:
        return _unruled(leaving)
    found = []
    budget = Budget()
    for ready in policy.ready:
        values = () if ready.never else _values(ready, leaving, budget)[0]
        if values:
            found.append(_statement(ready, values))
    return tuple(found)


def outcomes(attributes: Attributes, levels: Levels) -> tuple[Statement | Silent, ...]:
    """Return what is sent of a person, and for every rule that sends nothing why not."""
    policy = _policy(levels)
    leaving = released(attributes, policy)
    if not policy.effective:
        return _unruled(leaving)
    found: list[Statement | Silent] = []
    budget = Budget()
    for ready in policy.ready:
        values, fault = ((), ready.never) if ready.never else _values(ready, leaving, budget)
        if values:
            found.append(_statement(ready, values))
        else:
            found.append(Silent(ready.rule.name, ready.origin, fault or _why_nothing(ready.rule, leaving)))
    return tuple(found)


_UNRULED = "there is no rule: what may leave is sent under its own name"


def _unruled(leaving: Mapping[str, tuple[str, ...]]) -> tuple[Statement, ...]:
    return tuple(
        Statement(name, FRIENDLY_NAMES.get(name, ""), "basic", "none", values, _UNRULED)
        for name, values in leaving.items()
    )


def _statement(ready: _Ready, values: tuple[str, ...]) -> Statement:
    rule = ready.rule
    return Statement(rule.name, rule.friendly_name, rule.name_format, rule.type, values, ready.origin)


def _values(ready: _Ready, leaving: Attributes, budget: Budget) -> tuple[tuple[str, ...], str]:
    """Return the values that a rule makes; where that is more than *budget* allows, none, and that in words."""
    try:
        return _made(ready, leaving, budget)
    except TooMuchError as error:
        return (), error.fault


def _made(ready: _Ready, leaving: Attributes, budget: Budget) -> tuple[tuple[str, ...], str]:
    rule, fault = ready.rule, ""
    values: Sequence[str]
    if ready.expression is not None:
        values, fault = expressions.evaluate(ready.expression, leaving, budget)
    elif rule.source == ATTRIBUTE:
        values = leaving.get(rule.value, ())
    elif rule.source == CONSTANT:
        values = (rule.value,)
    else:
        return (), "the rule says so"
    if rule.only:
        values = [value for value in values if _is_wanted(rule, value, budget)]
    if rule.rename:
        budget.spend(len(values))
        values = [rule.rename.get(value, value) for value in values]
    if rule.type in TYPED:
        for value in values:
            budget.search(len(value))
        values = [typed(rule.type, value) or "" for value in values]
    return tuple(dict.fromkeys(filter(None, values))), fault


def _is_wanted(rule: Rule, value: str, budget: Budget) -> bool:
    for pattern in rule.only:
        budget.spend(cost(pattern, value))
        if matches(pattern, value):
            return True
    return False


def _why_nothing(rule: Rule, leaving: Attributes) -> str:
    missing = _missing(rule.reads(), leaving)
    if missing:
        return missing
    return "no value is left after what the rule leaves out" if rule.only else "there is no value of that type"


def _withheld(attributes: frozenset[str], levels: Levels) -> str:
    kept = min(attributes)
    return phrase("the attribute %(name)s may not leave: %(why)s", name=kept, why=withheld(kept, levels))


def _missing(reads: frozenset[str], leaving: Attributes) -> str:
    missing = sorted(name for name in reads if not leaving.get(name))
    return phrase("the person has no %(names)s", names=joined(missing, ", no ")) if missing else ""
