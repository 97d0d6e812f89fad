"""`idp account token …`"""

from typing import Any

import click

from idp.cli import show
from idp.cli.account_lookup import ORGANIZATION, find
from idp.cli.context import Command, Group, open_work, tell, tell_all
from idp.oidc.api_tokens import administered
from idp.oidc.api_tokens.own import OwnToken


@click.group(cls=Group)
def token() -> None:
    """API tokens that the person of an account made for programs of their own."""


@token.command("list", cls=Command)
@click.argument("email")
@ORGANIZATION
def list_(email: str, organization: str | None) -> None:
    """List the API tokens of the account EMAIL, the newest first, those that are over for less than 90 days as well."""
    with open_work() as work:
        account = find(work, email, organization)
        _, found = administered.of_account(work, account.id, organization_id=account.organization_id)
        values = [_shown(one) for one in found]
    tell_all(values, _line, none="This account has no API token.")


@token.command(cls=Command)
@click.argument("email")
@click.argument("token_id", required=False)
@click.option("--all", "everything", is_flag=True, help="Every one of them.")
@ORGANIZATION
def revoke(email: str, token_id: str | None, everything: bool, organization: str | None) -> None:
    """
    Revoke an API token of the account EMAIL, or all of them, from this moment on. It cannot be undone.

    TOKEN_ID is what `idp account token list EMAIL` shows.
    """
    if everything == (token_id is not None):
        raise click.UsageError("Name one token, or --all.")
    with open_work() as work:
        account = find(work, email, organization)
        if token_id is None:
            count = administered.revoke_all(work, account.id, organization_id=account.organization_id)[1]
        else:
            count = administered.revoke_of_account(work, account, token_id)
        value = {"account_id": account.id, "revoked": count}
    tell(value, f"revoked {count} API token{'' if count == 1 else 's'} of {email}")


def _shown(one: OwnToken) -> dict[str, Any]:
    row = one.row
    return {
        "id": row.id,
        "label": row.label,
        "api_id": row.api_id,
        "api": one.api,
        "scope": row.scope,
        "ending": row.ending,
        "state": one.state.value,
        "created_at": show.instant(row.created_at),
        "last_used_at": show.instant(row.last_used_at),
        "ends_at": show.instant(one.ends_at),
        "revoked_at": show.instant(row.revoked_at),
    }


def _line(one: dict[str, Any]) -> str:
    used = one["last_used_at"] or "never"
    return (
        f"{one['id']}  {one['state']:<8}  {one['label']}  for {one['api']}: {one['scope']}  "
        f"last used {used}  until {one['ends_at']}"
    )
