"""`idp application oidc templates` and `from-template`: applications of OpenID Connect that are known already."""

from typing import Any

import click

from idp.cli.application_templates import fields
from idp.cli.context import Command, open_work, settings, tell, tell_all
from idp.cli.oidc_check import in_short, of_application
from idp.oidc import clients, from_template, vendor_values
from idp.oidc import provider as provider_
from idp.oidc import templates as templates_


@click.command(cls=Command)
def templates() -> None:
    """List the templates of OpenID Connect applications, and what each asks for."""
    found = [
        {"name": one.name, "title": one.title, "about": one.about, "fields": [field.name for field in one.fields]}
        for one in templates_.every()
    ]
    tell_all(
        found,
        lambda one: f"{one['name']:<24} {one['about']}{''.join(f' --field {name}=…' for name in one['fields'])}",
        none="There is no template.",
    )


@click.command("from-template", cls=Command)
@click.argument("template")
@click.option("--site", required=True, metavar="SITE", help="Site to register it at.")
@click.option("--field", "given", multiple=True, metavar="NAME=VALUE", help="A field of the template.")
@click.option("--name", help="The name that people read.")
@click.option("--first-party", is_flag=True, help="The organization's own: people are not asked for consent.")
def create(template: str, site: str, given: tuple[str, ...], name: str | None, first_party: bool) -> None:
    """Register the OpenID Connect application of TEMPLATE; prints its secret this once, and its configuration."""
    of, chosen = settings(), templates_.find(template)
    with open_work() as work:
        made, client, secret = from_template.register_from_template(
            work,
            site,
            chosen,
            fields(given),
            name=name,
            first_party=first_party,
            base_url=of.base_url,
            allow_http_loopback=of.development.allow_http_loopback_applications,
        )
        at = provider_.at(work, of.base_url, site)
        assert at is not None, "it was registered there just now"
        page = vendor_values.page(chosen, vendor_values.ours(at, client), client.made_from["fields"])
        findings = of_application(work, of, made).findings
        value: dict[str, Any] = {"application_id": made.id, **clients.represent(client, secret)}
        value |= {"template": chosen.name, "where": page.where, "values": dict(page.values), "snippet": page.snippet}
    lines = [f"registered {made.name}: nobody may open it yet", f"  id         {made.id}"]
    if secret is not None:
        lines += [f"  client_secret  {secret}", "  The secret is shown this once and cannot be shown again."]
    lines += in_short(findings, made.id, access_is_said=True)
    lines += ["", page.where, *(f"  {label}  {words}" for label, words in page.values)]
    if page.snippet:
        lines += ["", f"{page.file}:", *(f"  {line}" for line in page.snippet.splitlines())]
    tell(value, "\n".join(lines))
