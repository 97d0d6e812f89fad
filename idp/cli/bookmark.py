"""`idp bookmark …`"""

import click

from idp.cli import show
from idp.cli.application_lookup import find
from idp.cli.application_set import said_logo, set_logo
from idp.cli.context import Group, open_work, tell
from idp.directory import applications, bookmarks
from idp.directory.bookmarks import Change

_ADDRESS = "The https address that its tile leads to."
_NOTE = "What its tile tells people."


@click.group(cls=Group)
def bookmark() -> None:
    """Bookmarks: applications without single sign-on, as tiles of the launcher. See also: idp application."""


@bookmark.command()
@click.argument("name")
@click.argument("address")
@click.option("--site", required=True, metavar="SITE", help="Site to register it at.")
@click.option("--note", default="", metavar="TEXT", help=_NOTE)
@click.option("--requestable", is_flag=True, help="People may ask for it.")
@click.option("--everyone", is_flag=True, help="Let everyone of the organization open it at once.")
@said_logo
def create(name: str, address: str, site: str, note: str, requestable: bool, everyone: bool, logo: str | None) -> None:
    """Register the bookmark NAME, which leads to ADDRESS."""
    with open_work() as work:
        made = bookmarks.create(work, site, name=name, address=address, note=note, requestable=requestable)
        set_logo(work, made, logo)
        if everyone:
            applications.grant(work, made.id, everyone=True)
        who = "everyone of the organization may open it" if everyone else "nobody may open it yet"
        tell(show.application(made), f"created bookmark {made.name}: {who}\n  id  {made.id}")


@bookmark.command("set")
@click.argument("bookmark_id", metavar="BOOKMARK")
@click.option("--name", help="The name that people read.")
@click.option("--address", metavar="URL", help=_ADDRESS)
@click.option("--note", metavar="TEXT", help=_NOTE)
@click.option("--requestable/--not-requestable", default=None, help="Whether people may ask for it.")
@said_logo
def set_(
    bookmark_id: str,
    name: str | None,
    address: str | None,
    note: str | None,
    requestable: bool | None,
    logo: str | None,
) -> None:
    """Change BOOKMARK (app_…); what is not named stays as it is, and an empty note takes one away."""
    with open_work() as work:
        found = find(work, bookmark_id)
        changed = bookmarks.edit(work, found.id, Change(name, address, note, requestable))
        set_logo(work, changed, logo)
        tell(show.application(changed), f"changed bookmark {changed.name}")
