"""
What is sent under one name, as an administrator has said it, and whether it can be taken. Pure.

What rules come to for a person, and what they may not look at, is in `release`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from idp.base.errors import Invalid
from idp.base.texts import is_plain, is_storable, phrase
from idp.policy import expressions
from idp.policy.patterns import is_attribute_name, is_pattern

ATTRIBUTE, CONSTANT, EXPRESSION, NOTHING = "attribute", "constant", "expression", "nothing"
SOURCES = (ATTRIBUTE, CONSTANT, EXPRESSION, NOTHING)
"""Where values come from; ``nothing`` takes back what a wider level would send under that name."""
NAME_FORMATS = ("basic", "uri", "unspecified")
TYPES = ("string", "boolean", "integer", "none")

MOST_RULES = 100
MOST_PATTERNS = 50
MOST_RENAMED = 200
LONGEST_NAME = 512
LONGEST_CONSTANT = 2048
LONGEST_RENAMED = 1024

_FIELDS = ("name", "friendly_name", "name_format", "type", "source", "value", "only", "rename")
_BOOLEANS = {"true": "true", "1": "true", "false": "false", "0": "false"}
TYPED = ("boolean", "integer")
_LONGEST_INTEGER = 64


@dataclass(frozen=True, slots=True)
class Rule:
    """
    What is sent under one name.

    Args:
        name: the name that the application knows it by.
        friendly_name: what people call it; empty: nothing.
        name_format: one of `NAME_FORMATS`; what kind of name it is.
        type: one of `TYPES`; values that do not fit it are left out, ``none`` says no type.
        source: one of `SOURCES`.
        value: the attribute's name, the constant, or the expression.
        only: patterns with ``*``; values that match none of them are left out. Empty: all stay.
        rename: what single values are called instead; others stay.

    Raises:
        Invalid: something in it cannot be taken; ``field`` says what.
    """

    name: str
    source: str
    value: str = ""
    friendly_name: str = ""
    name_format: str = "basic"
    type: str = "string"
    only: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        _check_name(self)
        _check_source(self)
        _check_values(self)

    def reads(self) -> frozenset[str]:
        """Return the attributes that bear on what is sent."""
        if self.source == ATTRIBUTE:
            return frozenset((self.value,))
        return expressions.parse(self.value).reads if self.source == EXPRESSION else frozenset()

    def to_json(self) -> dict[str, Any]:
        """Return the rule as JSON values."""
        values = {name: getattr(self, name) for name in _FIELDS}
        return {**values, "only": list(self.only), "rename": dict(self.rename)}

    @classmethod
    def from_json(cls, values: object) -> Self:
        """
        Return the rule that `to_json` wrote, or that somebody wrote by hand.

        Left out, ``name_format`` is ``uri`` for a name that is one, else ``basic``; ``type`` is ``string``.

        Raises:
            Invalid: it is no rule; ``field`` says what is wrong.
        """
        if not isinstance(values, dict):
            raise Invalid("A rule is a JSON object.", field="rules")
        unknown = [key for key in values if key not in _FIELDS]
        if unknown:
            shown = unknown[0][:80] if is_plain(unknown[0][:80]) else "…"
            raise Invalid(
                phrase("A rule has no “%(shown)s”.", shown=shown),
                field="rules",
                advice=phrase("It has: %(value)s.", value=", ".join(_FIELDS)),
            )
        texts = {key: _text(values, key) for key in values if key not in ("only", "rename")}
        if "name" not in texts or "source" not in texts:
            raise Invalid("A rule needs a name and a source.", field="rules")
        texts.setdefault("name_format", "uri" if is_uri(texts["name"]) else "basic")
        only, rename = values.get("only", []), values.get("rename", {})
        if not isinstance(only, list) or not all(_is_text(one) for one in only):
            raise Invalid("What a rule sends only is a list of patterns.", field="only")
        if not isinstance(rename, dict) or not all(_is_text(one) for pair in rename.items() for one in pair):
            raise Invalid("What a rule renames is an object of texts.", field="rename")
        return cls(**texts, only=tuple(only), rename=dict(rename))


def rules_from_json(values: object) -> tuple[Rule, ...]:
    """
    Return the rules of a JSON list.

    Raises:
        Invalid: it is none, one of them is no rule, two have one name, or there are too many.
    """
    if not isinstance(values, list):
        raise Invalid("Rules are a JSON list.", field="rules", advice='Write them like [{"name": …, "source": …}].')
    if len(values) > MOST_RULES:
        raise Invalid(phrase("A level has at most %(most_rules)s rules.", most_rules=MOST_RULES), field="rules")
    return checked(tuple(Rule.from_json(value) for value in values))


def checked(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """
    Return *rules* if one level can have them together.

    Raises:
        Invalid: two have one name, or there are too many.
    """
    if len(rules) > MOST_RULES:
        raise Invalid(phrase("A level has at most %(most_rules)s rules.", most_rules=MOST_RULES), field="rules")
    seen: set[str] = set()
    for rule in rules:
        if rule.name in seen:
            raise Invalid(
                phrase("There are two rules for “%(name)s”.", name=rule.name[:120]),
                field="rules",
                advice="One name has one rule; an expression can put values together.",
            )
        seen.add(rule.name)
    return tuple(rules)


def differences(before: Sequence[Rule], after: Sequence[Rule]) -> tuple[str, ...]:
    """Return in words, one line a rule, what was added, removed and changed."""
    old, new = {rule.name: rule for rule in before}, {rule.name: rule for rule in after}
    found = [f"added “{name}” ({described(rule)})" for name, rule in new.items() if name not in old]
    found += [f"removed “{name}” ({described(rule)})" for name, rule in old.items() if name not in new]
    for name, rule in new.items():
        if name in old and rule != old[name]:
            was, now = old[name].to_json(), rule.to_json()
            parts = [f"{key}: {_said(was[key])} → {_said(now[key])}" for key in _FIELDS if was[key] != now[key]]
            found.append(f"changed “{name}” ({'; '.join(parts)})")
    if not found and list(old) != list(new):
        found.append("changed the order")
    return tuple(found)


def described(rule: Rule) -> str:
    """Return in words what *rule* sends."""
    said = f"{SOURCE_SAID[rule.source]}{rule.value}"
    said += f", only {', '.join(rule.only)}" if rule.only else ""
    said += f", renamed {_said(dict(rule.rename))}" if rule.rename else ""
    kind = rule.name_format if rule.type in ("string", "none") else f"{rule.name_format}, {rule.type}"
    return f"{said} [{kind}]"


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} as {other}" for name, other in value.items()) or "nothing"
    return (", ".join(value) if isinstance(value, list) else str(value)) or "nothing"


SOURCE_SAID = {
    ATTRIBUTE: "the attribute ",
    CONSTANT: "the constant ",
    EXPRESSION: "the expression ",
    NOTHING: "nothing",
}


def typed(kind: str, value: str) -> str | None:
    """Return *value* as its type writes it (XML Schema Part 2 sections 3.2.2 and 3.3.13); None if it is none."""
    if kind == "boolean":
        return _BOOLEANS.get(value.strip().lower())
    if kind == "integer":
        stripped = value.strip()
        digits = stripped[1:] if stripped[:1] in ("+", "-") else stripped
        return stripped if digits.isascii() and digits.isdigit() and len(stripped) <= _LONGEST_INTEGER else None
    return value


def is_uri(value: str) -> bool:
    """Say whether *value* looks like an absolute URI: a scheme, a colon, more, and no space."""
    scheme, colon, rest = value.partition(":")
    named = scheme[:1].isalpha() and scheme.isascii() and all(c.isalnum() or c in "+-." for c in scheme)
    return bool(colon and rest) and named and not any(c.isspace() for c in value)


def _text(values: dict[str, Any], key: str) -> str:
    value = values[key]
    if not isinstance(value, str) or not is_storable(value):
        raise Invalid(phrase("The %(key)s of a rule is text.", key=key), field=key)
    return value


def _is_text(value: Any) -> bool:
    """JSON can spell what is no text, and can be nested deeper than anybody looks."""
    return isinstance(value, str) and is_storable(value)


def _check_name(rule: Rule) -> None:
    if not 0 < len(rule.name) <= LONGEST_NAME or not is_plain(rule.name) or rule.name != rule.name.strip():
        raise Invalid(
            phrase(
                "A rule's name has 1 to %(longest_name)s characters, and no control characters.",
                longest_name=LONGEST_NAME,
            ),
            field="name",
            advice="Write it as the application does, without spaces around it.",
        )
    if len(rule.friendly_name) > LONGEST_NAME or not is_plain(rule.friendly_name):
        raise Invalid("A friendly name has no control characters.", field="friendly_name")
    if rule.name_format not in NAME_FORMATS:
        raise Invalid(
            phrase("There is no name format “%(name_format)s”.", name_format=rule.name_format[:40]),
            field="name_format",
            advice=phrase("Choose among %(value)s.", value=", ".join(NAME_FORMATS)),
        )
    if rule.name_format == "uri" and not is_uri(rule.name):
        raise Invalid(
            phrase("“%(name)s” is no URI.", name=rule.name[:120]),
            field="name_format",
            advice="Names like urn:oid:… or https://… have the format uri; others are basic or unspecified.",
        )


def _check_source(rule: Rule) -> None:
    if rule.source not in SOURCES:
        raise Invalid(
            phrase("There is no source “%(source)s”.", source=rule.source[:40]),
            field="source",
            advice=phrase("Choose among %(value)s.", value=", ".join(SOURCES)),
        )
    if rule.source == ATTRIBUTE and not is_attribute_name(rule.value):
        raise Invalid(
            phrase("“%(value)s” is no attribute's name.", value=rule.value[:80]),
            field="value",
            advice="Write it like department.",
        )
    if rule.source == CONSTANT and (not 0 < len(rule.value) <= LONGEST_CONSTANT or not is_plain(rule.value)):
        raise Invalid(
            phrase(
                "A constant has 1 to %(longest_constant)s characters, and no control characters.",
                longest_constant=LONGEST_CONSTANT,
            ),
            field="value",
        )
    if rule.source == EXPRESSION:
        expressions.parse(rule.value)
    if rule.source == NOTHING and rule.value:
        raise Invalid("A rule that sends nothing has no value.", field="value")


def _check_values(rule: Rule) -> None:
    if rule.type not in TYPES:
        raise Invalid(
            phrase("There is no type “%(type)s”.", type=rule.type[:40]),
            field="type",
            advice=phrase("Choose among %(value)s.", value=", ".join(TYPES)),
        )
    if rule.source == CONSTANT and typed(rule.type, rule.value) is None:
        raise Invalid(phrase("“%(value)s” is no %(type)s.", value=rule.value[:80], type=rule.type), field="value")
    if len(rule.only) > MOST_PATTERNS or not all(is_pattern(pattern) for pattern in rule.only):
        raise Invalid(
            phrase(
                "A rule has at most %(most_patterns)s patterns, of 1 to 256 characters without control characters.",
                most_patterns=MOST_PATTERNS,
            ),
            field="only",
        )
    becomes = rule.rename.values()
    if len(rule.rename) > MOST_RENAMED or not all(
        len(value) <= LONGEST_RENAMED and is_plain(value) for value in becomes
    ):
        raise Invalid(
            phrase(
                "A rule renames at most %(most_renamed)s values, to %(longest_renamed)s characters without control characters.",
                most_renamed=MOST_RENAMED,
                longest_renamed=LONGEST_RENAMED,
            ),
            field="rename",
        )
    if any(len(value) > LONGEST_RENAMED for value in rule.rename):
        raise Invalid(
            phrase(
                "A value to be renamed has at most %(longest_renamed)s characters.", longest_renamed=LONGEST_RENAMED
            ),
            field="rename",
        )
