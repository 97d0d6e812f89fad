"""`idp application saml preview`: what a service provider would receive of a person, and why."""

from typing import Any

import click

from idp.cli import supposing
from idp.cli.application_lookup import find
from idp.cli.context import Command, open_work, settings, tell
from idp.saml import preview
from idp.saml.messages import COMPARISONS
from idp.saml.supposed_request import SupposedRequest


@click.command("preview", cls=Command)
@click.argument("application", metavar="APP")
@click.option("--account", required=True, metavar="EMAIL", help="Of whom.")
@click.option("--nameid-format", metavar="URN", help="As if the application's request asked for this format.")
@click.option("--acs", default="", metavar="URL|N", help="As if it wanted the answer there: an address, or its number.")
@click.option(
    "--context", "classes", multiple=True, metavar="CLASS", help="As if it asked for this authentication context."
)
@click.option("--comparison", type=click.Choice(sorted(COMPARISONS)), help="How it compares them (default: exact).")
@click.option("--from-our-side", is_flag=True, help="As if the application was started from here: there is no request.")
@click.option(
    "--ip", default=preview.FROM, metavar="IP", show_default=True, help="The address that the person comes from."
)
@supposing.options
def preview_(
    application: str,
    account: str,
    nameid_format: str | None,
    acs: str,
    classes: tuple[str, ...],
    comparison: str | None,
    from_our_side: bool,
    ip: str,
    **asked: Any,
) -> None:
    """
    Show what APP would receive if the person signed on, and where each value is from. Nothing is sent or stored.

    The rules of access are asked as at the door: who would be denied is said to be, and what would have to be proven.
    """
    base_url = settings().base_url
    request = SupposedRequest(nameid_format, acs, comparison or "", classes, from_our_side)
    with open_work() as work:
        found = find(work, application)
        place = preview.place_of(work, found.id, base_url)
        supposed = supposing.read(work.now, ip, asked)
        made = preview.preview(work, place, found.id, account, request=request, supposed=supposed)
    value = made.to_json()
    xml = preview.indented(made.xml) if made.xml else ""
    tell(value, "\n".join(_lines(value, xml)))


def _lines(of: dict[str, Any], xml: str) -> list[str]:
    may = "may open" if of["allowed"] else "MAY NOT OPEN"
    lines = [f"{of['email']} {may} {of['application']}: {'; '.join(of['access'])}"]
    if not of["allowed"]:
        lines.append("  What follows is what would be sent if that changed.")
    lines += [f"  A sign-on {of['circumstances']}:", f"  {of['road']}"]
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
