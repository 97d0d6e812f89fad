"""
Lists: pages by key, what a page's address says, and the same list as a file.

A `Listing` says what a list is: how its rows are read and ordered, what may narrow it, and what its file has. Its page
and its file read the same rows by the same filters of the address; a value that no filter knows is refused by both.

A cursor is the key of the last row that was shown, signed for this organization, this list and its filters (threats
T3): whoever alters it, or brings one of another list, begins at the start.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import orjson
from flask import Response, request, url_for

from idp.base.crypto import equal
from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import list_exports
from idp.web import context
from idp.web.console import exports
from idp.web.console.desk import Desk

Row = TypeVar("Row")
After = tuple[Any, ...] | None
"""The key of the last row that was read; None: nothing was read yet."""
Fits = Callable[[str], bool]
"""Says whether a value is one that a filter knows."""

ROWS = 50
"""Rows of a page."""
_IN_FILE_AT_ONCE = 500
_MAC = 16
_LONGEST_FILTER = 200
_LONGEST_CURSOR = 2000


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """A page of a list. ``next``, ``first`` and ``file`` (the list as CSV) are addresses; empty: there is none."""

    rows: Sequence[Row]
    filters: dict[str, str]
    next: str
    first: str
    file: str = ""

    @property
    def filtered(self) -> bool:
        return any(self.filters.values())


@dataclass(frozen=True, slots=True)
class At:
    """Which list is asked for: of which organization (id, and short name), narrowed how, and of what object."""

    organization_id: str
    organization: str
    chosen: Mapping[str, str]
    of: Any = None


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """
    A list of the console, as a page and as a file.

    Args:
        name: what its cursors are signed for, and what its file is called.
        file: the endpoint of the file; it takes what the page takes.
        read: reads at most so many rows after a key, and refuses whoever may not read them.
        key: the values that rows are ordered by, each a text or a number, as ``read`` takes them.
        heads: of the columns of the file. They stay as they are: people have scripts that read them.
        cells: the lines of the file for some rows, one or several for each.
        filters: what narrows the list, by the name in the address, and which values are known (`text`, `one_of`, `day`).
        cursor: the name in the address of where the page begins; another one for a second list on a page.
        most: rows of a page at most, where each takes much room; None: as many as of every list.
    """

    name: str
    file: str
    read: Callable[[Work, At, After, int], Sequence[Row]]
    key: Callable[[Row], Iterable[Any]]
    heads: Sequence[str]
    cells: Callable[[Work, At, Sequence[Row]], Iterable[Sequence[object]]]
    filters: Mapping[str, Fits] = field(default_factory=dict)
    cursor: str = "after"
    most: int | None = None

    def page(self, work: Work, desk: Desk, of: Any = None) -> Listed[Row]:
        """
        Return the page that the address asks for; *of*: the object that the list is of.

        Raises:
            Invalid: a filter has a value that it does not know.
        """
        at = self.at(desk, of)
        return listed(
            desk,
            self._name(at),
            dict(at.chosen),
            lambda after, limit: self.read(work, at, after, limit),
            self.key,
            file=self.file,
            cursor=self.cursor,
            limit=ROWS if self.most is None else min(ROWS, self.most),
        )

    def as_csv(self, work: Work, desk: Desk, of: Any = None) -> Response:
        """
        Answer with all rows that the filters of the address match, as a CSV file, streamed; it is audited.

        Raises:
            Invalid: a filter has a value that it does not know.
        """
        at = self.at(desk, of)
        self.read(work, at, None, 1)  # refuses whoever may not: once the answer has begun it is too late
        name, of_id = (f"{self.name}-{of}", "") if isinstance(of, str) else (self.name, _id_of(of))
        list_exports.note(work, at.organization_id, name, at.chosen, of_id=of_id)
        return exports.as_csv(desk, name, self.heads, lambda opened: self._lines(opened, at))

    def every(self, work: Work, at: At) -> Iterator[Row]:
        """Return all rows, read in parts of which none is kept."""
        for rows in self._parts(work, at):
            yield from rows

    def at(self, desk: Desk, of: Any = None) -> At:
        """
        Return which list the address asks for.

        Raises:
            Invalid: a filter has a value that it does not know.
        """
        return At(desk.organization.id, desk.organization.slug, self.narrowed_by(request.args), of)

    def narrowed_by(self, given: Mapping[str, str]) -> dict[str, str]:
        """
        Return what *given* (an address, or a form that carries what the address of a list said) narrows the list to.

        Raises:
            Invalid: a filter has a value that it does not know.
        """
        chosen = {name: given.get(name, "").strip()[:_LONGEST_FILTER] for name in self.filters}
        for name, value in chosen.items():
            fits = self.filters[name]
            if value and not fits(value):
                if fits is day:
                    raise Invalid("This is no day.", field=name, advice="Write it like 2026-11-30.")
                raise Invalid(
                    phrase("This list cannot be narrowed to “%(value)s”.", value=value[:80]),
                    field=name,
                    advice="Choose one of those that the list offers.",
                )
        return chosen

    def _name(self, at: At) -> str:
        return self.name if at.of is None else f"{self.name} of {_id_of(at.of)}"

    def _lines(self, work: Work, at: At) -> Iterator[Sequence[object]]:
        for rows in self._parts(work, at):
            yield from self.cells(work, at, rows)

    def _parts(self, work: Work, at: At) -> Iterator[Sequence[Row]]:
        after: After = None
        while found := list(self.read(work, at, after, _IN_FILE_AT_ONCE)):
            after = tuple(self.key(found[-1]))
            yield found
            work.tx.session.expunge_all()


def text(_: str) -> bool:
    """Take every text."""
    return True


def one_of(values: Iterable[str]) -> Fits:
    """Take one of *values*."""
    return frozenset(map(str, values)).__contains__


def day(said: str) -> bool:
    """Take a day, written like 2026-11-30."""
    try:
        return date.fromisoformat(said).isoformat() == said
    except ValueError:
        return False


def begins(name: str, said: str) -> bool:
    """Say whether a name begins with what a filter says, whatever the case; empty: every name does."""
    return name.casefold().startswith(said.casefold())


def part(rows: Sequence[Row], key: Callable[[Row], Iterable[Any]], after: After, limit: int) -> list[Row]:
    """Return at most *limit* of *rows*, which are few, in the order of their keys after the key *after*."""
    ordered = sorted(rows, key=lambda one: tuple(key(one)))  # a database may order texts in another way than we compare
    return [one for one in ordered if after is None or tuple(key(one)) > tuple(after)][:limit]


def filters(*names: str) -> dict[str, str]:
    """Return what the address says of each of *names*: stripped, and empty where it says nothing."""
    return {name: request.args.get(name, "").strip()[:_LONGEST_FILTER] for name in names}


def version() -> int | None:
    """
    Return the version that a form was opened for.

    Raises:
        Invalid: it is no number.
    """
    said = request.form.get("version", "")
    if not said:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) < 10):
        raise Invalid("This form cannot be read.", field="version", advice="Load the page again.")
    return int(said)


def number(name: str) -> int | None:
    """
    Return the number that a field of a form says; None where it is empty.

    Raises:
        Invalid: it is no number.
    """
    said = request.form.get(name, "").strip()
    if not said:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) < 10):
        raise Invalid("This is no number.", field=name, advice="Write it in digits.")
    return int(said)


def listed(
    desk: Desk,
    name: str,
    chosen: dict[str, str],
    read: Callable[[tuple[Any, ...] | None, int], Sequence[Row]],
    key: Callable[[Row], Iterable[Any]],
    *,
    file: str = "",
    cursor: str = "after",
    limit: int = ROWS,
) -> Listed[Row]:
    """
    Return the page of a list that the address asks for.

    Args:
        name: the list's, for its cursors.
        chosen: its filters, as `filters` returned them.
        read: reads rows after a key (None: from the start), at most so many.
        key: the values that rows are ordered by, each a text or a number.
        file: the endpoint of the list as a file, which takes what this address takes.
    """
    after = _read_cursor(desk, name, chosen, request.args.get(cursor, ""))
    rows = list(read(after, limit + 1))
    more = len(rows) > limit
    rows = rows[:limit]
    said = {filter_: value for filter_, value in chosen.items() if value}
    follow = {**said, cursor: _cursor(desk, name, chosen, [*key(rows[-1])])} if more else {}
    return Listed(
        rows,
        chosen,
        f"{request.path}?{urlencode(follow)}" if more else "",
        f"{request.path}?{urlencode(said)}" if after is not None else "",
        _address(file, said),
    )


def _address(file: str, said: dict[str, str]) -> str:
    values: dict[str, Any] = {**(request.view_args or {}), **said}
    return url_for(file, **values) if file else ""


def _id_of(of: Any) -> str:
    return of if isinstance(of, str) else getattr(of, "id", "")


def _cursor(desk: Desk, name: str, chosen: dict[str, str], key: list[Any]) -> str:
    content = orjson.dumps(key)
    return base64.urlsafe_b64encode(_mac(desk, name, chosen, content) + content).rstrip(b"=").decode("ascii")


def _read_cursor(desk: Desk, name: str, chosen: dict[str, str], text: str) -> tuple[Any, ...] | None:
    if not text or len(text) > _LONGEST_CURSOR or not text.isascii():
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    mac, content = raw[:_MAC], raw[_MAC:]
    if not equal(mac.hex(), _mac(desk, name, chosen, content).hex()):
        return None
    return tuple(orjson.loads(content))


def _mac(desk: Desk, name: str, chosen: dict[str, str], content: bytes) -> bytes:
    key = context.installation().database.vault.derived("list-cursor")
    about = orjson.dumps([desk.organization.id, name, sorted(chosen.items())])
    return hmac.new(key, about + b"\0" + content, hashlib.sha256).digest()[:_MAC]
