"""`idp migrate`"""

import click

from idp.base import schema
from idp.base.db import Database
from idp.cli.context import Command, settings, tell
from idp.keyring import installation, wrapping


@click.command(cls=Command)
def migrate() -> None:
    """Bring the database to the schema of this version. Make a backup first."""
    of = settings()
    database = Database(of.database.url, wrapping.load(of.keys.directory))
    try:
        before = schema.current(database)
        if installation.is_initialized(database):
            installation.check(database)
        schema.migrate(database)
    finally:
        database.dispose()
    after = schema.expected()
    words = f"the database is at schema {after}" + (" already" if before == after else f", before: {before or 'empty'}")
    tell({"before": before, "after": after}, words)
