"""`idp api scope …`"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from idp.base.work import Work
from idp.cli import show
from idp.cli.application_lookup import find
from idp.cli.context import Group, open_work, tell
from idp.oidc import api_scopes

_API = click.argument("api", metavar="API")
_SCOPE = click.argument("scope", metavar="SCOPE")
_DESCRIPTION = click.option(
    "--description", required=True, metavar="SENTENCE", help="What people agree to, such as “See your orders”."
)


@click.group(cls=Group)
def scope() -> None:
    """What can be done at an API, and who may: people and applications, both are needed."""


@scope.command()
@_API
@click.argument("scope", metavar="NAME")
@_DESCRIPTION
def add(api: str, scope: str, description: str) -> None:
    """Add the scope NAME to API; nobody has it yet."""
    with open_work() as work:
        made = api_scopes.add(work, api, scope, description)
        tell(
            show.api_scope(made),
            f"added {made.name}: nobody has it yet\n"
            f"  Give it to people with:      idp api scope grant {made.api_id} {made.name} --everyone\n"
            f"  and to an application with:  idp api scope grant {made.api_id} {made.name} --application APP",
        )


@scope.command("set")
@_API
@_SCOPE
@_DESCRIPTION
def set_(api: str, scope: str, description: str) -> None:
    """Say anew what SCOPE means. People who agreed to the former sentence are asked again."""
    with open_work() as work:
        changed = api_scopes.edit(work, api, scope, description)
        tell(show.api_scope(changed), f"{changed.name} means now: {changed.description}")


@scope.command()
@_API
@_SCOPE
def remove(api: str, scope: str) -> None:
    """Remove SCOPE of API for good, with its grants."""
    with open_work() as work:
        gone = show.api_scope(api_scopes.remove(work, api, scope))
        tell(gone, f"removed {gone['name']}")


def _subject(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--application", metavar="APP", help="This application may ask for it."),
        click.option("--account", metavar="EMAIL", help="This one account may do it."),
        click.option("--group", metavar="NAME", help="The members of this group may do it."),
        click.option("--everyone", is_flag=True, help="Everyone of the organization may do it."),
    ):
        command = option(command)
    return command


@scope.command()
@_API
@_SCOPE
@_subject
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    metavar="DATE",
    help="It ends by itself then, in UTC: 2027-01-31, or 2027-01-31T12:00:00Z.",
)
def grant(
    api: str,
    scope: str,
    everyone: bool,
    group: str | None,
    account: str | None,
    application: str | None,
    until: datetime | None,
) -> None:
    """Grant SCOPE to everyone, a group, an account, or an application."""
    with open_work() as work:
        made = api_scopes.grant(
            work,
            api,
            scope,
            everyone=everyone,
            group=group,
            account=account,
            application_id=_application(work, application),
            until=None if until is None else until.replace(tzinfo=UTC),
        )
        who = application or group or account or "everyone"
        tell(show.api_scope_grant(made, who), f"{who} has {scope} now")


@scope.command()
@_API
@_SCOPE
@_subject
def withdraw(
    api: str, scope: str, everyone: bool, group: str | None, account: str | None, application: str | None
) -> None:
    """Take a grant of SCOPE back; effective at once."""
    with open_work() as work:
        ended = api_scopes.withdraw(
            work,
            api,
            scope,
            everyone=everyone,
            group=group,
            account=account,
            application_id=_application(work, application),
        )
        who = application or group or account or "everyone"
        tell(show.api_scope_grant(ended, who), f"{who} has {scope} no longer by this grant")


def _application(work: Work, reference: str | None) -> str | None:
    return None if reference is None else find(work, reference).id
