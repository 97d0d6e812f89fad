"""The root of the command line, and the one place where errors become exit codes."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from idp import __version__
from idp.base import logging
from idp.base.errors import IdpError
from idp.cli import errors
from idp.cli.account import account
from idp.cli.application import application
from idp.cli.attempt import attempt
from idp.cli.audit import audit
from idp.cli.context import Chosen, Group
from idp.cli.demo import demo
from idp.cli.doctor import doctor
from idp.cli.group import group
from idp.cli.init import init
from idp.cli.jobs import jobs
from idp.cli.keys import keys
from idp.cli.migrate import migrate
from idp.cli.organization import organization
from idp.cli.policy import policy
from idp.cli.serve import serve
from idp.cli.site import site
from idp.settings import SettingsError


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="idp")
def root() -> None:
    """Ostiary: people of an organization sign in once and open the applications of its sites."""


for command in (
    init,
    migrate,
    serve,
    demo,
    doctor,
    organization,
    site,
    account,
    group,
    application,
    policy,
    keys,
    attempt,
    audit,
    jobs,
):
    root.add_command(command)


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
