"""The root of the command line, and the one place where errors become exit codes."""

import os
import sys
from collections.abc import MutableMapping, Sequence
from importlib import import_module
from keyword import iskeyword
from typing import NoReturn

import click

from idp import __version__
from idp.base import logging
from idp.base.errors import IdpError
from idp.cli import errors
from idp.cli.context import Chosen, Group
from idp.settings import SettingsError

# In each `idp.cli.<name>` there is the command or the group of that name; a hyphen is an underscore there, and a word
# of the language has one behind it.
_COMMANDS = (
    "access",
    "account",
    "api",
    "application",
    "attempt",
    "audit",
    "blocklist",
    "bookmark",
    "demo",
    "dev",
    "doctor",
    "domain",
    "group",
    "import",
    "init",
    "invitation",
    "jobs",
    "join-rule",
    "keys",
    "layout",
    "migrate",
    "organization",
    "policy",
    "provisioning",
    "request",
    "role",
    "search",
    "serve",
    "site",
    "zone",
)


class Root(Group):
    """
    The root of the commands. A command is imported when it is called: what the others need would
    cost the workers of `idp serve` some megabytes each, and every call its time.
    """

    @property
    def commands(self) -> MutableMapping[str, click.Command]:
        """Every command by its name; this imports them all."""
        return {name: _imported(name) for name in _COMMANDS}

    @commands.setter
    def commands(self, _: MutableMapping[str, click.Command]) -> None:
        """Take nothing: the commands are those of this module."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, None if there is none."""
        return _imported(cmd_name) if cmd_name in _COMMANDS else None


def _imported(name: str) -> click.Command:
    called = name.replace("-", "_") + "_" * iskeyword(name)
    found: click.Command = getattr(import_module(f"idp.cli.{called}"), called)
    return found


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="idp")
def root() -> None:
    """Ostiary: people of an organization sign in once and open the applications of its sites."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process: 0 done, otherwise as `idp.cli.errors.EXIT` says."""
    os.umask(0o077)  # whatever a command writes is for its own user only
    logging.cap_libraries()
    logging.to_standard_error()
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    asked = Chosen(json="--json" in words)  # known even where the words cannot be read
    try:
        outcome = root.main(args=words, prog_name="idp", standalone_mode=False, obj=asked)
    except IdpError as error:
        return errors.tell(error, as_json=asked.json)
    except SettingsError as error:
        return errors.tell_settings(error, as_json=asked.json)
    except click.ClickException as error:
        return errors.tell_usage(error, as_json=asked.json)
    except click.Abort:
        return errors.INTERRUPTED
    return outcome if isinstance(outcome, int) else 0
