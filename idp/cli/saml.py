"""`idp application saml …`: what concerns SAML service providers only. Each further command has a file of its own."""

from typing import Any

import click

from idp.cli.application_lookup import find, full
from idp.cli.context import Group, open_work, tell
from idp.cli.saml_check import check
from idp.cli.saml_switches import switches
from idp.saml import providers


@click.group(cls=Group)
def saml() -> None:
    """What concerns SAML service providers only."""


@saml.command("set")
@click.argument("application", metavar="APP")
@switches
def set_(application: str, **wanted: Any) -> None:
    """Change how the service provider APP is answered; what is not named stays as it is."""
    wanted["relay_states"] = wanted["relay_states"] or None
    with open_work() as work:
        found = find(work, application)
        providers.change(work, found.id, providers.Switches(**wanted))
        tell(full(work, found), f"changed {found.name}")


saml.add_command(check)
