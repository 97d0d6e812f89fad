"""`idp application saml preview`: what a service provider would receive of a person, and why."""

from typing import Any

import click

from idp.cli.application_lookup import find
from idp.cli.context import Command, open_work, settings, tell
from idp.saml import preview


@click.command("preview", cls=Command)
@click.argument("application", metavar="APP")
@click.option("--account", required=True, metavar="EMAIL", help="Of whom.")
@click.option("--nameid-format", metavar="URN", help="As if the application's request asked for this format.")
def preview_(application: str, account: str, nameid_format: str | None) -> None:
    """Show what APP would receive if the person signed on now, and where each value is from. Nothing is sent or stored."""
    base_url = settings().base_url
    with open_work() as work:
        found = find(work, application)
        place = preview.place_of(work, found.id, base_url)
        made = preview.preview(work, place, found.id, account, nameid_format=nameid_format)
    value = made.to_json()
    xml = preview.indented(made.xml) if made.xml else ""
    tell(value, "\n".join(_lines(value, xml)))


def _lines(of: dict[str, Any], xml: str) -> list[str]:
    may = "may open" if of["allowed"] else "MAY NOT OPEN"
    lines = [f"{of['email']} {may} {of['application']}: {'; '.join(of['access'])}"]
    if not of["allowed"]:
        lines.append("  What follows is what would be sent if that changed.")
    lines += [f"  NOTHING WOULD BE SENT: {fault}" for fault in of["faults"]]
    lines += _part("NameID", _name(of))
    lines += _part("Attributes", [line for one in of["statements"] for line in _statement(one)] or ["none"])
    lines += _part(
        "Rules that send nothing", [f"{one['name']}: {one['because']} ({one['origin']})" for one in of["silent"]]
    )
    lines += _part("Not sent", [f"{one['attribute']}: {one['because']}" for one in of["withheld"]])
    if of["context"]:
        lines += _part("Signed in by", [of["context"], f"← {of['context_origin']}"])
    lines += _part("Goes to", [of["destination"] or "nowhere", *of["conditions"]])
    lines += _part("Protection", of["protection"])
    if xml:
        lines += ["", "The assertion, unsigned and with a line for every element:", "", xml]
    return lines


def _name(of: dict[str, Any]) -> list[str]:
    if not of["name_id_format"]:
        return []
    return [of["name_id"] or "none", f"format {of['name_id_format']}", f"← {of['name_id_origin']}"]


def _statement(one: dict[str, Any]) -> list[str]:
    type_ = "" if one["type"] == "none" else f", xs:{one['type']}"
    called = f" ({one['friendly_name']})" if one["friendly_name"] else ""
    return [
        f"{one['name']}{called} [{one['name_format']}{type_}]",
        *(f"  {value}" for value in one["values"]),
        f"  ← {one['origin']}",
    ]


def _part(title: str, lines: Any) -> list[str]:
    return ["", title, *(f"  {line}" for line in lines)] if lines else []
