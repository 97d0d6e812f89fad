"""`idp account …` at the end of an account, and over all of them: delete, cancel-deletion, erase, revoke-tokens, export."""

from typing import TextIO

import click

from idp.cli import show
from idp.cli.account_lookup import ORGANIZATION, organization_id
from idp.cli.context import Command, open_database, open_work, settings, tell, work_on
from idp.directory import lifetime
from idp.oidc import administered_grants
from idp.signon import account_export

_VERSION = click.option("--if-version", type=int, metavar="N", help="Only if the version is still N.")


@click.command("delete", cls=Command)
@click.argument("email")
@ORGANIZATION
@_VERSION
def delete(email: str, organization: str | None, if_version: int | None) -> None:
    """Disable the account EMAIL now, and erase it in 14 days unless that is cancelled. Its person is told by mail."""
    with open_work() as work:
        done = lifetime.schedule_deletion(
            work, email, organization_id=organization_id(work, organization), if_version=if_version
        )
        told = {**show.account(done), "deletion_at": show.instant(done.deletion_at)}
    tell(
        told,
        f"{email} is disabled, and will be erased on {told['deletion_at']}\n"
        f"  Bring it back until then: idp account cancel-deletion {email}",
    )


@click.command("cancel-deletion", cls=Command)
@click.argument("email")
@ORGANIZATION
@_VERSION
def cancel_deletion(email: str, organization: str | None, if_version: int | None) -> None:
    """Bring the account EMAIL back as it was before it was scheduled for deletion."""
    with open_work() as work:
        done = lifetime.cancel_deletion(
            work, email, organization_id=organization_id(work, organization), if_version=if_version
        )
        told = show.account(done)
    tell(told, f"{email} is not deleted; it is {'disabled' if told['disabled_at'] else 'active'} again")


@click.command("erase", cls=Command)
@click.argument("email")
@ORGANIZATION
@_VERSION
@click.option("--yes", is_flag=True, required=True, help="Nothing brings the account back.")
def erase(email: str, organization: str | None, if_version: int | None, yes: bool) -> None:
    """Erase the account EMAIL without grace: it is disabled now, and gone with the next run of jobs."""
    del yes  # click demands it
    with open_work() as work:
        done = lifetime.erase_now(
            work, email, organization_id=organization_id(work, organization), if_version=if_version
        )
        told = {**show.account(done), "deletion_at": show.instant(done.deletion_at)}
    tell(told, f"{email} is disabled, and erased by the next run of jobs (idp jobs run)")


@click.command("revoke-tokens", cls=Command)
@click.argument("email")
@ORGANIZATION
@click.option("--consents", is_flag=True, help="Take back what the person agreed to as well; they are asked anew.")
def revoke_tokens(email: str, organization: str | None, consents: bool) -> None:
    """End what the account EMAIL has let OpenID Connect clients do, with their tokens, and its API tokens. Sessions go on."""
    with open_work() as work:
        done, grants, withdrawn = administered_grants.revoke_all(
            work, email, organization_id=organization_id(work, organization), consents=consents
        )
        told = {**show.account(done), "grants": grants, "consents": withdrawn}
    tell(told, f"revoked {grants} grants of {email}" + (f", and {withdrawn} consents" if consents else ""))


@click.command("export", cls=Command)
@click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
@click.option(
    "--output",
    type=click.File("w", encoding="utf-8", lazy=True),
    default="-",
    metavar="FILE",
    help="Where to write it; default: standard output.",
)
def export(organization: str, output: TextIO) -> None:
    """Write all accounts of an organization as CSV, by address."""
    with open_database(settings()) as database:
        with work_on(database) as work:
            owner = account_export.begin(work, organization).id
        with work_on(database) as work:
            for part in account_export.parts(work, owner):
                output.write(part)


COMMANDS = (delete, cancel_deletion, erase, revoke_tokens, export)
