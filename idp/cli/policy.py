"""`idp policy …`"""

import click

from idp.cli import show
from idp.cli.context import Group, open_work, tell
from idp.cli.policy_explain import explain
from idp.directory import policies, queries


@click.group(cls=Group)
def policy() -> None:
    """How the people of an organization sign in."""


@policy.command("show")
@click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
def show_(organization: str) -> None:
    """Show the organization's default authentication policy."""
    with open_work() as work:
        owner = queries.organization(work, organization)
        found = show.authentication_policy(policies.default_policy(work, owner.id))
    tell(
        found,
        f"{found['name']} (version {found['version']})\n"
        f"  second step       {found['second_step']}\n"
        f"  password          at least {found['password_minimum']} characters\n"
        f"  session           {found['session_idle_seconds'] // 60} min idle, "
        f"{found['session_absolute_seconds'] // 3600} h at most",
    )


@policy.command("set")
@click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
@click.option(
    "--second-step",
    required=True,
    type=click.Choice(["off", "optional", "required"]),
    help="optional: asked of those who have one; required: who has none sets one up at the next sign-in.",
)
def set_(organization: str, second_step: str) -> None:
    """Change the organization's default authentication policy."""
    with open_work() as work:
        changed = policies.set_second_step(work, organization, second_step)
        work.tx.session.flush()
        tell(show.authentication_policy(changed), f"a second step is now {changed.second_step} at {organization}")


policy.add_command(explain)
