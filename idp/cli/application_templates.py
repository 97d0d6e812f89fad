"""`idp application templates`, and registering from one."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from idp.base import placeholders
from idp.base.errors import Invalid
from idp.cli import vendor_page
from idp.cli.application_lookup import full
from idp.cli.context import Command, open_work, settings, tell, tell_all
from idp.directory import queries
from idp.policy.rules import described
from idp.saml import from_template, vendor_values
from idp.saml import templates as templates_
from idp.saml.from_template import Metadata
from idp.saml.switches import Switches
from idp.saml.templates.model import Registration, Template

_Function = Callable[..., Any]


def options(command: _Function) -> _Function:
    """Give *command* the options that name a template and the values of its fields."""
    field = click.option(
        "--field",
        "given",
        multiple=True,
        metavar="NAME=VALUE",
        help="A field of the template; may be given several times.",
    )
    name = click.option("--template", metavar="NAME", help="An application template; see idp application templates.")
    return name(field(command))


@click.command(cls=Command)
@click.argument("name", required=False)
@click.option("--site", metavar="SITE", help="With NAME: also print what this site gives to the vendor.")
def templates(name: str | None, site: str | None) -> None:
    """List the application templates; with NAME, show what one asks for and what to do at the vendor."""
    if name is None:
        if site is not None:
            raise Invalid("Name the template whose values are wanted.", field="name")
        found = [{"name": one.name, "title": one.title, "about": one.about} for one in templates_.every()]
        tell_all(found, lambda one: f"{one['name']:<24} {one['about']}", none="There is no template.")
        return
    of = templates_.find(name)
    value = _represent(of)
    lines = _words(of)
    if site is not None:
        with open_work() as work:
            ours = vendor_values.ours(work, site, settings().base_url)
        page = vendor_values.page(of, ours, {})
        value["vendor"] = vendor_page.represent(page)
        lines += ["", vendor_page.words(page, of.title)]
    tell(value, "\n".join(lines))


def create(
    site: str,
    template: str,
    given: Sequence[str],
    vendor: Metadata | None,
    *,
    name: str | None,
    everyone: bool,
    switches: Switches,
) -> None:
    """Register the application of *template* at *site* and print what came of it, and what the vendor is to be given."""
    of = settings()
    chosen = templates_.find(template)
    with open_work() as work:
        made = from_template.register_from_template(
            work,
            site,
            chosen,
            fields(given),
            vendor=vendor,
            name=name,
            switches=switches,
            everyone=everyone,
            allow_http_loopback=of.development.allow_http_loopback_applications,
        )
        value = full(work, queries.application(work, made.application_id))
        held = from_template.held_back(work, made, chosen)
        ours = vendor_values.ours(work, site, of.base_url, of=made)
        page = vendor_values.page(chosen, ours, made.made_from["fields"])
    value |= {"template": chosen.name, "vendor": vendor_page.represent(page), "held_back": held}
    lines = [*_made(value, chosen, everyone=everyone), "", vendor_page.words(page, value["name"])]
    tell(value, "\n".join(lines))


def _made(value: dict[str, Any], of: Template, *, everyone: bool) -> list[str]:
    who = "everyone of the organization may open it" if everyone else "nobody may open it yet"
    lines = [
        f"registered {value['name']}: {who}",
        f"  id         {value['id']}",
        f"  entity ID  {value['saml']['entity_id']}",
    ]
    if not everyone:
        lines.append(f"  Give access with: idp application grant {value['id']} --everyone")
    for name, why in value["held_back"].items():
        lines.append(f"  The attribute {name} is not sent: {why}. {_without(of, name)}")
    if value["held_back"]:
        lines.append("  Let an attribute leave with: idp organization release ORG --attribute NAME … (all that may)")
    return lines


def _without(of: Template, attribute: str) -> str:
    if attribute in of.name_id_reads():
        return "Nobody can sign on without it."
    return "The application needs it." if attribute in of.needed() else "The application works without it."


def fields(given: Sequence[str]) -> dict[str, str]:
    """Return what was given as NAME=VALUE, by name; each once."""
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise Invalid(f"“{one[:80]}” is no field.", field="field", advice="Write it as --field NAME=VALUE.")
        if name in found:
            raise Invalid(f"The field {name[:80]} is given twice.", field="field")
        found[name] = value
    return found


def _represent(of: Template) -> dict[str, Any]:
    return {
        "name": of.name,
        "title": of.title,
        "about": of.about,
        "documentation": list(of.documentation),
        "needs": list(of.needs),
        "registration": of.registration.value,
        "fields": [
            {"name": one.name, "label": one.label, "help": one.help, "example": one.example, "default": one.default}
            for one in of.fields
        ],
        "entity_id": of.entity_id,
        "assertion_consumers": list(of.consumers),
        "logout_endpoints": [{"binding": one.binding, "location": one.location} for one in of.logout_endpoints],
        "start_url": of.start_url,
        "name_id": {"format": of.name_id.format, "source": of.name_id.source},
        "unruled": of.unruled,
        "rules": [{**one.rule.to_json(), "optional": one.optional} for one in of.wanted],
        "sign_response": of.sign_response,
        "sign_assertion": of.sign_assertion,
        "encrypt_assertion": of.encrypt_assertion,
        "idp_initiated": of.idp_initiated,
        "relay_states": list(of.relay_states),
        "logout": of.logout,
        "notes": list(of.notes),
        "uncertain": list(of.uncertain),
    }


def _words(of: Template) -> list[str]:
    lines = [f"{of.title} ({of.name}): {of.about}", "", "needs"]
    lines += [f"  {_shown(one)}" for one in of.needs]
    lines += ["", "asks for"]
    if of.registration is Registration.METADATA:
        lines.append("  --metadata FILE|URL")
    for one in of.fields:
        default = "" if one.default is None else f" (default: {one.default})" if one.default else " (may be left out)"
        lines += [f"  --field {one.name}={one.example}", f"      {one.label}: {one.help}{default}"]
    lines += ["", "sends", f"  NameID  {of.name_id.format}, {_source(of)}"]
    lines += [f"  {one.rule.name}  {described(one.rule)}" for one in of.wanted]
    if not of.wanted:
        lines.append(f"  {'whatever may leave, under our own names' if of.unruled else 'no attributes'}")
    lines += ["", "at the vendor", f"  {_shown(of.vendor.where)}"]
    width = max(len(one.label) for one in of.vendor.values)
    for value in of.vendor.values:
        lines.append(f"  {value.label:<{width}}  {value.give.says if value.give else _shown(value.enter)}")
    lines += [f"  {number}. {_shown(step)}" for number, step in enumerate(of.vendor.steps, 1)]
    lines += ["", "logout", f"  {_shown(of.logout)}", "", "notes"]
    lines += [f"  {_shown(one)}" for one in of.notes]
    lines += [f"  Not certain: {_shown(one)}" for one in of.uncertain]
    lines += [f"  From: {one}" for one in of.documentation]
    return lines


def _source(of: Template) -> str:
    return f"from {of.name_id.source}" if of.name_id.source else "made here"


def _shown(text: str) -> str:
    return placeholders.shown(text, {}).replace("**", "").replace("`", "")
