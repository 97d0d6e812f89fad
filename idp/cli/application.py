"""`idp application …`"""

import sys
from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli import (
    access_paths,
    application_access,
    application_provisioning,
    application_templates,
    client_json,
    oidc,
    rules,
    saml,
    show,
)
from idp.cli import release as release_
from idp.cli.application_lookup import find, full, known_as
from idp.cli.application_set import set_application
from idp.cli.context import Group, chosen, open_work, settings, tell, tell_all
from idp.cli.oidc_check import in_short, of_application
from idp.cli.saml_create import create_saml
from idp.cli.saml_import import import_saml
from idp.directory import access, applications, policies, queries
from idp.oidc import clients, metadata, sector_list

_APPLICATION = click.argument("application", metavar="APP")


@click.group(cls=Group)
def application() -> None:
    """Applications that people sign in to. APP is our id, an entity ID, or a client_id."""


application.add_command(saml.saml)
application.add_command(oidc.oidc)
application.add_command(application_templates.templates)
application.add_command(create_saml)
application.add_command(access_paths.application_people)
application.add_command(import_saml)
application.add_command(rules.of_application())
application.add_command(set_application)
application.add_command(application_access.grant)
application.add_command(application_access.withdraw)
application.add_command(application_provisioning.provisioning)


@application.command("create-oidc")
@click.option("--site", required=True, metavar="SITE", help="Site to register it at.")
@client_json.from_json
@click.option("--name", help="The name that people read.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, metavar="URI", help="May be given several times.")
@click.option("--device", is_flag=True, help="Devices that show a code use it (RFC 8628); needs no --redirect-uri.")
@click.option("--public", is_flag=True, help="It cannot keep a secret (an app, a page of scripts).")
@click.option("--auth-method", metavar="METHOD", help="client_secret_basic (default), client_secret_post, …")
@click.option(
    "--scope",
    metavar="SCOPES",
    help="Scopes it may ask for, in one argument; with offline_access it is registered for refresh tokens, too.",
)
@click.option("--first-party", is_flag=True, help="The organization's own: people are not asked for consent.")
@click.option("--everyone", is_flag=True, help="Let everyone of the organization open it at once.")
def create_oidc(
    site: str,
    from_json: Any,
    name: str | None,
    redirect_uris: tuple[str, ...],
    device: bool,
    public: bool,
    auth_method: str | None,
    scope: str | None,
    first_party: bool,
    everyone: bool,
) -> None:
    """Register an OpenID Connect client; prints its registration, with its secret this once."""
    of = settings()
    asked = _client_metadata(from_json, name, redirect_uris, device, public, auth_method, scope)
    loopback = of.development.allow_http_loopback_applications
    sector_uris = sector_list.read(asked, allowed=of.egress.allow_addresses, http_loopback=loopback)
    with open_work() as work:
        made, client, secret = clients.create(
            work,
            site,
            asked,
            sector_uris=sector_uris,
            first_party=first_party,
            everyone=everyone,
            base_url=of.base_url,
            allow_http_loopback=loopback,
        )
        findings = of_application(work, of, made).findings
        value = {"application_id": made.id, **clients.represent(client, secret)}
        value["findings"] = [finding.to_json() for finding in findings]
    lines = [_made({"id": made.id, "name": made.name}, f"client_id {client.client_id}", everyone)]
    legacy = metadata.legacy(client.registration["response_types"])
    if legacy:
        lines.append(f"  Legacy: it may ask for tokens in an address ({', '.join(legacy)}). “code” alone is safer.")
    if secret is not None:
        lines += [f"  client_secret  {secret}", "  The secret is shown this once and cannot be shown again."]
    lines += in_short(findings, made.id, access_is_said=True)
    tell(value, "\n".join(lines))


@application.command()
@_APPLICATION
@release_.options(widest=True)
def release(application: str, attributes: tuple[str, ...], nothing: bool, everything: bool) -> None:
    """Narrow what APP receives to these attributes. What the organization withholds stays withheld."""
    asked = release_.wanted(attributes, nothing=nothing, everything=everything)
    with open_work() as work:
        found = find(work, application)
        policy = policies.set_application_release(work, found.id, asked)
        tell(show.release_policy(policy), f"{found.name} receives at most: {release_.said(policy)}")


@application.command("list")
@click.option("--site", metavar="SITE", help="Only those of this site.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=500, help="At most so many (default: 500).")
def list_(site: str | None, limit: int) -> None:
    """List applications by name, with their entity ID or client_id."""
    with open_work() as work:
        at = queries.site(work, site).id if site else None
        listed = queries.applications(work, site_id=at, limit=limit)
        names = known_as(work, listed)
        found = [{**show.application(one), "known_as": names.get(one.id, "")} for one in listed]
    if len(found) == limit:
        click.echo(f"There may be more than these {limit}: see --limit and --site.", err=True)
    tell_all(
        found,
        lambda one: (
            f"{one['id']}  {one['protocol']}  {one['name']}  {one['known_as']}"
            f"{'  (disabled)' if one['disabled_at'] else ''}"
        ),
        none="No application is registered yet.",
    )


@application.command("show")
@_APPLICATION
def show_(application: str) -> None:
    """Show APP: its registration, who may open it, what it receives at most."""
    with open_work() as work:
        found = find(work, application)
        value = full(work, found)
        if value["protocol"] in value:  # a bookmark has no protocol, and is sent nothing
            value["release"] = rules.released_to(work, found)
    if chosen().json:
        tell(value, "")
        return
    who = [f"the group {g['subject']}" if g["subject_kind"] == access.GROUP else g["subject"] for g in value["access"]]
    lines = [
        f"{value['name']} ({value['protocol']})",
        f"  id          {value['id']}",
        f"  state       {'disabled' if value['disabled_at'] else 'active'}",
        f"  open to     {', '.join(who) or 'nobody'}",
        f"  receives    {', '.join(value['receives_at_most']) or 'nothing'} (at most)",
        f"  on request  {'yes' if value['requestable'] else 'no'}",
    ]
    for name, part in value.get(value["protocol"], {"leads to": value["launch_url"], "note": value["note"]}).items():
        if isinstance(part, bool | int | str) and part != "" and len(str(part)) < 200:
            lines.append(f"  {name:<28} {part}")
        elif isinstance(part, list) and part and all(isinstance(item, str) for item in part):
            old = metadata.legacy(part) if name == "response_types" else ()
            lines.append(f"  {name:<28} {', '.join(f'{item} (legacy)' if item in old else item for item in part)}")
        elif isinstance(part, dict) and part:
            lines.append(f"  {name:<28} {', '.join(f'{key}: {said}' for key, said in _flat(part))}")
    sent = ["  is sent", *(f"  {line}" for line in rules.words(value["release"]))] if "release" in value else []
    click.echo("\n".join([*lines, *sent]))


@application.command()
@_APPLICATION
@click.argument("name")
@click.option("--if-version", type=int, metavar="N", help="Only if this is still its version.")
def rename(application: str, name: str, if_version: int | None) -> None:
    """Let people call APP by another NAME."""
    of = settings()
    with open_work() as work:
        found = find(work, application)
        if found.protocol == clients.PROTOCOL:
            loopback = of.development.allow_http_loopback_applications
            clients.rename(
                work, found.id, name, if_version=if_version, base_url=of.base_url, allow_http_loopback=loopback
            )
        else:
            applications.rename(work, found.id, name, if_version=if_version)
        tell(show.application(found), f"renamed to {found.name}")


@application.command()
@_APPLICATION
def disable(application: str) -> None:
    """Stop everybody from signing on to APP; its registration stays."""
    with open_work() as work:
        done = applications.disable(work, find(work, application).id)
        tell(show.application(done), f"disabled {done.name}")


@application.command()
@_APPLICATION
def enable(application: str) -> None:
    """Let people sign on to the disabled APP again."""
    with open_work() as work:
        done = applications.enable(work, find(work, application).id)
        tell(show.application(done), f"enabled {done.name}")


@application.command()
@_APPLICATION
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(application: str, yes: bool) -> None:
    """Remove APP for good; its identifiers are never used again."""
    with open_work() as work:
        found = find(work, application)
        if not yes and not chosen().json and sys.stdin.isatty():
            click.confirm(f"Remove {found.name} for good? Nobody will be able to open it.", abort=True)
        done = applications.delete(work, found.id)
        tell(show.application(done), f"deleted {done.name}")


def _flat(of: dict[str, Any], above: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in of.items():
        found += _flat(value, f"{above}{key} ") if isinstance(value, dict) else [(f"{above}{key}", str(value))]
    return found


def _made(value: dict[str, Any], known_as: str, everyone: bool) -> str:
    who = "everyone of the organization may open it" if everyone else "nobody may open it yet"
    words = f"registered {value['name']}: {who}\n  id  {value['id']}\n  {known_as}"
    return words if everyone else f"{words}\n  Give access with: idp application grant {value['id']} --everyone"


def _client_metadata(
    from_json: Any,
    name: str | None,
    redirect_uris: tuple[str, ...],
    device: bool,
    public: bool,
    method: str | None,
    scope: str | None,
) -> dict[str, Any]:
    if from_json is not None:
        asked = client_json.read(from_json)
    else:
        if name is None or not (redirect_uris or device):
            raise Invalid(
                "Say --name, and --redirect-uri or --device; or give everything by --from-json.", field="redirect_uris"
            )
        asked = {}
    given: dict[str, Any] = {
        "client_name": name,
        "redirect_uris": list(redirect_uris) or None,
        "token_endpoint_auth_method": "none" if public else method,
        "scope": scope,
    }
    if public and method not in (None, "none"):
        raise Invalid("A public client has no authentication method.", field="token_endpoint_auth_method")
    given |= _flows(asked, bool(redirect_uris), device, "offline_access" in (scope or "").split())
    return {**asked, **{field: value for field, value in given.items() if value is not None}}


def _flows(asked: dict[str, Any], comes_back: bool, device: bool, offline: bool) -> dict[str, Any]:
    """
    Return grant types and response types as far as the options say something of them.

    Offline access that is asked for by words means the grant (OpenID Connect Core section 11); JSON says
    what it means itself.
    """
    if "grant_types" in asked:
        return {"grant_types": [*asked["grant_types"], metadata.DEVICE_CODE]} if device else {}
    if not (device or offline):
        return {}
    by_browser = comes_back or not device or bool(asked.get("redirect_uris"))
    kinds = (
        (by_browser, metadata.AUTHORIZATION_CODE),
        (offline, metadata.REFRESH_TOKEN),
        (device, metadata.DEVICE_CODE),
    )
    return {
        "grant_types": [kind for meant, kind in kinds if meant],
        "response_types": None if by_browser else [],
    }
