"""`idp application saml …`: what concerns SAML service providers only. Each command has a file of its own."""

import click

from idp.cli import saml_rollover
from idp.cli.context import Group
from idp.cli.saml_check import check
from idp.cli.saml_import import list_entities
from idp.cli.saml_names import free_name
from idp.cli.saml_preview import preview_
from idp.cli.saml_proposal import release_requested
from idp.cli.saml_refresh import refresh
from idp.cli.saml_set import set_
from idp.cli.saml_show import show_
from idp.cli.saml_vendor_values import vendor_values


@click.group(cls=Group)
def saml() -> None:
    """What concerns SAML service providers only."""


saml.add_command(show_)
saml.add_command(set_)
saml.add_command(refresh)
saml.add_command(list_entities)
saml.add_command(release_requested)
saml.add_command(preview_)
saml.add_command(free_name)
saml.add_command(saml_rollover.rollover_, "rollover")
saml.add_command(vendor_values)
saml.add_command(check)
