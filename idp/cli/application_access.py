"""`idp application grant`, `withdraw`: who may open an application, until when, and why."""

import click

from idp.cli import show
from idp.cli.application_lookup import find
from idp.cli.context import Command, open_work, tell
from idp.cli.instants import read
from idp.directory import applications

_APPLICATION = click.argument("application", metavar="APP")


@click.command(cls=Command)
@_APPLICATION
@click.option("--everyone", is_flag=True, help="Everyone of the organization.")
@click.option("--group", metavar="NAME", help="The members of this group.")
@click.option("--account", metavar="EMAIL", help="This one account.")
@click.option("--until", metavar="TIME", help="When it ends, as 2026-11-30T08:00Z; default: when it is withdrawn.")
@click.option("--reason", default="", help="Why, for whoever looks at it later.")
def grant(
    application: str, everyone: bool, group: str | None, account: str | None, until: str | None, reason: str
) -> None:
    """Let everyone, a group or an account open APP."""
    end = None if until is None else read(until, field="until")
    with open_work() as work:
        found = find(work, application)
        made = applications.grant(
            work, found.id, everyone=everyone, group=group, account=account, until=end, reason=reason
        )
        who = "everyone" if everyone else f"the group {group}" if group else str(account)
        ends = "" if made.valid_to is None else f" until {show.instant(made.valid_to)}"
        tell(show.access_grant(made, group or account or "everyone"), f"{who} may now open {found.name}{ends}")


@click.command(cls=Command)
@_APPLICATION
@click.argument("grant_id", metavar="GRANT")
@click.option("--reason", default="", help="Why, for the audit log.")
def withdraw(application: str, grant_id: str, reason: str) -> None:
    """End the access to APP that GRANT gives (acg_…; see: idp application show APP --json)."""
    with open_work() as work:
        found = find(work, application)
        ended = applications.withdraw(work, found.id, grant_id, reason=reason)
        tell(show.access_grant(ended, ""), f"took access to {found.name} away; other access that there is stays")
