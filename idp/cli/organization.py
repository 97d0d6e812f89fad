"""`idp organization …`"""

import sys
from typing import Any

import click

from idp.cli import release, rules, show
from idp.cli.context import Group, chosen, open_work, tell, tell_all
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
    tell_all(found, _line, none="There is no organization yet.")


def _line(one: dict[str, Any]) -> str:
    return f"{one['slug']:<24} {one['name']}{'  (suspended)' if one['suspended_at'] else ''}"


@organization.command()
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Do not ask.")
def suspend(slug: str, yes: bool) -> None:
    """Stop everything of the organization SLUG until it is resumed; nothing of it is lost."""
    with open_work() as work:
        found = queries.organization(work, slug)
        if not yes and not chosen().json and sys.stdin.isatty():
            several = organizations.people(work, found.id)
            click.confirm(f"Let nobody of {found.name} in any more ({several} accounts)?", abort=True)
        done = organizations.suspend(work, slug)
        tell(show.organization(done), f"suspended organization {done.slug} ({done.name})")


@organization.command()
@click.argument("slug")
def resume(slug: str) -> None:
    """Let the suspended organization SLUG go on where it stood."""
    with open_work() as work:
        done = organizations.resume(work, slug)
        tell(show.organization(done), f"resumed organization {done.slug} ({done.name})")


organization.add_command(release.of_organization())
organization.add_command(rules.of_organization())
