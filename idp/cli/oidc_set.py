"""`idp application oidc set`: every field of a client's registration."""

from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli import client_json
from idp.cli.application_lookup import find
from idp.cli.context import Command, open_work, rehearsal, settings, tell
from idp.cli.oidc_check import in_short, of_application
from idp.directory.models import Application
from idp.oidc import clients, sector_list
from idp.oidc.clients import Edited
from idp.oidc.metadata import CODE
from idp.oidc.registration import changing

# Options that set one field of the client metadata; an empty text takes the field away.
_TEXTS = {
    "name": "client_name",
    "scope": "scope",
    "auth_method": "token_endpoint_auth_method",
    "auth_signing_alg": "token_endpoint_auth_signing_alg",
    "type": "application_type",
    "id_token_alg": "id_token_signed_response_alg",
    "access_token_alg": "access_token_signed_response_alg",
    "userinfo_alg": "userinfo_signed_response_alg",
    "request_object_alg": "request_object_signing_alg",
    "jwks_uri": "jwks_uri",
    "client_uri": "client_uri",
    "policy_uri": "policy_uri",
    "tos_uri": "tos_uri",
    "initiate_login_uri": "initiate_login_uri",
    "backchannel_logout_uri": "backchannel_logout_uri",
    "frontchannel_logout_uri": "frontchannel_logout_uri",
}
_FLAGS = {
    "require_par": "require_pushed_authorization_requests",
    "require_signed_request": "require_signed_request_object",
    "dpop": "dpop_bound_access_tokens",
}
_LISTS = {"grant_type": "grant_types", "response_type": "response_types"}
_ADDRESSES = {"redirect_uri": "redirect_uris", "post_logout_redirect_uri": "post_logout_redirect_uris"}


@click.command("set", cls=Command)
@click.argument("application", metavar="APP")
@click.option("--name", help="The name that people read.")
@click.option("--add-redirect-uri", multiple=True, metavar="URI", help="Add an address that answers may go to.")
@click.option("--remove-redirect-uri", multiple=True, metavar="URI", help="Remove one.")
@click.option("--add-post-logout-redirect-uri", multiple=True, metavar="URI", help="Add an address after signing out.")
@click.option("--remove-post-logout-redirect-uri", multiple=True, metavar="URI", help="Remove one.")
@click.option("--grant-type", multiple=True, metavar="TYPE", help="Grant types it may use, all of them.")
@click.option(
    "--response-type",
    multiple=True,
    metavar="TYPE",
    help="Response types it may use, all of them. All but code are legacy: they put tokens into addresses.",
)
@click.option("--scope", metavar="SCOPES", help="Scopes it may ask for, in one argument.")
@click.option(
    "--auth-method", metavar="METHOD", help="How it proves who it is; another method makes or ends its secret."
)
@click.option("--auth-signing-alg", metavar="ALG", help="The one algorithm of its private_key_jwt.")
@click.option("--type", metavar="web|native", help="Where it runs.")
@click.option("--jwks-uri", metavar="URI", help="Where its public keys are (the keys themselves: --from-json).")
@click.option("--id-token-alg", metavar="ALG", help="What its ID tokens are signed with.")
@click.option("--access-token-alg", metavar="ALG", help="What its access tokens are signed with.")
@click.option("--userinfo-alg", metavar="ALG", help="What its UserInfo answers are signed with; empty: they are not.")
@click.option("--request-object-alg", metavar="ALG", help="The one algorithm of its request objects.")
@click.option("--client-uri", metavar="URI", help="Its home page.")
@click.option("--policy-uri", metavar="URI", help="How it treats personal data; people see the link when they agree.")
@click.option("--tos-uri", metavar="URI", help="Its terms; people see the link when they agree.")
@click.option("--initiate-login-uri", metavar="URI", help="Where a sign-on from our side begins.")
@click.option("--backchannel-logout-uri", metavar="URI", help="Where it is told that a session is over.")
@click.option("--frontchannel-logout-uri", metavar="URI", help="The same, through the browser.")
@click.option("--require-par/--no-require-par", default=None, help="Take only pushed authorization requests.")
@click.option(
    "--require-signed-request/--no-require-signed-request", default=None, help="Take only signed request objects."
)
@click.option("--dpop/--no-dpop", default=None, help="Bind its access tokens to a key of its own.")
@click.option(
    "--pkce/--no-pkce", default=None, help="Demand PKCE (default; only a client with a secret can do without)."
)
@click.option(
    "--first-party/--no-first-party", default=None, help="The organization's own: people are not asked for consent."
)
@client_json.from_json
@click.option("--if-version", type=int, metavar="N", help="Only if this is still its version.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def set_(application: str, **asked: Any) -> None:
    """
    Change how the client APP is registered; what is not named stays as it is, and an empty text takes one away.

    With --from-json any field of the client metadata can be named; null takes one away.
    """
    of = settings()
    with open_work() as work:
        client = clients.of_application(work, find(work, application))
        version = client.version if asked["if_version"] is None else asked["if_version"]
        changes = _changes(asked, client.registration)
        wanted = changing.merged(client.registration, changes)
    sector_uris = sector_list.read(
        wanted,
        allowed=of.egress.allow_addresses,
        http_loopback=of.development.allow_http_loopback_applications,
    )
    with rehearsal() if asked["dry_run"] else open_work() as work:
        found = find(work, application)
        client = clients.of_application(work, found)
        edited = clients.edit(
            work,
            found.id,
            changes,
            if_version=version,
            sector_uris=sector_uris,
            pkce_required=asked["pkce"],
            first_party=asked["first_party"],
            base_url=of.base_url,
            allow_http_loopback=of.development.allow_http_loopback_applications,
        )
        work.tx.session.flush()
        findings = of_application(work, of, found).findings
        value = {
            "application_id": found.id,
            "version": client.version,
            "before": edited.before,
            "after": edited.after,
            **clients.represent(client, None if asked["dry_run"] else edited.secret),
            "findings": [finding.to_json() for finding in findings],
        }
    lines = _words(found, edited, asked["dry_run"])
    tell(value, "\n".join([*lines, *in_short(findings, found.id)] if edited.after else lines))


def _changes(asked: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
    changes = {} if asked["from_json"] is None else client_json.read(asked["from_json"])
    given = {field: asked[option] or None for option, field in _TEXTS.items() if asked[option] is not None}
    given |= {field: asked[option] for option, field in _FLAGS.items() if asked[option] is not None}
    given |= {field: list(asked[option]) for option, field in _LISTS.items() if asked[option]}
    for option, field in _ADDRESSES.items():
        add, remove = asked[f"add_{option}"], asked[f"remove_{option}"]
        if add or remove:
            given[field] = _addresses(held.get(field, []), add, remove, field)
    twice = sorted(given.keys() & changes.keys())
    if twice:
        raise Invalid(f"“{twice[0]}” is in the JSON and among the options. Say it once.", field="from_json")
    return {**changes, **given}


def _addresses(held: list[str], add: tuple[str, ...], remove: tuple[str, ...], field: str) -> list[str]:
    unknown = [one for one in remove if one not in held]
    if unknown:
        raise Invalid(f"“{unknown[0][:200]}” is not registered, so it cannot be removed.", field=field)
    return [one for one in held if one not in remove] + [one for one in add if one not in held]


def _words(of: Application, edited: Edited, dry_run: bool) -> list[str]:
    lines = [
        f"  {name}: {edited.before[name] or 'nothing'} → {said or 'nothing'}" for name, said in edited.after.items()
    ]
    if not lines:
        return [f"nothing changed: {of.name} is so already"]
    if dry_run:
        return ["This would change:", *lines]
    lines.insert(0, f"changed {of.name}")
    if edited.secret is not None:
        lines += [
            f"  client_secret  {edited.secret}",
            "  The secret is shown this once and cannot be shown again.",
        ]
    if edited.taken_over:
        lines.append("  It had registered itself; from now on only administrators change it.")
    legacy = [one for one in edited.client.registration["response_types"] if one != CODE]
    if legacy and "response_types" in edited.after:
        lines.append(
            f"  Warning: {', '.join(legacy)} is legacy. Tokens travel in addresses, where they end up in histories and "
            "logs (RFC 9700 section 2.1.2). Use code with PKCE as soon as the application can."
        )
    return lines
