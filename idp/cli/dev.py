"""`idp dev …`: for whoever develops or measures Ostiary; never for an installation that people use."""

import click

from idp.audit.events import InstallationSeeded
from idp.base import clock
from idp.base.errors import Conflict
from idp.cli import dev_seed
from idp.cli.context import Group, chosen, open_work, tell
from idp.directory import history, queries


@click.group(cls=Group)
def dev() -> None:
    """For development and measuring; never for an installation that people use."""


@dev.command()
@click.option("--scale", type=click.Choice(list(dev_seed.SCALES)), default="small", show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True, help="Another one: other names.")
def seed(scale: str, seed: int) -> None:
    """
    Fill an empty installation with made-up organizations, people and applications, past every check.

    Refused where there is an organization already. Nobody can sign in to what it makes before you give a password
    and a second step to somebody (first: the administrator that it names).
    """
    began = clock.monotonic()
    with open_work() as work:
        if history.entries(work, tag=InstallationSeeded.tag, limit=1):
            raise Conflict("This installation was filled before.", advice="Make a new one: idp init")
        if queries.organizations(work):
            raise Conflict(
                "There are organizations here already; nothing is mixed with them.",
                advice="Make an installation of its own for this: idp init, with another configuration file.",
            )

        def told(name: str, count: int) -> None:
            if not chosen().json:
                click.echo(f"{count:>9} {name} ({clock.monotonic() - began:.0f} s)")

        counts, administrator = dev_seed.fill(work, scale, seed, told)
    seconds = round(clock.monotonic() - began, 1)
    told_ = {"scale": scale, "seed": seed, "seconds": seconds, "rows": counts, "administrator": administrator}
    tell(told_, f"filled in {seconds} s; {administrator} administers the organization “large”")
