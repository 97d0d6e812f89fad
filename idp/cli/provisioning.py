"""`idp provisioning …`: accounts and groups that come from other systems, or go there."""

import click

from idp.cli import provisioning_client
from idp.cli.context import Group


@click.group(cls=Group)
def provisioning() -> None:
    """Accounts and groups that other systems keep here, or that are kept there."""


provisioning.add_command(provisioning_client.client)
