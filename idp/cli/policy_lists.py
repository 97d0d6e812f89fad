"""Reading who enters which authentication policy from a CSV file."""

import csv
from dataclasses import dataclass
from typing import TextIO

from idp.base.errors import IdpError, Invalid

_MOST_CHARACTERS = 8 * 1024 * 1024
_HEADINGS = ("email", "e-mail")


@dataclass(frozen=True, slots=True)
class Line:
    """Who enters which policy; ``number`` is of the line in the file, 0 where there is none. ``error``: it cannot be read."""

    number: int
    email: str
    policy: str
    error: IdpError | None = None


def read_list(file: TextIO, to: str | None) -> list[Line]:
    """
    Return the lines of a file: ``email`` or ``email,policy``. A first line of headings and empty lines are left out.

    Args:
        to: the policy of those whose line names none.

    Raises:
        Invalid: it is no such file, or too long.
    """
    found: list[Line] = []
    seen: set[str] = set()
    try:
        text = file.read(_MOST_CHARACTERS + 1)
        if len(text) > _MOST_CHARACTERS:
            raise Invalid(
                "This list is too long.", field="csv", advice=f"It has at most {_MOST_CHARACTERS} characters."
            )
        rows = csv.reader(text.splitlines(keepends=True))
        for row in rows:
            cells = [cell.strip() for cell in row]
            if any(cells) and (found or cells[0].casefold() not in _HEADINGS):
                found.append(_line(rows.line_num, cells, to, seen))
    except (csv.Error, UnicodeDecodeError) as error:
        raise Invalid("This file cannot be read as CSV in UTF-8.", field="csv", cause=str(error)) from error
    return found


def _line(number: int, cells: list[str], to: str | None, seen: set[str]) -> Line:
    email, policy = cells[0], (cells[1] if len(cells) > 1 else "") or to or ""
    problem = None
    if len(cells) > 2 or not email:
        problem = Invalid("A line is: email, or email,policy.", field="csv")
    elif not policy:
        problem = Invalid("This line names no policy, and there is no --to.", field="csv")
    elif email.casefold() in seen:
        problem = Invalid("This address is in the list already.", field="csv")
    seen.add(email.casefold())
    return Line(number, email, policy, problem)
