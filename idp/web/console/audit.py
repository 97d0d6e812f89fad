"""The audit log: who did what, as sentences; narrowed, each entry, and as a file."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response

from idp.audit.events import catalogue
from idp.audit.models import AuditEntry
from idp.audit.sentences import sentence
from idp.base.work import Work
from idp.directory import history, history_lists
from idp.policy.permissions import Permission, require
from idp.web.console import exports, lists, log_filters
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.security import administrator

pages = Blueprint("console_audit", __name__, url_prefix="/admin/audit")

_PLACE = "audit"
_FILTERS = ("who", "what", "tag", "since", "until")
_MOST_EXPORTED = 1_000_000
_HEADS = ("at", "event", "sentence", "actor_kind", "actor", "target_id", "door", "ip", "request_id", "id")


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List entries, the newest first; the address says of whom, of what, which and when."""
    chosen = lists.filters(*_FILTERS)
    how, unknown = _how(work, desk, chosen)
    found = lists.listed(
        desk,
        "audit",
        chosen,
        lambda after, limit: history_lists.entries(work, desk.organization.id, after=after, limit=limit, **how),
        history_lists.key,
    )
    return console_page(
        work,
        desk,
        "console/audit/index.html",
        place=_PLACE,
        listed=found,
        unknown=unknown,
        nouns=[(noun, noun.replace("-", " ")) for noun in sorted({tag.partition(".")[0] for tag in catalogue()})],
    )


@pages.get("/<entry_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, entry_id: str) -> Response:
    """Show everything that an entry says."""
    entry = history.entry(work, desk.organization.id, entry_id)
    called = history_lists.called(work, desk.organization.id, {entry.target_id, entry.actor_id})
    return console_page(work, desk, "console/audit/show.html", place=_PLACE, entry=entry, called=called)


@pages.get("/audit.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the entries that the address asks for as a CSV file, streamed."""
    require(work, Permission.AUDIT_READ, desk.organization.id)  # once the answer has begun it is too late
    how, _ = _how(work, desk, lists.filters(*_FILTERS))
    return exports.as_csv(desk, "audit", _HEADS, lambda opened: map(_row, _every(opened, desk, how)))


@pages.get("/audit.jsonl")
@administrator
@at_desk
def as_json(work: Work, desk: Desk) -> Response:
    """Send the entries that the address asks for as JSON, one a line, streamed."""
    require(work, Permission.AUDIT_READ, desk.organization.id)
    how, _ = _how(work, desk, lists.filters(*_FILTERS))
    return exports.as_json(desk, "audit", lambda opened: map(_value, _every(opened, desk, how)))


def _how(work: Work, desk: Desk, chosen: dict[str, str]) -> tuple[dict[str, Any], bool]:
    """Return what to read, and whether somebody is asked for whom nobody knows."""
    who = log_filters.person(work, desk.organization.id, chosen["who"])
    what = log_filters.person(work, desk.organization.id, chosen["what"])
    how = {
        "actor": who.id,
        "target": what.id,
        "tag": chosen["tag"],
        "period": log_filters.period(chosen["since"], chosen["until"]),
    }
    return how, who.unknown or what.unknown


def _every(work: Work, desk: Desk, how: dict[str, Any]) -> Iterator[AuditEntry]:
    return history_lists.every_entry(work, desk.organization.id, most=_MOST_EXPORTED, **how)


def _row(of: AuditEntry) -> tuple[object, ...]:
    return (
        *(of.at.isoformat(), of.tag, sentence(of.tag, of.details), of.actor_kind, of.actor_name or of.actor_id),
        *(of.target_id, of.door, of.ip, of.request_id, of.id),
    )


def _value(of: AuditEntry) -> dict[str, Any]:
    return {
        "id": of.id,
        "at": of.at.isoformat(),
        "event": of.tag,
        "sentence": sentence(of.tag, of.details),
        "actor": {"kind": of.actor_kind, "id": of.actor_id, "name": of.actor_name},
        "target_id": of.target_id,
        "door": of.door,
        "ip": of.ip,
        "request_id": of.request_id,
        "details": of.details,
    }
