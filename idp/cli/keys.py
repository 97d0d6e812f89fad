"""`idp keys …`"""

import click

from idp.cli import show
from idp.cli.context import Group, open_work, tell_all
from idp.directory import keys as keys_
from idp.directory import queries
from idp.keyring import keyring

_SITE = click.option("--site", metavar="SITE", help="Only the keys of this site (default: of every site).")


@click.group(cls=Group)
def keys() -> None:
    """Signing keys of sites. Their life: next (published), active (signs), retired (published), gone."""


@keys.command("list")
@_SITE
def list_(site: str | None) -> None:
    """List signing keys."""
    with open_work() as work:
        found = [
            {"site": one.slug, **show.key(key)}
            for one in ([queries.site(work, site)] if site else queries.sites(work))
            for key in keys_.keys(work, one.organization_id, one.id)
        ]
    tell_all(found, _line, none="There is no key: create a site first.")


@keys.command("rotate")
@_SITE
@click.option(
    "--purpose",
    type=click.Choice([keyring.SAML_SIGNING, keyring.TOKEN_SIGNING]),
    help="Only keys of this purpose (default: all).",
)
@click.option("--if-due", is_flag=True, help="Only what is due by age; for a scheduled job.")
def rotate_(site: str | None, purpose: str | None, if_due: bool) -> None:
    """
    Move keys one step on, as far as the caches of applications allow. Safe to call again.

    The first call publishes a new key; a later one, when applications have had time to see it,
    lets it sign and retires the old one.
    """
    with open_work() as work:
        changed = [
            {"site": one.slug, **show.key(key)}
            for one in ([queries.site(work, site)] if site else queries.sites(work))
            for key in keys_.rotate(
                work, one.organization_id, one.id, subject=one.slug, purpose=purpose, at_once=not if_due
            )
        ]
    tell_all(changed, _line, none="Nothing to do now: a published key waits until applications have seen it.")


def _line(one: dict[str, object]) -> str:
    return f"{one['site']:<20} {one['purpose']:<14} {one['algorithm']:<9} {one['state']:<8} {one['id']}"
