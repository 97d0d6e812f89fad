"""How a command is made and how it gets its work: configuration, database, the operator as actor."""

import getpass
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson

from idp.base import clock, schema
from idp.base.db import Database
from idp.base.ids import new_id
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.keyring import installation, wrapping
from idp.policy.permissions import OPERATOR
from idp.settings import Settings, default_path, load
from idp.signon import breached


@dataclass
class Chosen:
    """What every command may be told, before or after its name."""

    config: Path | None = None
    json: bool = False


def _choose_config(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.ensure_object(Chosen).config = value


def _choose_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Chosen).json = True


def _shared_options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--config"],
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            expose_value=False,
            callback=_choose_config,
            help="Configuration file (default: config.yaml).",
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            expose_value=False,
            callback=_choose_json,
            help="Print the result as JSON.",
        ),
    ]


class Command(click.Command):
    """A command that knows ``--config`` and ``--json``."""

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.params.extend(_shared_options())


class Group(click.Group):
    """A group of such commands, which knows the same two."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.params.extend(_shared_options())


def chosen() -> Chosen:
    """Return what this call was told of configuration and form."""
    return click.get_current_context().ensure_object(Chosen)


def config_path() -> Path:
    """Return the configuration file of this call."""
    return chosen().config or default_path()


def settings() -> Settings:
    """
    Return the settings of this call.

    Raises:
        SettingsError: the configuration file is missing or faulty.
    """
    return load(config_path())


@contextmanager
def open_database(of: Settings) -> Iterator[Database]:
    """
    Open the database of the installation, after proving that it fits this version and its keys.

    Raises:
        KeyFault: the wrapping keys cannot be used, or are not those of this database.
        SchemaFault: the schema does not fit this version.
        Unavailable: the database does not answer.
    """
    breached.choose(of.passwords.blocklist)
    database = Database(of.database.url, wrapping.load(of.keys.directory))
    try:
        schema.check(database)
        installation.check(database)
        yield database
    finally:
        database.dispose()


@contextmanager
def work_on(database: Database) -> Iterator[Work]:
    """Open a unit of work of the operator on *database*; it commits at the end of the block."""
    with database.transaction() as tx:
        yield Work(tx, operator(), clock.now(), Origin("cli", request_id=new_id("req")))


@contextmanager
def open_work() -> Iterator[Work]:
    """Open the unit of work of a command: the operator's, on the configured installation."""
    with open_database(settings()) as database, work_on(database) as work:
        yield work


class _Rehearsed(Exception):
    """The end of a rehearsal."""


@contextmanager
def rehearsal() -> Iterator[Work]:
    """Open such a unit of work that is rolled back at its end: a dry run does what the command does, and says it."""
    with open_database(settings()) as database, suppress(_Rehearsed), work_on(database) as work:
        yield work
        raise _Rehearsed


def operator() -> Actor:
    """Return whoever holds this machine, under the name that the machine knows."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "unknown"
    return Actor("operator", name=name, roles=(HeldRole(OPERATOR),))


def tell(value: dict[str, Any], words: str) -> None:
    """Print *value* as JSON where that was asked for, else *words*."""
    click.echo(_json(value) if chosen().json else words)


def tell_all(values: Sequence[dict[str, Any]], line: Callable[[dict[str, Any]], str], *, none: str) -> None:
    """Print *values* as one JSON list where that was asked for, else a line each (*none* where there is nothing)."""
    if chosen().json:
        click.echo(_json(list(values)))
        return
    for value in values:
        click.echo(line(value))
    if not values:
        click.echo(none)


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode("utf-8")
