"""Addresses as people paste them: one or many, with or without a name, separated by lines, commas or semicolons."""

import re
from dataclasses import dataclass

from idp.base.errors import Invalid
from idp.base.texts import phrase

MOST = 200
"""So many addresses in one text; for more there are imports."""
LONGEST = 100_000

_SEPARATOR = re.compile(r'((?:[^"\r\n,;]|"[^"\r\n]*")+)')
_NAMED = re.compile(r'"?([^"<>]*?)"?\s*<([^<>]+)>')


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a text names: the address as it was written, and a name."""

    email: str
    name: str


def read(text: str) -> list[Invited]:
    """
    Return whom *text* names, in its order, each address once; whether they are addresses is not looked at.

    Raises:
        Invalid: it names nobody, or more than 200.
    """
    if len(text) > LONGEST:
        raise Invalid(
            "This text is too long.",
            field="emails",
            advice=phrase("Name at most %(most)s addresses at once.", most=MOST),
        )
    found: dict[str, Invited] = {}
    for part in _SEPARATOR.findall(text):
        one = _one(part.strip())
        if one.email:
            found.setdefault(one.email.lower(), one)
    if not found:
        raise Invalid("Name at least one e-mail address.", field="emails")
    if len(found) > MOST:
        raise Invalid(
            phrase("At most %(most)s people are invited at once.", most=MOST),
            field="emails",
            advice="Import a CSV file for more.",
        )
    return list(found.values())


def _one(part: str) -> Invited:
    named = _NAMED.fullmatch(part)
    email, name = (named[2].strip(), named[1].strip()) if named else (part, "")
    return Invited(email, name or name_of(email))


def name_of(email: str) -> str:
    """Return what a person may be called as long as only the address is known: ada.lovelace@… is Ada Lovelace."""
    local = email.partition("@")[0].partition("+")[0]
    return " ".join(word.capitalize() for word in re.split(r"[._-]+", local) if word) or email
