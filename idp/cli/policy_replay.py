"""`idp policy replay`: whom a change of an authentication policy would have met."""

from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli import policy_terms
from idp.cli.context import Command
from idp.cli.replaying import DAYS, ORGANIZATION, replayed
from idp.directory import authentication_policy_changes


@click.command("replay", cls=Command)
@click.option("--policy", "name", metavar="NAME", help="Name of the policy (default: the organization's default).")
@ORGANIZATION
@DAYS
@policy_terms.options
def replay_(name: str | None, organization: str, days: int, **given: Any) -> None:
    """
    Say whom a change of an authentication policy would have met. Nothing is changed.

    Every recorded sign-on of the last days is judged twice, by the policy as it is and as it would be. Only the second
    step and the methods matter for that.
    """
    changes = policy_terms.changes(given)
    if not changes:
        raise Invalid("Say what is to change.", advice="The options are listed by: idp policy replay --help")
    replayed(organization, days, lambda work: authentication_policy_changes.edit(work, organization, name, changes))
