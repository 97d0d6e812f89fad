"""`idp account factors`, `idp account remove-factor`"""

from typing import Any

import click

from idp.base.work import Work
from idp.cli import show
from idp.cli.account_lookup import ORGANIZATION, find
from idp.cli.context import Command, open_work, tell, tell_all
from idp.directory.models import Account
from idp.policy.signon import Method
from idp.signon import account_factors
from idp.signon.account_factors import Factor

_KINDS = {Method.TOTP: "authenticator app", Method.PASSKEY: "passkey", Method.SECURITY_KEY: "security key"}


@click.command(cls=Command)
@click.argument("email")
@ORGANIZATION
def factors(email: str, organization: str | None) -> None:
    """List the second steps of the account EMAIL: authenticator apps, passkeys and security keys."""
    with open_work() as work:
        found = of(work, find(work, email, organization))
    tell_all(found, line, none="This account has no second step.")


@click.command("remove-factor", cls=Command)
@click.argument("email")
@click.argument("factor_id")
@ORGANIZATION
def remove_factor(email: str, factor_id: str, organization: str | None) -> None:
    """
    Remove a second step of the account EMAIL, for example because it is lost; every sign-on it has ends.

    FACTOR_ID is what `idp account factors EMAIL` shows.
    """
    with open_work() as work:
        account = find(work, email, organization)
        removed = account_factors.remove(work, account.id, factor_id, organization_id=account.organization_id)
        left = len(account_factors.factors(work, account))
        words = (
            f"removed the {_KINDS[removed.method]} “{removed.name}” of {account.email}, who is signed out everywhere"
        )
        tell({**factor(removed), "left": left}, words + ("" if left else "\n  It was the last second step."))


def of(work: Work, account: Account) -> list[dict[str, Any]]:
    """Return the second steps of an account as JSON values."""
    return [factor(one) for one in account_factors.factors(work, account)]


def factor(one: Factor) -> dict[str, Any]:
    """Return a second step as JSON values."""
    return {
        "id": one.id,
        "method": one.method.value,
        "name": one.name,
        "created_at": show.instant(one.created_at),
        "last_used_at": show.instant(one.last_used_at),
        "model": one.model or None,
        "attestation": one.attestation or None,
        "may_be_copied": one.may_be_copied,
        "copied": one.copied,
        "discoverable": one.discoverable,
    }


def line(one: dict[str, Any]) -> str:
    """Return a second step as one line for people."""
    kind = _KINDS[Method(one["method"])]
    copied = {None: "", False: "  one device only", True: "  can be copied to other devices"}[one["may_be_copied"]]
    model = f"  model {one['model']} ({one['attestation']})" if one["model"] else ""
    return f"{one['id']}  {kind:<17} {one['name']}{copied}{model}  last used {one['last_used_at'] or 'never'}"
