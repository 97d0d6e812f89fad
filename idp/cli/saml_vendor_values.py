"""`idp application saml vendor-values`"""

import click

from idp.cli import vendor_page
from idp.cli.application_lookup import find
from idp.cli.context import Command, open_work, settings, tell
from idp.directory import sites
from idp.saml import providers, templates
from idp.saml import vendor_values as values_

_GENERIC = "generic"


@click.command("vendor-values", cls=Command)
@click.argument("application", metavar="APP")
@click.option("--template", metavar="NAME", help="Under the names of this template (default: the one APP was made by).")
def vendor_values(application: str, template: str | None) -> None:
    """Print what the vendor of APP is to be given: addresses, certificate, and where they go."""
    of = settings()
    with open_work() as work:
        found = find(work, application)
        provider = providers.of_application(work, found)
        chosen = templates.find(template or str(provider.made_from.get("template", _GENERIC)))
        site = sites.facts_by_id(work, provider.organization_id, provider.site_id)
        assert site is not None  # its application was found
        ours = values_.ours(work, site.slug, of.base_url, of=provider)
        page = values_.page(chosen, ours, provider.made_from.get("fields", {}))
    tell(
        {"application_id": found.id, "template": chosen.name, **vendor_page.represent(page)},
        vendor_page.words(page, found.name),
    )
