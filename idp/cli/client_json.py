"""Client metadata (RFC 7591) as commands are given it: a JSON object in a file, or on standard input."""

import json
from typing import Any

import click

from idp.base.errors import Invalid

_LONGEST = 2 * 1024 * 1024

from_json = click.option(
    "--from-json", type=click.File("rb"), metavar="FILE", help="Client metadata (RFC 7591); - is stdin."
)


def read(file: Any) -> dict[str, Any]:
    """
    Return the client metadata that *file* holds.

    Raises:
        Invalid: it is no JSON object.
    """
    try:
        asked = json.loads(file.read(_LONGEST))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Invalid("The client metadata is not JSON.", field="from_json", cause=str(error)) from error
    if not isinstance(asked, dict):
        raise Invalid("The client metadata is not a JSON object.", field="from_json")
    return asked
