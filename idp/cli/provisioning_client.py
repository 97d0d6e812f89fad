"""`idp provisioning client …`: directories of others that write accounts and groups of an organization (SCIM)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click

from idp.base.work import Work
from idp.cli.context import Group, open_work, settings, tell, tell_all
from idp.cli.show import instant
from idp.directory import queries
from idp.directory.provisioning_models import ProvisioningCall, ProvisioningClient, ProvisioningToken
from idp.provisioning import calls as calls_
from idp.provisioning import clients, ending, tokens

_ORGANIZATION = click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
_CLIENT = click.argument("client_reference", metavar="CLIENT")
_LIVES = click.option("--days", type=int, default=tokens.LIVES.days, metavar="DAYS", help="Good for so long.")
_TAKES_OVER = click.option(
    "--takes-over",
    type=click.Choice(clients.TAKES_OVER),
    help="Which accounts that are there already it takes over by their address.",
)
_BRAKE = click.option(
    "--brake", type=int, metavar="N", help="Accounts that it may deactivate or readdress within an hour."
)


@click.group(cls=Group)
def client() -> None:
    """Directories that write into an organization by SCIM."""


@client.command()
@click.argument("name")
@_ORGANIZATION
@_TAKES_OVER
@_BRAKE
@_LIVES
def create(name: str, organization: str, takes_over: str | None, brake: int | None, days: int) -> None:
    """Let the directory called NAME write into an organization; its token is shown this once."""
    with open_work() as work:
        made = clients.create(
            work, name, organization=organization, takes_over=takes_over or clients.MANAGED, brake=brake
        )
        token, text = tokens.rotate(work, made.id, organization_id=made.organization_id, lives=timedelta(days=days))
        value = {**_shown(made), "address": _address(), "token": text, "expires_at": instant(token.expires_at)}
    tell(
        value,
        f"made the provisioning client {made.name}\n  id       {made.id}\n  address  {value['address']}\n"
        f"  token    {text}\n  good until {value['expires_at']}\n"
        "  The token is shown this once and cannot be shown again.",
    )


@client.command("list")
@_ORGANIZATION
def list_(organization: str) -> None:
    """List the directories that write into an organization."""
    with open_work() as work:
        owner = queries.organization(work, organization)
        listed = clients.listed(work, owner.id)
        kept = clients.kept_by(work, owner.id, [one.id for one in listed])
        found = [{**_shown(one), "accounts": kept[one.id].accounts, "groups": kept[one.id].groups} for one in listed]
    tell_all(
        found,
        lambda one: (
            f"{one['id']}  {one['name']}  {one['accounts']} accounts, {one['groups']} groups"
            f"{'  (off)' if one['disabled_at'] else ''}{'  (stopped)' if one['stopped_at'] else ''}"
            f"{'  (failing)' if one['failing_since'] else ''}"
        ),
        none="No directory writes into this organization yet.",
    )


@client.command()
@_CLIENT
@_ORGANIZATION
@_LIVES
@click.option("--overlap-hours", type=int, default=24, metavar="HOURS", help="The token before is good for so long.")
def rotate(client_reference: str, organization: str, days: int, overlap_hours: int) -> None:
    """Make a new token for CLIENT; it is shown this once, and the one before goes on for some hours."""
    with open_work() as work:
        found = _found(work, client_reference, organization)
        token, text = tokens.rotate(
            work,
            found.id,
            organization_id=found.organization_id,
            lives=timedelta(days=days),
            overlap=timedelta(hours=overlap_hours),
        )
        value = {**_token(token), "token": text}
    tell(
        value,
        f"made a token for {found.name}\n  token  {text}\n  good until {value['expires_at']}\n"
        "  The token is shown this once and cannot be shown again.",
    )


@client.command()
@_CLIENT
@click.argument("token_id", metavar="TOKEN")
@_ORGANIZATION
def revoke(client_reference: str, token_id: str, organization: str) -> None:
    """End the token with the id TOKEN (pvt_…) of CLIENT now."""
    with open_work() as work:
        found = _found(work, client_reference, organization)
        done = tokens.revoke(work, found.id, token_id, organization_id=found.organization_id)
        tell(_token(done), f"ended a token of {found.name}")


@client.command("tokens")
@_CLIENT
@_ORGANIZATION
def tokens_(client_reference: str, organization: str) -> None:
    """List the tokens of CLIENT that are good now, without their text."""
    with open_work() as work:
        found = [_token(one) for one in tokens.good(work, _found(work, client_reference, organization))]
    tell_all(found, lambda one: f"{one['id']}  good until {one['expires_at']}", none="It has no token that is good.")


@client.command("set")
@_CLIENT
@_ORGANIZATION
@click.option("--name", help="What it is called.")
@_TAKES_OVER
@_BRAKE
@click.option("--usual-brake", is_flag=True, help="A tenth of its accounts within an hour, from 5 to 50.")
def set_(
    client_reference: str,
    organization: str,
    name: str | None,
    takes_over: str | None,
    brake: int | None,
    usual_brake: bool,
) -> None:
    """Change CLIENT; what is not named stays."""
    with open_work() as work:
        found = _found(work, client_reference, organization)
        wanted = None if usual_brake else (found.brake if brake is None else brake)
        done = clients.edit(
            work, found.id, organization_id=found.organization_id, name=name, takes_over=takes_over, brake=wanted
        )
        tell(_shown(done), f"changed {done.name}")


@client.command()
@_CLIENT
@_ORGANIZATION
def disable(client_reference: str, organization: str) -> None:
    """Take nothing of CLIENT any more; what it keeps stays as it is."""
    _act(clients.disable, client_reference, organization, "switched {name} off")


@client.command()
@_CLIENT
@_ORGANIZATION
def enable(client_reference: str, organization: str) -> None:
    """Take calls of CLIENT again."""
    _act(clients.enable, client_reference, organization, "switched {name} on")


@client.command("go-on")
@_CLIENT
@_ORGANIZATION
def go_on(client_reference: str, organization: str) -> None:
    """Let CLIENT, which its brake has stopped, go on."""
    _act(clients.let_go_on, client_reference, organization, "let {name} go on")


@client.command()
@_CLIENT
@_ORGANIZATION
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(client_reference: str, organization: str, yes: bool) -> None:
    """End CLIENT for good; its accounts stay, its groups are filled by hand from then on. Large ones are handed over in steps."""
    with open_work() as work:
        found = _found(work, client_reference, organization)
        had = clients.kept(work, found)
        if not yes:
            click.confirm(
                f"{found.name} keeps {had.accounts} accounts and {had.groups} groups. End it?", abort=True, err=True
            )
        done, run = ending.end(work, found.id, organization_id=found.organization_id)
        if run is None:
            tell({**_shown(done), "run_id": None}, f"ended {done.name}")
            return
        said = (
            f"{done.name} is ended in steps, as it keeps large groups ({run.id}); none of its calls are taken any more"
        )
        tell({**_shown(done), "run_id": run.id}, said)


@client.command()
@_CLIENT
@_ORGANIZATION
@click.option("--failed", is_flag=True, help="Only those that were refused.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, metavar="N", help="At most so many.")
def calls(client_reference: str, organization: str, failed: bool, limit: int) -> None:
    """Show the latest calls of CLIENT and what came of them."""
    with open_work() as work:
        of = _found(work, client_reference, organization)
        found = [_call(one) for one in calls_.latest(work, of, failed=failed, limit=limit)]
    tell_all(
        found,
        lambda one: f"{one['at']}  {one['status']}  {one['method']} {one['what']}  {one['said']}".rstrip(),
        none="It has not called yet.",
    )


def _act(verb: Callable[..., ProvisioningClient], reference: str, organization: str, said: str) -> None:
    """Do *verb* with a client, and tell what is *said* of its ``name``."""
    with open_work() as work:
        found = _found(work, reference, organization)
        done = verb(work, found.id, organization_id=found.organization_id)
        tell(_shown(done), said.format(name=done.name))


def _found(work: Work, reference: str, organization: str) -> ProvisioningClient:
    owner = queries.organization(work, organization)
    return clients.client(work, reference, organization_id=owner.id)


def _address() -> str:
    return f"{settings().base_url}/scim/v2"


def _shown(of: ProvisioningClient) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "name": of.name,
        "takes_over": of.takes_over,
        "brake": of.brake,
        "created_at": instant(of.created_at),
        "last_used_at": instant(of.last_used_at),
        "disabled_at": instant(of.disabled_at),
        "stopped_at": instant(of.stopped_at),
        "failing_since": instant(of.failing_since),
    }


def _token(of: ProvisioningToken) -> dict[str, Any]:
    return {
        "id": of.id,
        "client_id": of.client_id,
        "created_at": instant(of.created_at),
        "expires_at": instant(of.expires_at),
        "last_used_at": instant(of.last_used_at),
        "revoked_at": instant(of.revoked_at),
    }


def _call(of: ProvisioningCall) -> dict[str, Any]:
    return {
        "attempt_id": of.id,
        "at": instant(of.at),
        "method": of.method,
        "what": of.what,
        "target_id": of.target_id,
        "status": of.status,
        "said": of.said,
    }
