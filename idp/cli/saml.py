"""`idp application saml …`: what concerns SAML service providers only. Each further command has a file of its own."""

from typing import Any

import click

from idp.cli import saml_rollover
from idp.cli.application_lookup import find, full
from idp.cli.context import Group, open_work, tell
from idp.cli.saml_check import check
from idp.cli.saml_names import free_name
from idp.cli.saml_preview import preview_
from idp.cli.saml_switches import read_switches, switches, warnings
from idp.cli.saml_vendor_values import vendor_values
from idp.saml import providers


@click.group(cls=Group)
def saml() -> None:
    """What concerns SAML service providers only."""


@saml.command("set")
@click.argument("application", metavar="APP")
@switches
def set_(application: str, **wanted: Any) -> None:
    """Change how the service provider APP is answered; what is not named stays as it is."""
    with open_work() as work:
        found = find(work, application)
        providers.change(work, found.id, providers.Switches(**read_switches(wanted)))
        value = full(work, found)
        tell(value, "\n".join([f"changed {found.name}", *warnings(value)]))


saml.add_command(preview_)
saml.add_command(free_name)
saml.add_command(saml_rollover.rollover_, "rollover")
saml.add_command(vendor_values)
saml.add_command(check)
