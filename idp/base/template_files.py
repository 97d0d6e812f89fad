"""
Reading the data files of application templates: each key is asked for once, with its kind.

A fault is one of ours, not of an administrator: it is a `TemplateFault`, which a test would have found.
"""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

_LONGEST_TEXT = 1000
_LONGEST_LINES = 4000
_T = TypeVar("_T")


class TemplateFault(ValueError):
    """A template file that is not right."""


class Part:
    """A mapping of the file: each key is asked for once; what nobody asked for is a fault (`finish`)."""

    def __init__(self, where: str, values: object) -> None:
        self.where = where
        if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
            raise TemplateFault(f"{where}: not a mapping")
        self.values: dict[str, Any] = dict(values)
        self.asked: set[str] = set()
        self.inner: list[Part] = []

    def fault(self, what: str) -> TemplateFault:
        """Return the fault that *what* is wrong here."""
        return TemplateFault(f"{self.where}: {what}")

    def take(self, key: str, default: Any = ...) -> Any:
        """Return what stands at *key*; without a default it must be there."""
        self.asked.add(key)
        value = self.values.get(key, default)
        if value is ...:
            raise self.fault(f"{key} is missing")
        return value

    def text(self, key: str, default: Any = ...) -> str:
        """Return the text of one line at *key*."""
        value = self.take(key, default)
        if not isinstance(value, str) or not value.isprintable() or len(value) > _LONGEST_TEXT:
            raise self.fault(f"{key} is no text")
        if value == "" and default == ...:
            raise self.fault(f"{key} is empty")
        return value

    def texts(self, key: str, *, least: int = 0) -> tuple[str, ...]:
        """Return the texts at *key*, *least* of them at least."""
        value = self.take(key, [])
        if not isinstance(value, list) or len(value) < least:
            raise self.fault(f"{key} is no list of at least {least} texts")
        listed = Part(f"{self.where}.{key}", {str(at): one for at, one in enumerate(value)})
        return tuple(listed.text(at) for at in listed.values)

    def flag(self, key: str, default: Any = ...) -> bool:
        """Return whether *key* is true."""
        value = self.take(key, default)
        if not isinstance(value, bool):
            raise self.fault(f"{key} is neither true nor false")
        return value

    def lines(self, key: str) -> str:
        """Return the text of several lines at *key*."""
        value = self.take(key)
        if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_LINES:
            raise self.fault(f"{key} is no text")
        if not all(line.isprintable() for line in value.splitlines()):
            raise self.fault(f"{key} has a character that cannot be seen")
        return value.rstrip()

    def part(self, key: str) -> "Part":
        """Return the mapping at *key*."""
        self.inner.append(Part(f"{self.where}.{key}", self.take(key)))
        return self.inner[-1]

    def parts(self, key: str) -> list["Part"]:
        """Return the list of mappings at *key*."""
        value = self.take(key, [])
        if not isinstance(value, list):
            raise self.fault(f"{key} is no list")
        made = [Part(f"{self.where}.{key}[{at}]", one) for at, one in enumerate(value)]
        self.inner += made
        return made

    def finish(self) -> None:
        """Find what nobody has asked for, here and in every part."""
        unknown = sorted(set(self.values) - self.asked)
        if unknown:
            raise self.fault(f"{unknown[0]} is unknown")
        for one in self.inner:
            one.finish()


def one_of(of: Part, key: str, known: Mapping[str, _T], default: Any = ...) -> _T:
    """Return what the word at *key* stands for among those *known*; the *default* as it is."""
    value = of.take(key, default)
    if value is default:
        return cast("_T", value)
    if not isinstance(value, str) or value not in known:
        raise of.fault(f"{key} is none of {', '.join(known)}")
    return known[value]
