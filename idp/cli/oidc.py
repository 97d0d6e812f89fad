"""`idp application oidc …`: what concerns OpenID Connect clients only. Each command has a file of its own."""

import click

from idp.cli.context import Group
from idp.cli.oidc_check import check


@click.group(cls=Group)
def oidc() -> None:
    """What concerns OpenID Connect clients only."""


oidc.add_command(check)
