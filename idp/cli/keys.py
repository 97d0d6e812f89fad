"""`idp keys …`"""

from typing import IO

import click

from idp.base.errors import Conflict
from idp.cli import errors, saml_campaign, show
from idp.cli.context import Group, chosen, open_work, tell, tell_all
from idp.directory import keys as keys_
from idp.directory import queries
from idp.keyring import keyring
from idp.keyring.brought import read
from idp.saml.key_change import rotating

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


@keys.command("create")
@click.argument("site")
@click.option(
    "--algorithm",
    type=click.Choice([algorithm for _, algorithm in keyring.OPTIONAL_KINDS]),
    default="P-256",
    show_default=True,
    help="The curve.",
)
def create(site: str, algorithm: str) -> None:
    """
    Make an EC key for SAML at SITE, beside its RSA key.

    It is published in the metadata at once and signs for nobody until an application is told so.
    """
    with open_work() as work:
        at = queries.site(work, site)
        made = keys_.add(work, at.organization_id, at.id, subject=at.slug, algorithm=algorithm)
        value = {"site": at.slug, **show.key(made)}
    tell(
        value,
        f"{_line(value)}\n  It is in the metadata of {site} now. Once an application has read that:\n"
        "  idp application saml set APP --signature-algorithm ecdsa-sha256",
    )


@keys.command("import")
@click.argument("site")
@click.option(
    "--key", "key_file", type=click.File("rb"), required=True, metavar="FILE", help="The private key, in PEM."
)
@click.option("--certificate", type=click.File("rb"), metavar="FILE", help="Its certificate, in PEM (default: made).")
def import_(site: str, key_file: IO[bytes], certificate: IO[bytes] | None) -> None:
    """
    Take in the SAML key that applications know already, for SITE.

    It is published at once and signs for the applications that are switched to it.
    A FILE of - is stdin, so an encrypted key never lies about open: openssl pkey -in FILE | idp keys import …
    """
    brought = read(key_file.read(), certificate.read() if certificate else None)
    with open_work() as work:
        at = queries.site(work, site)
        taken = keys_.adopt(work, at.organization_id, at.id, brought, subject=at.slug)
        value = {"site": at.slug, **show.key(taken)}
    follow = (
        f"See who can be switched to it: idp keys campaign {site}"
        if value["state"] == keyring.NEXT
        else "For one application: idp application saml set APP --signature-algorithm ecdsa-sha256"
    )
    tell(value, f"{_line(value)}\n  It is in the metadata of {site} now. {follow}")


@keys.command("rotate")
@_SITE
@click.option(
    "--purpose",
    type=click.Choice([keyring.SAML_SIGNING, keyring.TOKEN_SIGNING]),
    help="Only keys of this purpose (default: all).",
)
@click.option("--if-due", is_flag=True, help="Only what is due by age, as the hourly job does.")
@click.option("--anyway", is_flag=True, help="Retire and drop also what applications still depend on.")
def rotate_(site: str | None, purpose: str | None, if_due: bool, anyway: bool) -> None:
    """
    Move keys one step on, as far as the caches of applications allow. Safe to call again.

    The first call publishes a new key; a later one, when applications have had time to see it,
    lets it sign and retires the old one. A key that an application still depends on stays, and is
    named with it; the exit code is 4 then.
    """
    with open_work() as work:
        turned = [
            (one.slug, rotating.rotate(work, one, purpose=purpose, at_once=not if_due, anyway=anyway))
            for one in ([queries.site(work, site)] if site else queries.sites(work))
        ]
        changed = [{"site": slug, **show.key(key)} for slug, done in turned for key in done.changed]
        held = [
            {"site": slug, **show.key(one.key), "held_by": list(one.names)}
            for slug, done in turned
            for one in done.held
        ]
        unseen = {slug: done.unseen for slug, done in turned if done.unseen}
    if changed or not held or chosen().json:
        tell_all(changed, _line, none="Nothing to do now: a published key waits until applications have seen it.")
    for slug, count in unseen.items():
        click.echo(
            f"{count} application(s) of {slug} follow to the new key without having shown that they know it. "
            f"See: idp keys campaign {slug}",
            err=True,
        )
    for one in held:
        told = Conflict(_why_held(one), code="key-held", advice="To go on all the same: --anyway")
        errors.tell(told, as_json=chosen().json)
    if held:
        click.get_current_context().exit(errors.EXIT[Conflict])


def _why_held(one: dict[str, object]) -> str:
    names = one["held_by"]
    assert isinstance(names, list)
    return (
        f"The key {one['id']} of {one['site']} stays {one['state']}: {len(names)} application(s) depend on it: "
        f"{', '.join(names[:10])}{', …' if len(names) > 10 else ''}. See: idp keys campaign {one['site']}"
    )


def _line(one: dict[str, object]) -> str:
    return f"{one['site']:<20} {one['purpose']:<14} {one['algorithm']:<9} {one['state']:<8} {one['id']}"


keys.add_command(saml_campaign.campaign)
