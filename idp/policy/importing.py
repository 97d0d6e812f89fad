"""
A file of accounts, read and compared: what each row would do, and what is wrong with it, column by column.

A file says nothing but what `COLUMNS` name: not who is verified, no password, no id, no organization (threats T6).
An empty cell leaves what is there as it is; groups are entered, never left.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from io import StringIO

from idp.base.errors import Invalid
from idp.base.texts import phrase

LONGEST = 5 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 64
MOST_GROUPS = 50
COLUMNS = ("email", "name", "given_name", "family_name", "groups", "kind")
ATTRIBUTE = "attribute:"
"""What stands before the name of a further attribute in the head of its column."""
SEPARATOR = "|"
"""Between several groups, and several values of an attribute, in one cell."""
KINDS = ("member", "guest")
_DELIMITERS = ",;"
_LONGEST_CELL = 20_000
_LONGEST_PROBLEM = 500
_GUARDED = re.compile(r"'[=+\-@\t\r]")
NAMES = ("name", "given_name", "family_name")


class Action(StrEnum):
    """What a row would do."""

    CREATE = "create"
    CHANGE = "change"
    UNCHANGED = "unchanged"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row, and in which column."""

    column: str
    message: str

    def __str__(self) -> str:
        """Return it as people read it."""
        return f"{self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file, its values in their canonical form. ``line`` is where it begins; the head is line 1."""

    line: int
    email: str
    key: str
    names: Mapping[str, str]
    groups: tuple[str, ...]
    kind: str
    attributes: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """
    How values are brought into their canonical form; each raises `Invalid` with the reason.

    ``attribute`` takes the name and the values of a further attribute.
    """

    email: Callable[[str], str]
    key: Callable[[str], str]
    name: Callable[[str], str]
    attribute_name: Callable[[str], str]
    attribute: Callable[[str, Sequence[str]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Present:
    """An account that is there: what a file could change of it. ``groups`` are the ids of those it is in."""

    id: str
    kind: str
    names: Mapping[str, str]
    attributes: Mapping[str, Sequence[str]]
    groups: frozenset[str]
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Directory:
    """
    What a file is compared with.

    Args:
        accounts: by the canonical form of their address.
        groups: the ids of groups, by the names that the file uses; those that are missing do not exist.
        closed: why nobody is put into a group by a file, by the name that the file uses.
        may_create, may_change: whether whoever imports may create accounts, and change them.
    """

    accounts: Mapping[str, Present]
    groups: Mapping[str, str]
    closed: Mapping[str, str] = field(default_factory=dict)
    may_create: bool = True
    may_change: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """
    What one row would do.

    ``before`` and ``after`` name only what differs: ``name``, ``given_name``, ``family_name``, ``kind``,
    ``attribute:<name>`` (lists), and ``groups`` (ids that the account would enter; only in ``after``).
    """

    line: int
    email: str
    action: Action
    before: Mapping[str, object]
    after: Mapping[str, object]
    problem: str = ""
    account_id: str | None = None


def read(octets: bytes, rules: Rules, *, start: int = 0, most: int = MOST_ROWS) -> list[Row]:
    """
    Return the rows of a CSV file (UTF-8, with or without a mark; commas or semicolons; a head), from the row *start*
    on (the first is 0), at most *most*; without a start, of a file of any length that there may be.

    What is wrong with a row is said in it; what is wrong with the file refuses the file.

    Raises:
        Invalid: it is too large, no UTF-8, no CSV, has no head or an unknown column, no row or too many.
    """
    head, lines = _opened(octets, rules)
    rows: list[Row] = []
    seen: dict[str, int] = {}
    for number, (line, cells) in enumerate(_filled(lines)):
        if number >= start + most:
            break
        if number < start:  # so far only to know addresses that are there twice
            key = _key(head, cells, rules)
        else:
            rows.append(_row(line, head, cells, rules, seen))
            key = rows[-1].key
        if key:
            seen.setdefault(key, line)
    return rows


def count(octets: bytes, rules: Rules) -> int:
    """
    Return how many rows a CSV file has; what is in them is not looked at.

    Raises:
        Invalid: as of `read`: what is wrong with the file.
    """
    return sum(1 for _ in _filled(_opened(octets, rules)[1]))


def _opened(octets: bytes, rules: Rules) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Return the columns of a file, and its lines below them."""
    if len(octets) > LONGEST:
        raise _fault(f"The file has more than {LONGEST // 1024 // 1024} MB.", "Split it.")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _fault("The file is not in UTF-8.", "Save it as “CSV UTF-8”.") from error
    if "\x00" in text:
        raise _fault("The file holds characters that belong in no text.", "Save it as “CSV UTF-8”.")
    lines = _lines(text)
    return _head(next(lines, (1, []))[1], rules), lines


def _filled(lines: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are not empty: rows."""
    known = 0
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if known == MOST_ROWS:
            raise _fault(f"The file has more than {MOST_ROWS:,} rows.", "Split it.")
        known += 1
        yield line, cells
    if not known:
        raise _fault("The file names nobody.", "Write a row for each account below the head.")


def _key(head: Sequence[str], cells: Sequence[str], rules: Rules) -> str:
    """Return the canonical form of the address in a row, as `_row` has it; empty: there is none."""
    at = head.index("email")
    value = _plain(cells[at][:_LONGEST_CELL]) if at < len(cells) else ""
    try:
        return rules.key(value) if rules.email(value) else ""
    except Invalid:
        return ""


def _fault(message: str, advice: str) -> Invalid:
    return Invalid(message, field="file", advice=advice)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise _fault(
            f"The file is no CSV: line {reader.line_num} cannot be read ({error}).",
            "Put cells that hold quotes, commas or line breaks into quotes.",
        ) from error


def _head(cells: Sequence[str], rules: Rules) -> list[str]:
    head = [cell.strip() for cell in cells]
    head = [cell if cell.lower().startswith(ATTRIBUTE) else cell.lower().replace(" ", "_") for cell in head]
    head = [ATTRIBUTE + cell[len(ATTRIBUTE) :] if cell.lower().startswith(ATTRIBUTE) else cell for cell in head]
    if "email" not in head:
        raise _fault(
            "The file has no column “email”.",
            phrase("Its first line names the columns: %(columns)s.", columns=", ".join(COLUMNS)),
        )
    if len(head) > MOST_COLUMNS:
        raise _fault(f"The file has more than {MOST_COLUMNS} columns.", "Take out those that are not needed.")
    for column in head:
        _check_column(column, rules)
        if head.count(column) > 1:
            raise _fault(f"The column “{column[:80]}” is there twice.", "Take one of them out.")
    return head


def _check_column(column: str, rules: Rules) -> None:
    if column in COLUMNS:
        return
    if not column.startswith(ATTRIBUTE):
        raise _fault(
            f"The column “{column[:80]}” is not known.",
            phrase(
                "There are %(columns)s, and %(prefix)s<name> for further attributes. Take it out, or rename it.",
                columns=", ".join(COLUMNS),
                prefix=ATTRIBUTE,
            ),
        )
    try:
        rules.attribute_name(column.removeprefix(ATTRIBUTE))
    except Invalid as error:
        raise _fault(f"The column “{column[:80]}” cannot be imported: {error.message}", error.advice) from error


def _row(line: int, head: Sequence[str], cells: Sequence[str], rules: Rules, seen: Mapping[str, int]) -> Row:
    problems: list[Problem] = []
    if len(cells) > len(head) or any(len(cell) > _LONGEST_CELL for cell in cells):
        problems.append(Problem("row", "It has more cells than there are columns, or a cell that is far too long."))
        cells = [cell[:_LONGEST_CELL] for cell in cells[: len(head)]]
    values = {column: _plain(cell) for column, cell in zip(head, cells, strict=False)}

    def taken(column: str, take: Callable[[str], str]) -> str:
        try:
            return take(values.get(column, ""))
        except Invalid as error:
            problems.append(Problem(column, error.message))
            return ""

    email = taken("email", rules.email)
    key = taken("email", rules.key) if email else ""
    if key in seen:
        problems.append(Problem("email", f"Line {seen[key]} has this address, too."))
    names = {part: taken(part, rules.name) for part in NAMES if values.get(part)}
    kind = values.get("kind", "").lower()
    if kind and kind not in KINDS:
        problems.append(Problem("kind", f"An account is {' or '.join(KINDS)}."))
    groups = tuple(dict.fromkeys(_split(values.get("groups", ""))))
    if len(groups) > MOST_GROUPS:
        problems.append(Problem("groups", f"A row names at most {MOST_GROUPS} groups."))
    attributes: dict[str, tuple[str, ...]] = {}
    for column in head:
        texts = _split(values.get(column, "")) if column.startswith(ATTRIBUTE) else []
        if not texts:
            continue
        called = column.removeprefix(ATTRIBUTE)
        try:
            attributes[called] = tuple(rules.attribute(called, texts))
        except Invalid as error:
            problems.append(Problem(column, error.message))
    shown = email or values.get("email", "")[:320]
    return Row(line, shown, key, names, groups[:MOST_GROUPS], kind, attributes, tuple(problems))


def _plain(cell: str) -> str:
    """Exports put a quote before what a spreadsheet would take for a formula (threats T16): it is taken off again."""
    value = cell.strip(" ")
    return value[1:].strip() if _GUARDED.match(value) else value.strip()


def _split(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(SEPARATOR) if part.strip()]


def compare(rows: Sequence[Row], with_: Directory) -> list[Difference]:
    """Return what each row would do."""
    return [_compared(row, with_) for row in rows]


def _compared(row: Row, with_: Directory) -> Difference:
    found = with_.accounts.get(row.key) if row.key else None
    problems = [*row.problems, *_of_groups(row, found, with_)]
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    if found is None:
        after, more = _created(row, with_)
    else:
        before, after, more = _changed(row, found, with_)
    entered = sorted(
        {with_.groups[name] for name in row.groups if name in with_.groups}
        - (frozenset() if found is None else found.groups)
    )
    if entered:
        after["groups"] = entered
    problems += more
    if found is not None and found.refused and after:
        problems.append(Problem("email", found.refused))
    account_id = None if found is None else found.id
    if problems:
        told = "; ".join(map(str, problems))
        told = told if len(told) <= _LONGEST_PROBLEM else told[:_LONGEST_PROBLEM] + "…"
        return Difference(row.line, row.email, Action.WRONG, {}, {}, told, account_id)
    if found is None:
        return Difference(row.line, row.email, Action.CREATE, before, after)
    action = Action.CHANGE if after else Action.UNCHANGED
    return Difference(row.line, row.email, action, before, after, account_id=account_id)


def _of_groups(row: Row, found: Present | None, with_: Directory) -> Iterator[Problem]:
    for name in row.groups:
        if name not in with_.groups:
            yield Problem("groups", f"There is no group “{name[:80]}”.")
        elif name in with_.closed and (found is None or with_.groups[name] not in found.groups):
            yield Problem("groups", with_.closed[name])


def _created(row: Row, with_: Directory) -> tuple[dict[str, object], list[Problem]]:
    problems = [] if with_.may_create else [Problem("email", "You may not create accounts.")]
    name = row.names.get("name") or " ".join(
        part for part in (row.names.get("given_name"), row.names.get("family_name")) if part
    )
    if not name and not any(problem.column in NAMES for problem in row.problems):
        problems.append(Problem("name", "A new account needs a name."))
    after: dict[str, object] = {"name": name, **{p: v for p, v in row.names.items() if p != "name"}}
    after["kind"] = row.kind or KINDS[0]
    after.update({ATTRIBUTE + called: list(texts) for called, texts in row.attributes.items()})
    return after, problems


def _changed(row: Row, found: Present, with_: Directory) -> tuple[dict[str, object], dict[str, object], list[Problem]]:
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    for part, value in row.names.items():
        if value and value != found.names.get(part, ""):
            before[part], after[part] = found.names.get(part, ""), value
    for called, texts in row.attributes.items():
        if list(texts) != list(found.attributes.get(called, ())):
            before[ATTRIBUTE + called], after[ATTRIBUTE + called] = list(found.attributes.get(called, ())), list(texts)
    problems = []
    if after and not with_.may_change:
        problems.append(Problem("email", "You may not change accounts."))
    if row.kind and row.kind != found.kind:
        problems.append(Problem("kind", f"The account is there as a {found.kind}; a file does not change that."))
    return before, after, problems
