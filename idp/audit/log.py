"""The one writer of the audit log."""

import unicodedata
from dataclasses import fields
from typing import Any

import orjson
from sqlalchemy import insert

from idp.audit.events import Event
from idp.audit.models import AuditEntry
from idp.base.ids import new_ordered_id
from idp.base.json_columns import JsonText
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import Words, with_values
from idp.base.work import Work

_INSERT = Prepared(insert(table(AuditEntry)))
_COLUMNS = frozenset({"organization_id", "target_id"})
_LONGEST = 500
_DETAILS: dict[str, tuple[str, ...]] = {}
_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


_BACKSLASH, _DELETE = b"\\\x7f"
_AS_IT_IS = frozenset({int, bool, float, type(None)})


def plain(value: Any) -> Any:
    """Return *value* without control and direction characters, cut to 500 characters (T17)."""
    kind = type(value)
    if kind in _AS_IT_IS or (kind is str and len(value) <= _LONGEST and value.isascii() and value.isprintable()):
        return value  # almost everything; the hot roads come by here some forty times a request
    if isinstance(value, Words):
        return with_values(value, plain)
    if isinstance(value, str):
        if not value.isascii() or not value.isprintable():
            value = "".join(
                "\ufffd" if unicodedata.category(c) in ("Cc", "Cs") or c in _BIDI else c for c in value[: _LONGEST + 1]
            )
        return value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
    if isinstance(value, dict):
        return {
            str(key): item
            if type(item) is str and len(item) <= _LONGEST and item.isascii() and item.isprintable()
            else plain(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | frozenset | set):
        return [plain(item) for item in value]
    return value


def plain_json(value: Any) -> Any:
    """Return *value* as `plain` makes it, written as JSON already where nothing in it has to be changed."""
    try:
        written = orjson.dumps(value)
    except TypeError:  # a set, a key that is no text: `plain` knows what becomes of them
        return plain(value)
    return JsonText(written.decode("ascii")) if _is_plain(written) else plain(value)


def _is_plain(written: bytes) -> bool:
    """Say whether `plain` would change nothing: all is printable, nothing is escaped, and no text is too long."""
    if not written.isascii() or _BACKSLASH in written or _DELETE in written:  # other controls are escaped by orjson
        return False
    return len(written) <= _LONGEST or max(map(len, written.split(b'"'))) <= _LONGEST


def record(work: Work, event: Event) -> None:
    """Add *event* to the log, in the caller's transaction: both happen or neither."""
    work.tx.run(
        _INSERT,
        id=new_ordered_id("aud"),
        at=work.now,
        tag=event.tag,
        organization_id=event.organization_id,
        target_id=event.target_id,
        actor_kind=work.actor.kind,
        actor_id=work.actor.id,
        actor_name=plain(work.actor.name),
        door=work.origin.door,
        ip=work.origin.ip,
        request_id=work.origin.request_id,
        details=plain_json({name: getattr(event, name) for name in _details(type(event))}),
    )


def _details(event: type[Event]) -> tuple[str, ...]:
    """Return the names of what *event* says beside the columns that every entry has."""
    names = _DETAILS.get(event.tag)
    if names is None:
        names = _DETAILS[event.tag] = tuple(field.name for field in fields(event) if field.name not in _COLUMNS)
    return names
