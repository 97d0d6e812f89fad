"""`idp group default …`: into which groups those are put who are given an application."""

import click

from idp.cli import show
from idp.cli.application_lookup import find
from idp.cli.context import Group, open_work, tell, tell_all
from idp.directory import default_groups
from idp.directory.default_groups import ROLES, USER

_APPLICATION = click.argument("application", metavar="APP")
_ROLE = click.option(
    "--role", type=click.Choice(ROLES), default=USER, show_default=True, help="For which role of the application."
)


@click.group(cls=Group)
def default() -> None:
    """Default groups: whoever is given an application is put into all of them. They cannot be deleted."""


@default.command("list")
@_APPLICATION
@_ROLE
def list_(application: str, role: str) -> None:
    """List the default groups of the application APP."""
    with open_work() as work:
        found = default_groups.defaults(work, find(work, application), role)
    tell_all([show.group(one) for one in found], lambda one: str(one["name"]), none="It has no default group.")


@default.command()
@_APPLICATION
@click.argument("name")
@_ROLE
def mark(application: str, name: str, role: str) -> None:
    """Make the group NAME a default group of the application APP; it opens it from now on."""
    with open_work() as work:
        of = find(work, application)
        marked = default_groups.mark(work, of.id, name, role=role)
        tell(
            {"application_id": of.id, "role": role, "group": show.group(marked)},
            f"{marked.name} is a default group of {of.name} now",
        )


@default.command()
@_APPLICATION
@click.argument("name")
@_ROLE
def unmark(application: str, name: str, role: str) -> None:
    """Make the group NAME no default group of the application APP any more; it goes on opening it."""
    with open_work() as work:
        of = find(work, application)
        marked = default_groups.unmark(work, of.id, name, role=role)
        tell(
            {"application_id": of.id, "role": role, "group": show.group(marked)},
            f"{marked.name} is no default group of {of.name} any more; it still opens it",
        )
