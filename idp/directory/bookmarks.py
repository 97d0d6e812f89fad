"""
Bookmarks: applications without single sign-on. A tile of the launcher that leads to an address, and nothing more.

Who may open one is granted as for any application; whoever cannot open it does not see the tile. The address itself
is guarded by whoever is there, not by us.
"""

from dataclasses import dataclass

from idp.audit.events import BookmarkChanged
from idp.audit.log import record
from idp.base.errors import Conflict
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import applications, names, queries, tiles
from idp.directory.models import Application
from idp.directory.rights import require_on
from idp.policy.permissions import Permission

PROTOCOL = "bookmark"


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different of a bookmark; what is None stays as it is."""

    name: str | None = None
    address: str | None = None
    note: str | None = None
    requestable: bool | None = None


def create(work: Work, site: str, *, name: str, address: str, note: str = "", requestable: bool = False) -> Application:
    """
    Register a bookmark at *site* (its short name); nobody may open it yet.

    Args:
        address: an https address.
        note: what its tile tells people; empty: nothing.
        requestable: people may ask for it.

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not register applications there.
        Invalid: the name, the address or the note cannot be used.
    """
    at = queries.site(work, site)
    require_on(work, Permission.APPLICATION_CREATE, at)
    leads_to = names.web_address(address, field="address")
    said = tiles.clean_note(note)
    made = applications.create(work, at, protocol=PROTOCOL, name=name, launch_url=leads_to)
    made.note, made.requestable = said, requestable
    work.tx.session.flush()
    record(
        work,
        BookmarkChanged(
            organization_id=made.organization_id,
            target_id=made.id,
            name=made.name,
            before={},
            after=tiles.told(made, ("launch_url", "note", "requestable")),
        ),
    )
    return made


def edit(work: Work, application_id: str, change: Change, *, if_version: int | None = None) -> Application:
    """
    Change a bookmark.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit it.
        Invalid: the name, the address or the note cannot be used.
        Conflict: it is no bookmark.
        ChangedMeanwhile: somebody else has changed it since.
    """
    found = tiles.to_edit(work, application_id, if_version)
    if found.protocol != PROTOCOL:
        raise Conflict(
            phrase(
                "“%(name)s” is no bookmark: its protocol says what it is called and where it starts.", name=found.name
            )
        )
    wanted = {
        "name": None if change.name is None else names.name(change.name),
        "launch_url": None if change.address is None else names.web_address(change.address, field="address"),
        "note": None if change.note is None else tiles.clean_note(change.note),
        "requestable": change.requestable,
    }
    changed, before = tiles.apply(work, found, wanted)
    if changed:
        record(
            work,
            BookmarkChanged(
                organization_id=found.organization_id,
                target_id=found.id,
                name=found.name,
                before=before,
                after=tiles.told(found, changed),
            ),
        )
    return found
