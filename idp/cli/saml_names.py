"""`idp application saml free-name`: let another person have a name that somebody had."""

import sys

import click

from idp.cli.application_lookup import find
from idp.cli.context import Command, chosen, open_work, tell
from idp.saml import made_names


@click.command("free-name", cls=Command)
@click.argument("application", metavar="APP")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def free_name(application: str, name: str, yes: bool) -> None:
    """Let the NameID NAME at APP be given to another person than the one who had it."""
    with open_work() as work:
        found = find(work, application)
        if not yes and not chosen().json and sys.stdin.isatty():
            click.confirm(f"{found.name} will take the next person of that name for the former one. Go on?", abort=True)
        freed = made_names.free(work, found.id, name)
        value = {"application_id": found.id, "name": freed.value, "account_id": freed.account_id}
    tell(value, f"{freed.value} at {found.name} belongs to nobody now; whoever signs on with it next has it")
