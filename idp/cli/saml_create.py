"""`idp application create-saml`: one service provider, by its metadata, by an application template, or by hand."""

from typing import Any

import click

from idp.base import clock
from idp.base.errors import Invalid
from idp.base.work import Work
from idp.cli import application_templates, saml_metadata
from idp.cli.application_lookup import full
from idp.cli.context import Command, open_work, settings, tell
from idp.cli.saml_description import ENCRYPTION_METHOD, methods
from idp.cli.saml_metadata import certificates_in, logout_endpoint
from idp.cli.saml_proposal import as_json, words
from idp.cli.saml_switches import read_switches, switches, warnings
from idp.directory import queries
from idp.saml import editing, from_template, metadata, proposing, registering
from idp.saml.description import SpDescription
from idp.saml.models import ServiceProvider
from idp.saml.switches import Switches

_BY_HAND = ("entity_id", "acs", "slo", "certificate", "encryption_method")


@click.command("create-saml", cls=Command)
@click.option("--site", required=True, metavar="SITE", help="Site to register it at.")
@click.option("--metadata", "source", metavar="FILE|URL|-", help="The service provider's metadata (-: stdin).")
@click.option("--metadata-key", metavar="FILE", help="Certificate that metadata fetched later must be signed with.")
@application_templates.options
@click.option("--entity-id", metavar="ID", help="Without metadata: its entity ID.")
@click.option("--acs", multiple=True, metavar="URL", help="Without metadata: where it takes assertions (HTTP-POST).")
@click.option("--slo", multiple=True, metavar="[post=|soap=]URL", help="Without metadata: where it takes logout.")
@click.option("--certificate", multiple=True, metavar="FILE", help="Without metadata: its certificate (PEM or DER).")
@ENCRYPTION_METHOD
@click.option("--name", help="The name that people read (default: what the metadata or the template says).")
@switches
@click.option("--everyone", is_flag=True, help="Let everyone of the organization open it at once.")
@click.option("--release-requested", is_flag=True, help="Release to it what it asks for, and no more.")
def create_saml(
    site: str,
    name: str | None,
    everyone: bool,
    release_requested: bool,
    metadata_key: str | None,
    template: str | None,
    given: tuple[str, ...],
    **asked: Any,
) -> None:
    """
    Register a SAML service provider, by its metadata, by an application template, or by hand.

    By hand, for vendors who give an address and an entity ID only: --entity-id, --acs, --name.
    """
    wanted = {option: value for option, value in asked.items() if option not in ("source", *_BY_HAND)}
    chosen = Switches(**read_switches(wanted))
    if template is not None:
        _check_template(asked, release_requested, metadata_key)
        vendor = None if asked["source"] is None else from_template.Metadata(*saml_metadata.read(asked["source"]))
        application_templates.create(site, template, given, vendor, name=name, everyone=everyone, switches=chosen)
        return
    if given:
        raise Invalid("Fields belong to a template: say --template, too.", field="template")
    key = "" if metadata_key is None else saml_metadata.one_certificate(metadata_key)
    document, url, described = _described(asked, name, key)
    with open_work() as work:
        made = registering.enroll(
            work, site, described, chosen, document=document, name=name, metadata_url=url, metadata_key=key,
            everyone=everyone,
        )  # fmt: skip
        value, lines = _told(work, made, everyone, release_requested)
    tell(value, "\n".join(lines))


def _check_template(asked: dict[str, Any], release_requested: bool, metadata_key: str | None) -> None:
    """A template says itself what is released, and describes what metadata does not."""
    if release_requested or metadata_key is not None or any(asked[option] for option in _BY_HAND):
        raise Invalid(
            "With a template, everything else is said by its fields, or by --metadata.",
            field="template",
            advice="idp application templates NAME shows the fields that it asks for.",
        )


def _described(asked: dict[str, Any], name: str | None, key: str) -> tuple[str, str, SpDescription]:
    """Return the metadata, the address that it came from, and what it says; the first two are empty by hand."""
    loopback = settings().development.allow_http_loopback_applications
    by_hand = any(asked[option] for option in _BY_HAND)
    if by_hand == bool(asked["source"]):
        raise Invalid(
            "Say --metadata, or --template, or describe it by hand with --entity-id, --acs and --name.",
            field="metadata",
            advice="idp application templates lists the templates.",
        )
    if asked["source"]:
        raw, url = saml_metadata.read(asked["source"])
        described = metadata.understood(metadata.proven(raw, key), now=clock.now(), http_loopback=loopback)
        return raw.decode("utf-8-sig"), url, described
    if not asked["entity_id"] or not asked["acs"] or not name:
        raise Invalid(
            "Without metadata it takes at least --entity-id, --acs and --name.",
            field="acs",
            advice="The vendor calls them entity ID (or audience, or issuer) and ACS URL (or reply, or callback URL).",
        )
    described = editing.by_hand(
        asked["entity_id"],
        asked["acs"],
        logout=[logout_endpoint(one) for one in asked["slo"]],
        certificates=certificates_in(asked["certificate"]),
        methods=methods(asked["encryption_method"]),
        name=name,
    )
    metadata.judge(described, now=clock.now(), http_loopback=loopback)
    return "", "", described


def _told(
    work: Work, made: ServiceProvider, everyone: bool, release_requested: bool
) -> tuple[dict[str, Any], list[str]]:
    apply = proposing.apply if release_requested else proposing.of
    proposal = apply(work, made.application_id)
    value = full(work, queries.application(work, made.application_id))
    value["proposal"] = as_json(proposal)
    who = "everyone of the organization may open it" if everyone else "nobody may open it yet"
    lines = [f"registered {value['name']}: {who}", f"  id  {value['id']}", f"  entity ID {made.entity_id}"]
    if not made.metadata_xml:
        lines.append("  described by hand: there is no metadata to look after it with")
    if not everyone:
        lines.append(f"  Give access with: idp application grant {value['id']} --everyone")
    lines += words(proposal, applied=release_requested)
    lines += warnings(value)
    if proposal.supplied and not release_requested:
        lines.append(f"  Agree with:      idp application saml release-requested {value['id']}")
    return value, lines
