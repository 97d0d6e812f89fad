"""The options of the command line that say how a service provider is answered."""

from collections.abc import Callable
from typing import Any

import click

_Function = Callable[..., Any]

_SWITCHES = (
    click.option("--sign-response/--no-sign-response", default=None, help="Sign the response (default: yes)."),
    click.option("--sign-assertion/--no-sign-assertion", default=None, help="Sign the assertion (default: yes)."),
    click.option(
        "--encrypt-assertion/--no-encrypt-assertion", default=None, help="Encrypt the assertion (default: no)."
    ),
    click.option(
        "--require-signed-requests/--no-require-signed-requests",
        default=None,
        help="Refuse unsigned requests (default: what the metadata says).",
    ),
    click.option(
        "--nameid-format", metavar="URN", help="What the person is named by (default: what the metadata asks)."
    ),
    click.option(
        "--name-id-source",
        metavar="EXPR",
        help="What e-mail, unspecified, Windows and X.509 names are made of: an attribute or an expression.",
    ),
    click.option(
        "--idp-initiated/--no-idp-initiated", default=None, help="May be started from our side (default: no)."
    ),
    click.option(
        "--relay-state", "relay_states", multiple=True, metavar="VALUE", help="RelayState that such a start may carry."
    ),
)


def switches(command: _Function) -> _Function:
    """Give *command* the options that say how a service provider is answered."""
    for option in reversed(_SWITCHES):
        command = option(command)
    return command
