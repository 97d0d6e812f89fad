"""`idp application set`, and how a logo is given to a command."""

from pathlib import Path

import click

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.cli import show
from idp.cli.application_lookup import find
from idp.cli.context import Command, open_work, tell
from idp.directory import pictures, tiles
from idp.directory.models import Application
from idp.directory.pictures import Drawn

said_logo = click.option(
    "--logo", metavar="FILE", help="A PNG, JPEG, WebP or GIF file to show as its logo; empty: none."
)


def read_logo(path: str) -> Drawn | None:
    """
    Return the picture in a file, made anew; None where *path* is empty.

    Raises:
        Invalid: the file cannot be read, or is no picture that can be used.
    """
    if not path:
        return None
    try:
        with Path(path).open("rb") as file:
            uploaded = file.read(pictures.LONGEST_UPLOAD + 1)
    except OSError as error:
        raise Invalid(f"The file “{path[:200]}” cannot be read: {error.strerror}.", field="logo") from error
    return pictures.draw(uploaded)


def set_logo(work: Work, of: Application, path: str | None) -> None:
    """Give an application the logo in a file, where one was named."""
    if path is not None:
        pictures.set_of_application(work, of.id, read_logo(path))


@click.command("set", cls=Command)
@click.argument("application", metavar="APP")
@click.option("--note", metavar="TEXT", help="What its tile tells people; empty: nothing.")
@click.option("--requestable/--not-requestable", default=None, help="Whether people may ask for access to it.")
@said_logo
def set_application(application: str, note: str | None, requestable: bool | None, logo: str | None) -> None:
    """Change what the launcher shows of APP; what is not named stays as it is."""
    with open_work() as work:
        found = find(work, application)
        tiles.set_tile(work, found.id, note=note, requestable=requestable)
        set_logo(work, found, logo)
        tell(show.application(found), f"changed the tile of {found.name}")
