"""`idp organization …`"""

import click

from idp.cli import release, rules, show
from idp.cli.context import Group, open_work, tell, tell_all
from idp.directory import organizations, queries


@click.group(cls=Group)
def organization() -> None:
    """Organizations: whose people sign in."""


@organization.command()
@click.argument("slug")
@click.option("--name", required=True, help="The name that people read.")
def create(slug: str, name: str) -> None:
    """Create the organization SLUG."""
    with open_work() as work:
        made = organizations.create(work, slug, name=name)
        tell(show.organization(made), f"created organization {made.slug} ({made.name})")


@organization.command("list")
def list_() -> None:
    """List the organizations."""
    with open_work() as work:
        found = [show.organization(one) for one in queries.organizations(work)]
    tell_all(found, lambda one: f"{one['slug']:<24} {one['name']}", none="There is no organization yet.")


organization.add_command(release.of_organization())
organization.add_command(rules.of_organization())
