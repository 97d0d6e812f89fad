"""`idp site …`"""

import click

from idp.cli import release, rules, show
from idp.cli.context import Group, open_work, settings, tell, tell_all
from idp.directory import queries, sites


@click.group(cls=Group)
def site() -> None:
    """Sites: where applications are registered, each with its own issuer, entity ID and keys."""


@site.command()
@click.argument("slug")
@click.option("--organization", required=True, metavar="ORG", help="Short name of the organization that owns it.")
@click.option("--name", required=True, help="The name that people read.")
def create(slug: str, organization: str, name: str) -> None:
    """Create the site SLUG with its own signing keys."""
    base_url = settings().base_url
    with open_work() as work:
        made = sites.create(work, slug, organization=organization, name=name)
        shown = show.site(made, base_url)
    tell(
        shown,
        f"created site {made.slug} ({made.name})\n"
        f"  SAML metadata and entity ID:  {shown['saml_metadata_url']}\n"
        f"  OpenID Connect issuer:        {shown['issuer']}",
    )


@site.command("set")
@click.argument("slug")
@click.option("--name", help="The name that people read.")
@click.option(
    "--support-contact", metavar="TEXT", help="Whom people ask for help: an e-mail address, a page, or words."
)
@click.option("--accent", metavar="#RRGGBB", help="The colour of its pages; made readable where it is not.")
@click.option(
    "--pkce-for-public-clients-only/--pkce-for-every-client",
    default=None,
    help="Excuse clients that have a secret from PKCE. A stolen code is then protected by that secret alone.",
)
def set_(
    slug: str,
    name: str | None,
    support_contact: str | None,
    accent: str | None,
    pkce_for_public_clients_only: bool | None,
) -> None:
    """Change the site SLUG; what is not named stays as it is."""
    base_url = settings().base_url
    with open_work() as work:
        changed = sites.edit(
            work,
            slug,
            name=name,
            accent=accent,
            support_contact=support_contact,
            pkce_for_public_clients_only=pkce_for_public_clients_only,
        )
        tell(show.site(changed, base_url), f"changed site {changed.slug}")


@site.command("list")
@click.option("--organization", metavar="ORG", help="Only those of this organization.")
def list_(organization: str | None) -> None:
    """List the sites."""
    base_url = settings().base_url
    with open_work() as work:
        owner = queries.organization(work, organization).id if organization else None
        found = [show.site(one, base_url) for one in queries.sites(work, organization_id=owner)]
    tell_all(found, lambda one: f"{one['slug']:<24} {one['name']:<32} {one['issuer']}", none="There is no site yet.")


site.add_command(release.of_site())
site.add_command(rules.of_site())
