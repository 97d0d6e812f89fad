"""`idp site …`"""

from collections.abc import Mapping
from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli import registration_token, release, rules, show
from idp.cli.application_set import read_logo
from idp.cli.context import Group, open_work, settings, tell, tell_all
from idp.directory import pictures, queries, sites
from idp.oidc import weakening
from idp.oidc.weakening import Weakened


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
@click.option(
    "--client-registration",
    type=click.Choice(sites.CLIENT_REGISTRATION),
    help="Which OpenID Connect clients may register themselves: none, those with a token, all.",
)
@click.option(
    "--registered-clients-open-to",
    type=click.Choice(["everyone", "nobody"]),
    help="Who may open a client that registered itself, before an administrator says more (default: nobody).",
)
@click.option(
    "--registered-clients-legacy/--no-registered-clients-legacy",
    default=None,
    help="Let them have the legacy response types, which put tokens into addresses (RFC 9700 advises against it).",
)
@click.option("--description", metavar="TEXT", help="A sentence or two for those who choose among sign-in services.")
@click.option("--logo-url", metavar="URL", help="A picture of the organization, at an https address.")
@click.option("--logo", metavar="FILE", help="A picture (PNG, JPEG, WebP, GIF) for its own pages; empty: none.")
@click.option("--logo-size", metavar="WIDTHxHEIGHT", help="The size of that picture in pixels, such as 80x60.")
@click.option("--organization-url", metavar="URL", help="The organization's own pages (default: where this site is).")
@click.option("--technical-contact", metavar="EMAIL", help="Who runs this site, for administrators of applications.")
@click.option(
    "--sign-metadata/--sign-metadata-on-request",
    default=None,
    help="Sign SAML metadata always, or only for those who ask by ?signed=1 (default).",
)
@click.option(
    "--metadata-valid-days", type=int, metavar="DAYS", help="How long SAML metadata may be used (default: 365)."
)
@click.option(
    "--fetch-request-objects/--no-fetch-request-objects",
    default=None,
    help="Read authorization requests from addresses that OpenID Connect clients have registered (default: no).",
)
@click.option(
    "--assertions-for-token-endpoint/--assertions-for-issuer-only",
    default=None,
    help="Take client assertions whose aud is the token endpoint, too, as older libraries send it. A provider that lies "
    "about its endpoints can then get one that is good here (default: for the issuer only).",
)
def set_(
    slug: str,
    name: str | None,
    support_contact: str | None,
    accent: str | None,
    pkce_for_public_clients_only: bool | None,
    client_registration: str | None,
    registered_clients_open_to: str | None,
    registered_clients_legacy: bool | None,
    description: str | None,
    logo_url: str | None,
    logo: str | None,
    logo_size: str | None,
    organization_url: str | None,
    technical_contact: str | None,
    sign_metadata: bool | None,
    metadata_valid_days: int | None,
    fetch_request_objects: bool | None,
    assertions_for_token_endpoint: bool | None,
) -> None:
    """Change the site SLUG; what is not named stays as it is, and an empty text takes one away."""
    base_url = settings().base_url
    asks: dict[str, Any] = {
        "pkce_for_public_clients_only": pkce_for_public_clients_only,
        "client_registration": client_registration,
        "registered_clients_open_to_everyone": (
            None if registered_clients_open_to is None else registered_clients_open_to == "everyone"
        ),
        "registered_clients_may_be_legacy": registered_clients_legacy,
        "sign_metadata": sign_metadata,
        "assertions_for_token_endpoint": assertions_for_token_endpoint,
    }
    with open_work() as work:
        weakened = weakening.by_change(work, queries.site(work, slug), asks)
        changed = sites.edit(
            work,
            slug,
            **asks,
            name=name,
            accent=accent,
            support_contact=support_contact,
            description=description,
            logo_url=logo_url,
            logo_size=None if logo_size is None else _size(logo_size),
            organization_url=organization_url,
            technical_contact=technical_contact,
            metadata_valid_days=metadata_valid_days,
            fetch_request_objects=fetch_request_objects,
        )
        if logo is not None:
            pictures.set_of_site(work, slug, read_logo(logo))
        value = {
            **show.site(changed, base_url),
            "weakened": {name: {"count": one.count, "applications": [*one.names]} for name, one in weakened.items()},
        }
        tell(value, "\n".join([f"changed site {changed.slug}", *_weakened(weakened)]))


@site.command("list")
@click.option("--organization", metavar="ORG", help="Only those of this organization.")
def list_(organization: str | None) -> None:
    """List the sites."""
    base_url = settings().base_url
    with open_work() as work:
        owner = queries.organization(work, organization).id if organization else None
        found = [show.site(one, base_url) for one in queries.sites(work, organization_id=owner)]
    tell_all(found, lambda one: f"{one['slug']:<24} {one['name']:<32} {one['issuer']}", none="There is no site yet.")


site.add_command(registration_token.registration_token)
site.add_command(release.of_site())
site.add_command(rules.of_site())


def _weakened(by: Mapping[str, Weakened]) -> list[str]:
    """Return a line for each setting that is looser now: which applications that weakens."""
    lines = []
    for setting, one in by.items():
        further = ", …" if one.count > len(one.names) else ""
        which = f"weakens {one.count}: {', '.join(one.names)}{further}" if one.count else "weakens none that is there"
        lines.append(f"  {setting} is looser now: {which}")
    return lines


def _size(value: str) -> tuple[int, int]:
    width, _, height = value.partition("x")
    if not (width.isdecimal() and height.isdecimal() and value.isascii() and len(value) <= 9):
        raise Invalid("The size of a logo is written like 80x60.", field="logo_size")
    return int(width), int(height)
