"""`idp application oidc …`: what OpenID Connect applications are registered with."""

from typing import Any

import click

from idp.base.work import Work
from idp.cli import oidc_templates
from idp.cli.application_lookup import find
from idp.cli.context import Group, open_work, tell
from idp.cli.oidc_check import check
from idp.cli.oidc_preview import preview_
from idp.cli.oidc_set import set_
from idp.directory.models import Application
from idp.oidc import clients
from idp.oidc.metadata import CODE

_APPLICATION = click.argument("application", metavar="APP")


@click.group(cls=Group)
def oidc() -> None:
    """OpenID Connect clients: how one is registered, and changing that."""


oidc.add_command(check)
oidc.add_command(set_)
oidc.add_command(preview_)
oidc.add_command(oidc_templates.templates)
oidc.add_command(oidc_templates.create)


@oidc.command("show")
@_APPLICATION
def show_(application: str) -> None:
    """Show everything that the client APP is registered with, in the words of RFC 7591."""
    with open_work() as work:
        found = find(work, application)
        value = _shown(work, found)
    lines = [f"{found.name}", f"  {'id':<36} {found.id}"]
    lines += [f"  {name:<36} {_words(part)}" for name, part in value.items() if name != "application_id"]
    tell(value, "\n".join(lines))


@oidc.command("rotate-secret")
@_APPLICATION
def rotate_secret(application: str) -> None:
    """Give the client APP a new secret. The former one ends at once; the new one is shown this once."""
    with open_work() as work:
        found = find(work, application)
        _, client, secret = clients.rotate_secret(work, found.id)
    tell(
        {"application_id": found.id, "client_id": client.client_id, "client_secret": secret},
        f"{found.name} has a new secret; the former one has ended\n  client_secret  {secret}\n"
        "  The secret is shown this once and cannot be shown again.",
    )


def _shown(work: Work, of: Application) -> dict[str, Any]:
    client = clients.of_application(work, of)
    return {
        "application_id": of.id,
        "version": client.version,
        "first_party": of.first_party,
        "pkce_required": client.pkce_required,
        "self_registered": client.self_registered,
        **clients.represent(client),
    }


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        words = [f"{one} (legacy)" if _is_legacy(one) else str(one) for one in value]
        return ", ".join(words) or "none"
    if isinstance(value, dict):
        return f"{len(value.get('keys', ()))} public keys (see --json)"
    return str(value)


def _is_legacy(value: Any) -> bool:
    return isinstance(value, str) and value != CODE and bool({"id_token", "token"} & {*value.split()})
