"""
Long lists: pages by key, and what a page's address says.

A cursor is the key of the last row that was shown, signed for this organization, this list and its filters (threats
T3): whoever alters it, or brings one of another list, begins at the start.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import orjson
from flask import request

from idp.base.crypto import equal
from idp.base.errors import Invalid
from idp.web import context
from idp.web.console.desk import Desk

Row = TypeVar("Row")

ROWS = 50
_MAC = 16
_LONGEST_FILTER = 200
_LONGEST_CURSOR = 2000


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """A page of a list. ``next`` and ``first`` are addresses; empty: there is none."""

    rows: Sequence[Row]
    filters: dict[str, str]
    next: str
    first: str

    @property
    def filtered(self) -> bool:
        return any(self.filters.values())


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


def listed(
    desk: Desk,
    name: str,
    chosen: dict[str, str],
    read: Callable[[tuple[Any, ...] | None, int], Sequence[Row]],
    key: Callable[[Row], Iterable[Any]],
    *,
    limit: int = ROWS,
) -> Listed[Row]:
    """
    Return the page of a list that the address asks for.

    Args:
        name: the list's, for its cursors.
        chosen: its filters, as `filters` returned them.
        read: reads rows after a key (None: from the start), at most so many.
        key: the values that rows are ordered by, each a text or a number.
    """
    after = _read_cursor(desk, name, chosen, request.args.get("after", ""))
    rows = list(read(after, limit + 1))
    more = len(rows) > limit
    rows = rows[:limit]
    said = {filter_: value for filter_, value in chosen.items() if value}
    follow = {**said, "after": _cursor(desk, name, chosen, [*key(rows[-1])])} if more else {}
    return Listed(
        rows,
        chosen,
        f"{request.path}?{urlencode(follow)}" if more else "",
        f"{request.path}?{urlencode(said)}" if after is not None else "",
    )


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
