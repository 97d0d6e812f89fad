"""`idp invitation …`"""

import click

from idp.cli import show
from idp.cli.account_lookup import ORGANIZATION, organization_id
from idp.cli.context import Group, open_work, tell, tell_all
from idp.directory import invitations as rows
from idp.directory.invitations import State
from idp.signon import invitations

_INVITATION = click.argument("reference", metavar="INVITATION")


@click.group(cls=Group)
def invitation() -> None:
    """Invitations: INVITATION is an id (ivt_…), or the address of whoever was invited. New ones: idp account invite."""


@invitation.command("list")
@ORGANIZATION
@click.option("--state", type=click.Choice([one.value for one in State]), help="Only those of which this became.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
def list_(organization: str | None, state: str | None, limit: int) -> None:
    """List invitations, the newest first."""
    with open_work() as work:
        where = organization_id(work, organization)
        found = [
            show.invitation(one, work.now)
            for one in rows.invitations(work, organization_id=where, state=State(state) if state else None, limit=limit)
        ]
    tell_all(
        found,
        lambda one: (
            f"{one['id']}  {one['state']:<8}  {one['email']}  sent {one['sent_at']} by {one['invited_by_name']}"
        ),
        none="Nobody was invited.",
    )


@invitation.command()
@_INVITATION
@ORGANIZATION
def resend(reference: str, organization: str | None) -> None:
    """Mail the link of INVITATION anew; the older one is good no more."""
    with open_work() as work:
        done = invitations.resend(work, reference, organization_id=organization_id(work, organization))
        tell(show.invitation(done, work.now), f"invited {done.email} anew: a link is on its way, good for 7 days")


@invitation.command()
@_INVITATION
@ORGANIZATION
def revoke(reference: str, organization: str | None) -> None:
    """Take INVITATION back: its link is good no more."""
    with open_work() as work:
        done = invitations.revoke(work, reference, organization_id=organization_id(work, organization))
        tell(show.invitation(done, work.now), f"the invitation of {done.email} is good no more")
