"""`idp access replay`: whom changed rules would have met."""

from typing import BinaryIO

import click

from idp.cli.access_document import read_document
from idp.cli.context import Command
from idp.cli.replaying import DAYS, ORGANIZATION, replayed
from idp.directory import access_policies


@click.command("replay", cls=Command)
@click.option("--policy", "policy_", required=True, metavar="NAME", help="The access policy that is to change.")
@ORGANIZATION
@click.option(
    "--from-json", required=True, type=click.File("rb"), metavar="FILE", help="The changed document; - is stdin."
)
@DAYS
def replay_(policy_: str, organization: str, from_json: BinaryIO, days: int) -> None:
    """
    Say whom changed rules would have met: who would newly be asked, denied or let in. Nothing is changed.

    Every recorded sign-on of the last days is judged twice, by the rules that count and by those of the document.
    """
    rules, _ = read_document(from_json)
    replayed(organization, days, lambda work: access_policies.write(work, organization, policy_, rules))
