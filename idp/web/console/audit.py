"""The audit log: who did what, as sentences; narrowed, each entry, and as a file."""

from typing import Any

from flask import Blueprint, Response

from idp.audit.events import catalogue
from idp.audit.models import AuditEntry
from idp.audit.sentences import sentence
from idp.base.work import Work
from idp.directory import history, history_lists, list_exports
from idp.policy.permissions import Permission, require
from idp.web.console import exports, lists, log_filters
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.console.lists import At
from idp.web.security import administrator

pages = Blueprint("console_audit", __name__, url_prefix="/admin/audit")

_PLACE = "audit"


def _is_tag(said: str) -> bool:
    return said in catalogue() or said in {tag.partition(".")[0] for tag in catalogue()}


LIST = lists.Listing(
    name="audit",
    file="console_audit.as_csv",
    read=lambda work, at, after, limit: history_lists.entries(
        work, at.organization_id, after=after, limit=limit, **_how(work, at)
    ),
    key=history_lists.key,
    heads=("at", "event", "sentence", "actor_kind", "actor", "target_id", "door", "ip", "request_id", "id"),
    cells=lambda work, at, rows: map(_row, rows),
    filters={"who": lists.text, "what": lists.text, "tag": _is_tag, "since": lists.day, "until": lists.day},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List entries, the newest first; the address says of whom, of what, which and when."""
    found = LIST.page(work, desk)
    named = (log_filters.person(work, desk.organization.id, found.filters[one]) for one in ("who", "what"))
    return console_page(
        work,
        desk,
        "console/audit/index.html",
        place=_PLACE,
        listed=found,
        unknown=any(one.unknown for one in named),
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
    return LIST.as_csv(work, desk)


@pages.get("/audit.jsonl")
@administrator
@at_desk
def as_json(work: Work, desk: Desk) -> Response:
    """Send the entries that the address asks for as JSON, one a line, streamed."""
    require(work, Permission.AUDIT_READ, desk.organization.id)  # once the answer has begun it is too late
    at = LIST.at(desk)
    list_exports.note(work, at.organization_id, LIST.name, at.chosen)
    return exports.as_json(desk, LIST.name, lambda opened: map(_value, LIST.every(opened, at)))


def _how(work: Work, at: At) -> dict[str, Any]:
    """Return what to read."""
    return {
        "actor": log_filters.person(work, at.organization_id, at.chosen["who"]).id,
        "target": log_filters.person(work, at.organization_id, at.chosen["what"]).id,
        "tag": at.chosen["tag"],
        "period": log_filters.period(at.chosen["since"], at.chosen["until"]),
    }


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
