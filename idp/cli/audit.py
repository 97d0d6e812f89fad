"""`idp audit …`: who did what."""

import click

from idp.audit.sentences import sentence
from idp.cli import show
from idp.cli.context import Group, open_work, tell_all
from idp.directory import history


@click.group(cls=Group)
def audit() -> None:
    """The audit log."""


@audit.command("list")
@click.option("--limit", default=50, type=click.IntRange(1, 10000), show_default=True, help="At most so many.")
@click.option("--event", metavar="TAG", help="Only this kind of event, such as account.disabled.")
def list_(limit: int, event: str | None) -> None:
    """List audit entries, the newest first."""
    with open_work() as work:
        found = [show.audit_entry(one) for one in history.entries(work, tag=event, limit=limit)]
    tell_all(
        found,
        lambda one: (
            f"{one['at'][:19]}Z  {one['actor']['name'] or one['actor']['kind']}  "
            f"{sentence(one['event'], one['details'])}"
        ),
        none="Nothing has happened yet.",
    )
