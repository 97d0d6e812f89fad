"""What an application template asks the administrator for, and what it has them enter at the vendor."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from idp.base.template_files import Part, one_of

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FIELD_NAME = re.compile(r"[a-z][a-z_]{0,39}")
_Give = TypeVar("_Give", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Field:
    """
    Something to ask the administrator for.

    Args:
        name: its placeholder.
        label: what the vendor calls it.
        help: where to find it.
        pattern: what the whole value must match.
        example: a value that does.
    """

    name: str
    label: str
    help: str
    pattern: str
    example: str


@dataclass(frozen=True, slots=True)
class Value(Generic[_Give]):
    """A setting at the vendor, under the vendor's ``label``: something of ours to ``give``, or a text to ``enter``."""

    label: str
    give: _Give | None
    enter: str


def checked_name(of: Part, name: str) -> str:
    """
    Return *name*, which can be the name of a template.

    Raises:
        TemplateFault: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise of.fault("a name has small letters, digits and dashes")
    return name


def is_field_name(name: str) -> bool:
    """Say whether *name* can be the name of a field."""
    return _FIELD_NAME.fullmatch(name) is not None


def pattern(of: Part, field: Field) -> re.Pattern[str]:
    """
    Return the pattern of *field*, which its example matches.

    Raises:
        TemplateFault: it is no pattern, or the example does not match it.
    """
    try:
        made = re.compile(field.pattern)
    except re.error as error:
        raise of.fault(f"the pattern of {field.name} is none: {error}") from None
    if not made.fullmatch(field.example):
        raise of.fault(f"the example of {field.name} does not match its pattern")
    return made


def value(of: Part, gives: type[_Give]) -> Value[_Give]:
    """
    Return the setting at the vendor that *of* speaks of.

    Args:
        gives: the kinds of what of ours can be given.

    Raises:
        TemplateFault: it is neither given nor entered, or both.
    """
    give = one_of(of, "give", {kind.value: kind for kind in gives}, None)
    enter = of.text("enter", "")
    if (give is None) == (not enter):
        raise of.fault("a value is given or entered, one of the two")
    return Value(of.text("label"), give, enter)
