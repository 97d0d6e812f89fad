"""
Placeholders in the texts of templates: ``{workspace}`` stands for the value of the field workspace.

Nothing else is replaced, and what is put in is never looked at again (I14). ``${…}`` belongs to the
vendor and stays as it is.
"""

import re
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"(?<!\$)\{([a-z][a-z_]{0,39})\}")
_OF_THE_VENDOR = re.compile(r"\$\{[^{}]*\}")


def names(text: str) -> tuple[str, ...]:
    """Return the names of the placeholders in *text*, in order."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """
    Return *text* with the values of its placeholders.

    Raises:
        KeyError: *values* has none for one of them.
    """
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


def shown(text: str, values: Mapping[str, str]) -> str:
    """Return *text* with the values that are known; other placeholders as the vendor's reader would write them."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1]) or found[1].upper(), text)


def is_clean(text: str) -> bool:
    """Say whether every brace of *text* belongs to a placeholder, or to ``${…}`` of the vendor's."""
    left = _OF_THE_VENDOR.sub("", _PLACEHOLDER.sub("", text))
    return "{" not in left and "}" not in left
