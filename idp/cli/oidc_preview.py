"""`idp application oidc preview`: what a client would receive of a person, and why."""

import json
from typing import Any

import click

from idp.cli.application_lookup import find
from idp.cli.context import Command, open_work, settings, tell
from idp.oidc import preview


@click.command("preview", cls=Command)
@click.argument("application", metavar="APP")
@click.option("--account", required=True, metavar="EMAIL", help="Of whom.")
@click.option("--scope", default="", metavar="SCOPES", help="As if it asked for these (default: all that it may).")
@click.option("--resource", default="", metavar="URI", help="As if it named this API of its site.")
@click.option("--claims", default="", metavar="JSON", help="As if it asked for these single claims.")
def preview_(application: str, account: str, scope: str, resource: str, claims: str) -> None:
    """Show what APP would receive if the person signed on now. Nothing is issued or stored."""
    base_url = settings().base_url
    with open_work() as work:
        made = preview.preview(
            work, base_url, find(work, application).id, account, scope=scope, resource=resource, single=claims
        )
    value = made.to_json()
    tell(value, "\n".join(_lines(value)))


def _lines(of: dict[str, Any]) -> list[str]:
    may = "may open" if of["allowed"] else "MAY NOT OPEN"
    lines = [f"{of['email']} {may} {of['application']}: {'; '.join(of['access'])}"]
    if not of["allowed"]:
        lines.append("  What follows is what would be sent if that changed.")
    lines += [f"  NOTHING WOULD BE SENT: {fault}" for fault in of["faults"]]
    lines.append(f"  scope     {' '.join(of['scope']) or 'none'}")
    if of["refused_scope"]:
        lines.append(f"  not given {' '.join(of['refused_scope'])}")
    lines.append(f"  consent   {'the person is asked' if of['consent'] else 'the person is not asked'}")
    access = "Access token, as introspection tells it" if of["opaque"] else "Access token"
    if of["access_token_fault"]:
        lines.append(f"  NO ACCESS TOKEN: {of['access_token_fault']}")
    for title, name in (("ID token", "id_token"), ("UserInfo", "userinfo"), (access, "access_token")):
        lines += [f"{title}:", *(f"  {key:<12} {json.dumps(said)}" for key, said in of[name].items())]
    lines += [f"Not sent: {one['claim']}: {one['because']}" for one in of["withheld"]]
    return lines
