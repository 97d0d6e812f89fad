"""`idp site registration-token …`: who may register OpenID Connect clients at a site where that takes a token."""

from datetime import timedelta
from typing import Any

import click

from idp.cli.context import Group, open_work, tell, tell_all
from idp.cli.show import instant
from idp.oidc.models import RegistrationToken
from idp.oidc.registration import initial_tokens

_SITE = click.argument("site", metavar="SITE")


@click.group("registration-token", cls=Group)
def registration_token() -> None:
    """Initial access tokens: whoever holds one may register clients at a site (--client-registration token)."""


@registration_token.command()
@_SITE
@click.option("--name", required=True, help="What it is for.")
@click.option("--uses", type=int, default=1, metavar="N", help="Good for so many registrations (default: 1).")
@click.option("--any-number", is_flag=True, help="Good for any number of registrations while it lives.")
@click.option("--days", type=int, default=initial_tokens.LIVES.days, metavar="DAYS", help="Good for so long.")
def create(site: str, name: str, uses: int, any_number: bool, days: int) -> None:
    """Make a token for SITE; it is shown this once."""
    with open_work() as work:
        made, token = initial_tokens.create(
            work, site, name=name, uses=None if any_number else uses, lives=timedelta(days=days)
        )
        value = {**_shown(made), "token": token}
    tell(
        value,
        f"made the registration token {made.name}\n  id     {made.id}\n  token  {token}\n"
        f"  good for {_uses(made)}, until {value['expires_at']}\n"
        "  The token is shown this once and cannot be shown again.",
    )


@registration_token.command("list")
@_SITE
def list_(site: str) -> None:
    """List the tokens of SITE, without their text."""
    with open_work() as work:
        found = [_shown(one) for one in initial_tokens.listed(work, site)]
    tell_all(
        found,
        lambda one: (
            f"{one['id']}  {one['name']}  "
            f"{'any number' if one['uses_left'] is None else one['uses_left']} left, until {one['expires_at']}"
            f"{'  (revoked)' if one['revoked_at'] else ''}"
        ),
        none="There is no registration token yet.",
    )


@registration_token.command()
@_SITE
@click.argument("token_id", metavar="TOKEN")
def revoke(site: str, token_id: str) -> None:
    """End the token with the id TOKEN (rgt_…). Clients that were registered with it stay."""
    with open_work() as work:
        done = initial_tokens.revoke(work, site, token_id)
        tell(_shown(done), f"revoked the registration token {done.name}")


def _uses(of: RegistrationToken) -> str:
    if of.uses_left is None:
        return "any number of registrations"
    return "one registration" if of.uses_left == 1 else f"{of.uses_left} registrations"


def _shown(of: RegistrationToken) -> dict[str, Any]:
    return {
        "id": of.id,
        "site_id": of.site_id,
        "name": of.name,
        "uses_left": of.uses_left,
        "created_at": instant(of.created_at),
        "expires_at": instant(of.expires_at),
        "revoked_at": instant(of.revoked_at),
    }
