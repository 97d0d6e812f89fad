"""Names of attributes, and patterns in which ``*`` stands for any characters, or for none. Pure."""

import re

from idp.base.texts import is_plain

LONGEST_PATTERN = 256
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def is_attribute_name(value: str) -> bool:
    """Say whether *value* can name an attribute: a letter, then letters, digits and ``_ - .``, 64 at most."""
    return _ATTRIBUTE.fullmatch(value) is not None


def is_pattern(value: str) -> bool:
    """Say whether *value* can be a pattern: 1 to 256 characters, none of them invisible control characters."""
    return 0 < len(value) <= LONGEST_PATTERN and is_plain(value)


def cost(pattern: str, value: str) -> int:
    """Return the work of one `matches`, in units of the budget: only parts in the middle are searched for."""
    return 2 if pattern.count("*") < 2 else 2 + (len(value) + len(pattern)) // 4


def matches(pattern: str, value: str) -> bool:
    """
    Say whether the whole of *value* matches *pattern*, capital and small letters being different.

    The first place where a part fits is taken and never given up, so the work is bounded by the lengths.
    """
    head, star, rest = pattern.partition("*")
    if not star:
        return value == pattern
    if not rest:  # by far the most: what begins so
        return value.startswith(head)
    *parts, tail = rest.split("*")
    if len(value) < len(head) + len(tail) or not value.startswith(head) or not value.endswith(tail):
        return False
    at, end = len(head), len(value) - len(tail)
    for part in parts:
        at = value.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
