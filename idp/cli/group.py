"""`idp group …`"""

import click

from idp.cli import show
from idp.cli.context import Group, open_work, tell, tell_all
from idp.cli.guarded import guarded_work
from idp.directory import groups, queries


@click.group(cls=Group)
def group() -> None:
    """Groups of people, to give access to."""


@group.command()
@click.argument("name")
@click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
def create(name: str, organization: str) -> None:
    """Create the group NAME."""
    with open_work() as work:
        made = groups.create(work, name, organization=organization)
        tell(show.group(made), f"created group {made.name}")


@group.command()
@click.argument("name")
@click.argument("email")
@click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
def add(name: str, email: str, organization: str) -> None:
    """Make the account EMAIL a member of the group NAME; refused where a rule on the group would lock them out."""
    with guarded_work(organization) as work:
        made = groups.add(work, name, email, organization=organization)
        tell(show.membership(made), f"added {email} to {name}")


@group.command("list")
@click.option("--organization", metavar="ORG", help="Only those of this organization.")
def list_(organization: str | None) -> None:
    """List the groups."""
    with open_work() as work:
        owner = queries.organization(work, organization).id if organization else None
        found = [show.group(one) for one in queries.groups(work, organization_id=owner)]
    tell_all(found, lambda one: str(one["name"]), none="There is no group yet.")
