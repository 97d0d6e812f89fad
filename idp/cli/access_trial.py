"""`idp access confirm` and `idp access roll-back`: what becomes of a change that is on trial."""

import click

from idp.cli.context import Command, open_work, tell
from idp.cli.show import instant
from idp.directory import access_trials
from idp.policy.models import AccessPolicy

_organization = click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")


@click.command(cls=Command)
@click.argument("policy")
@_organization
def confirm(policy: str, organization: str) -> None:
    """
    Keep what the access policy POLICY has on trial.

    An administrator who signs in under it does the same.
    """
    with open_work() as work:
        kept = access_trials.confirm(work, organization, policy)
        tell(_value(kept), f"{kept.name} stays at version {kept.current}")


@click.command("roll-back", cls=Command)
@click.argument("policy")
@_organization
def roll_back(policy: str, organization: str) -> None:
    """End the trial of the access policy POLICY now: what was there before counts again."""
    with open_work() as work:
        back = access_trials.give_up(work, organization, policy)
        tell(_value(back), f"{back.name} is back at version {back.current}")


def _value(of: AccessPolicy) -> dict[str, object]:
    return {"id": of.id, "name": of.name, "version": of.current, "rolls_back_at": instant(of.rolls_back_at)}
