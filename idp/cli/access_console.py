"""`idp access assign-console`: the access policy that the admin console is under."""

import click

from idp.base.errors import Invalid
from idp.cli.context import Command, tell
from idp.cli.guarded import guarded_work
from idp.directory import access_assignments


@click.command("assign-console", cls=Command)
@click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
@click.option("--policy", metavar="NAME", help="The access policy that it is to be under.")
@click.option("--default", "default", is_flag=True, help="Put it under the organization's default.")
def assign_console(organization: str, policy: str | None, default: bool) -> None:
    """Put the admin console under an access policy, which is asked there beside the one for every sign-on."""
    if (policy is None) is not default:
        raise Invalid("Say which policy: --policy NAME, or --default.", field="policy")
    with guarded_work(organization) as work:
        owner, under = access_assignments.assign_console(work, organization, policy)
        value = {"organization_id": owner.id, "access_policy": under.name}
    tell(value, f"the admin console is now under the access policy {value['access_policy']}")
