"""What the launcher says of an application of any protocol beside its name: a note, and that one may ask for it."""

from collections.abc import Mapping

from idp.audit.events import TileChanged
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile
from idp.base.work import Work
from idp.directory import names, queries
from idp.directory.models import Application
from idp.directory.rights import require_on
from idp.policy.permissions import Permission

LONGEST_NOTE = 1024


def set_tile(
    work: Work,
    application_id: str,
    *,
    note: str | None = None,
    requestable: bool | None = None,
    if_version: int | None = None,
) -> Application:
    """
    Change what the launcher says of an application of any protocol; what is None stays as it is.

    Args:
        note: what its tile tells people; empty: nothing.
        requestable: people may ask for access to it.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit it.
        Invalid: the note cannot be used.
        ChangedMeanwhile: somebody else has changed the application since.
    """
    found = to_edit(work, application_id, if_version)
    wanted = {"note": None if note is None else clean_note(note), "requestable": requestable}
    changed, before = apply(work, found, wanted)
    if changed:
        record(
            work,
            TileChanged(
                organization_id=found.organization_id,
                target_id=found.id,
                name=found.name,
                before=before,
                after=told(found, changed),
            ),
        )
    return found


def to_edit(work: Work, application_id: str, if_version: int | None) -> Application:
    """
    Return an application that the actor may edit. A part of verbs.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit it.
        ChangedMeanwhile: it has another version than *if_version*.
    """
    found = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, found)
    if if_version is not None and if_version != found.version:
        raise ChangedMeanwhile(found.id)
    return found


def apply(
    work: Work, found: Application, wanted: Mapping[str, str | bool | None]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Set what differs of an application; return the names of it, and how it was. A part of verbs."""
    changes = {part: value for part, value in wanted.items() if value is not None and value != getattr(found, part)}
    before = told(found, tuple(changes))
    for part, value in changes.items():
        setattr(found, part, value)
    if changes:
        work.tx.session.flush()
        work.tx.after_commit(work.tx.memory.forget)
    return tuple(changes), before


def told(of: Application, parts: tuple[str, ...]) -> dict[str, str]:
    """Return parts of an application as an audit entry tells them."""
    said = {part: getattr(of, part) for part in parts}
    return {part: ("yes" if value else "no") if isinstance(value, bool) else str(value) for part, value in said.items()}


def clean_note(value: str) -> str:
    """
    Return *value* as what a tile tells people; empty: nothing.

    Raises:
        Invalid: it cannot be used.
    """
    return names.words(value, longest=LONGEST_NOTE, field="note") if value.strip() else ""
