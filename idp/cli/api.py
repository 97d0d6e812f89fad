"""`idp api …`"""

import sys
from typing import Any

import click

from idp.base.work import Work
from idp.cli import api_scope, show
from idp.cli.context import Group, chosen, open_work, settings, tell, tell_all
from idp.directory import queries
from idp.oidc import api_scopes, apis
from idp.oidc.api_facts import FORMATS
from idp.oidc.models import Api

_API = click.argument("api", metavar="API")
_PEOPLE = click.option(
    "--api-tokens/--no-api-tokens",
    "takes_api_tokens",
    default=None,
    help="People may make tokens of their own for it (at first: no).",
)
_MINUTES = click.IntRange(apis.LEAST_SECONDS // 60, apis.MOST_SECONDS // 60)


@click.group(cls=Group)
def api() -> None:
    """APIs that applications call with access tokens. API is our id, or the identifier (the audience)."""


api.add_command(api_scope.scope)


@api.command()
@click.option("--site", required=True, metavar="SITE", help="Site to register it at.")
@click.option("--identifier", required=True, metavar="URI", help="The audience of its tokens; cannot be changed.")
@click.option("--name", required=True, help="The name that people read when they are asked.")
@click.option("--format", "token_format", type=click.Choice(FORMATS), default="jwt", help="Default: jwt (RFC 9068).")
@click.option("--minutes", type=_MINUTES, default=10, help="How long a token lives (default: 10, at most 60).")
@_PEOPLE
def create(
    site: str, identifier: str, name: str, token_format: str, minutes: int, takes_api_tokens: bool | None
) -> None:
    """Register an API; prints its secret for introspection this once."""
    base_url = settings().base_url
    with open_work() as work:
        made, secret = apis.create(
            work,
            site,
            identifier=identifier,
            name=name,
            token_format=token_format,
            token_seconds=minutes * 60,
            takes_api_tokens=bool(takes_api_tokens),
            base_url=base_url,
        )
        value = {**_shown(work, made), "secret": secret}
    tell(
        value,
        f"registered the API {value['name']}: nobody may do anything there yet\n"
        f"  id          {value['id']}\n"
        f"  identifier  {value['identifier']}\n"
        f"  secret      {secret}\n"
        "  The secret is for introspection, is shown this once and cannot be shown again.\n"
        f"  Give it a scope with: idp api scope add {value['id']} NAME --description SENTENCE",
    )


@api.command("list")
@click.option("--site", metavar="SITE", help="Only those of this site.")
def list_(site: str | None) -> None:
    """List the APIs by name."""
    with open_work() as work:
        at = queries.site(work, site).id if site else None
        found = [show.api(one) for one in apis.listed(work, site_id=at)]
    tell_all(
        found,
        lambda one: f"{one['id']}  {one['name']}  {one['identifier']}{'  (disabled)' if one['disabled_at'] else ''}",
        none="No API is registered yet.",
    )


@api.command("show")
@_API
def show_(api: str) -> None:
    """Show API: its tokens, its scopes, and to whom they are granted."""
    with open_work() as work:
        value = _shown(work, apis.find(work, api))
    lines = [
        value["name"],
        f"  id          {value['id']}",
        f"  identifier  {value['identifier']}",
        f"  state       {'disabled' if value['disabled_at'] else 'active'}",
        f"  tokens      {value['token_format']}, {value['token_seconds'] // 60} minutes",
        f"  people      {'may' if value['takes_api_tokens'] else 'may not'} make tokens of their own",
    ]
    for scope in value["scopes"]:
        lines += [f"  {scope['name']}: {scope['description']}"]
        lines += [f"    {line}" for line in _holders(scope)]
    tell(value, "\n".join(lines))


@api.command("set")
@_API
@click.option("--name", help="The name that people read when they are asked; who agreed before is asked again.")
@click.option("--format", "token_format", type=click.Choice(FORMATS), help="Form of the tokens issued from now on.")
@click.option("--minutes", type=_MINUTES, help="How long a token lives that is issued from now on.")
@_PEOPLE
def set_(
    api: str, name: str | None, token_format: str | None, minutes: int | None, takes_api_tokens: bool | None
) -> None:
    """Change API; what is not named stays as it is."""
    with open_work() as work:
        seconds = None if minutes is None else minutes * 60
        changed = apis.edit(
            work,
            api,
            name=name,
            token_format=token_format,
            token_seconds=seconds,
            takes_api_tokens=takes_api_tokens,
        )
        tell(_shown(work, changed), f"changed the API {changed.name}")


@api.command("rotate-secret")
@_API
def rotate_secret(api: str) -> None:
    """Make a new secret for API, shown this once; the old one is good no longer."""
    with open_work() as work:
        changed, secret = apis.rotate_secret(work, api)
        tell({**_shown(work, changed), "secret": secret}, f"{secret}\nThe former secret is good no longer.")


@api.command()
@_API
def disable(api: str) -> None:
    """Issue no more tokens for API; its scopes and who has them stay."""
    with open_work() as work:
        done = apis.disable(work, api)
        tell(show.api(done), f"disabled the API {done.name}")


@api.command()
@_API
def enable(api: str) -> None:
    """Issue tokens for the disabled API again."""
    with open_work() as work:
        done = apis.enable(work, api)
        tell(show.api(done), f"enabled the API {done.name}")


@api.command()
@_API
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(api: str, yes: bool) -> None:
    """Remove API for good, with its scopes and their grants."""
    with open_work() as work:
        found = apis.find(work, api)
        if not yes and not chosen().json and sys.stdin.isatty():
            click.confirm(f"Remove {found.name} for good? No token will be issued for it.", abort=True)
        value = show.api(found)
        apis.delete(work, found.id)
        tell(value, f"deleted the API {value['name']}")


def _shown(work: Work, of: Api) -> dict[str, Any]:
    scopes = [
        {
            **show.api_scope(scope),
            "grants": [show.api_scope_grant(one, subject) for one, subject in api_scopes.grants(work, scope)],
        }
        for scope in api_scopes.of_api(work, of)
    ]
    return {**show.api(of), "scopes": scopes}


def _holders(scope: dict[str, Any]) -> list[str]:
    def words(grant: dict[str, Any]) -> str:
        kind = "" if grant["subject_kind"] == "everyone" else f"{grant['subject_kind']} "
        until = f" until {grant['valid_to']}" if grant["valid_to"] else ""
        return f"{kind}{grant['subject']}{until}"

    people = [words(grant) for grant in scope["grants"] if grant["subject_kind"] != "application"]
    clients = [words(grant) for grant in scope["grants"] if grant["subject_kind"] == "application"]
    return [f"people        {', '.join(people) or 'nobody'}", f"applications  {', '.join(clients) or 'none'}"]
