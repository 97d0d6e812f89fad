"""What an audit entry says to a person: the sentence of its event, the details filled in."""

from collections.abc import Callable
from string import Formatter
from typing import Any

from idp.audit.events import catalogue


def sentence(tag: str, details: dict[str, Any], translate: Callable[[str], str] = str) -> str:
    """
    Return the sentence of an entry, its details filled in as plain text; the tag itself where it is not known.

    Args:
        translate: makes another language's pattern out of the English one.
    """
    event = catalogue().get(tag)
    if event is None:
        return tag
    parts: list[str] = []
    for words, name, _, _ in Formatter().parse(translate(event.sentence)):
        # never str.format: details are not ours (threats I14)
        parts.append(words)
        if name is not None:
            parts.append(_plain(details.get(name)))
    return "".join(parts)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {item}" for name, item in value.items()) or "nothing"
    return "" if value is None else str(value)
