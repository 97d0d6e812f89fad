"""`idp init`: everything that an installation needs before it serves."""

from pathlib import Path

import click

from idp import __version__
from idp.base import clock, schema
from idp.base.crypto import Vault
from idp.base.db import Database
from idp.cli.context import Command, config_path, tell, work_on
from idp.keyring import installation, wrapping
from idp.keyring.wrapping import KeyFault
from idp.settings import Settings, load

_SQLITE = "sqlite:///"

CONFIG = """\
# Ostiary's configuration. Every setting, with its default and meaning, is in config.example.yaml
# and docs/reference/settings.md. Whatever is not set here has its default.

# Address that people and applications use. https, except on this machine.
base_url: http://localhost:8000

database:
  # SQLite is right for a trial and for small teams; for service: postgresql://user@host/name
  url: sqlite:///data/ostiary.db

keys:
  # Folder of the wrapping keys. Back it up, apart from the database: without it the database is lost.
  directory: keys

serve:
  host: 127.0.0.1
  port: 8000
"""


@click.command(cls=Command)
def init() -> None:
    """
    Make configuration, keys and database where they are missing. Safe to call again; overwrites nothing.
    """
    path = config_path()
    made: list[str] = []
    if not path.exists():
        _write_config(path)
        made.append(f"configuration {path}")
    made += prepare(load(path))
    words = [f"made {one}" for one in made] or ["everything was there already; nothing was changed"]
    tell({"config": str(path), "made": made, "schema": schema.expected()}, "\n".join(words))


def prepare(settings: Settings) -> list[str]:
    """
    Make keys and database where they are missing; return what was made.

    Raises:
        KeyFault: the database was made with wrapping keys that are not here.
        SchemaFault: the database was used by a newer version.
        Unavailable: the database does not answer.
    """
    made: list[str] = []
    folder = settings.keys.directory
    _make_folder(settings.database.url)
    if not wrapping.exists(folder):
        _refuse_used(settings, folder)
        wrapping.create(folder, clock.now())
        made.append(f"wrapping key in {folder}")
    database = Database(settings.database.url, wrapping.load(folder))
    try:
        before = schema.current(database)
        schema.migrate(database)
        if before != schema.expected():
            made.append(f"database schema {schema.expected()}")
        with work_on(database) as work:
            installation.initialize(work, __version__)
        installation.check(database)
    finally:
        database.dispose()
    return made


def _refuse_used(settings: Settings, folder: Path) -> None:
    database = Database(settings.database.url, Vault({}, ""))
    try:
        if installation.is_initialized(database):
            raise KeyFault(
                f"The database was initialised before, but {folder} holds no keyring.",
                advice="Restore the keys folder that belongs to this database from your backup.",
            )
    finally:
        database.dispose()


def _write_config(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(CONFIG)


def _make_folder(database_url: str) -> None:
    if database_url.startswith(_SQLITE):
        Path(database_url.removeprefix(_SQLITE)).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
