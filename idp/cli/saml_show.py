"""`idp application saml show`: everything that is known of a service provider, to be read by people."""

from dataclasses import fields
from typing import Any

import click

from idp.cli.application_lookup import find, full
from idp.cli.context import Command, open_work, tell
from idp.cli.saml_proposal import words as proposal_words
from idp.saml import proposing
from idp.saml.providers import Switches


@click.command("show", cls=Command)
@click.argument("application", metavar="APP")
def show_(application: str) -> None:
    """Show everything that is known of the service provider APP, how it is answered, and what it asks for."""
    with open_work() as work:
        found = find(work, application)
        proposal = proposing.of(work, found.id)
        value = full(work, found)
    tell(value, "\n".join([*_lines(value), *_part("asks for", proposal_words(proposal, applied=False))]))


def _lines(value: dict[str, Any]) -> list[str]:
    saml = value["saml"]
    about = saml["about"]
    return [
        f"{value['name']}  {value['id']}",
        *_pairs(
            ("entity ID", saml["entity_id"]),
            ("version", saml["version"]),
            ("described", "by metadata" if saml["described_by"] == "metadata" else "by hand: there is no metadata"),
            ("metadata from", saml["metadata_url"]),
            (
                "metadata key",
                saml["metadata_key"] or ("none: its signature is not checked" if saml["metadata_url"] else ""),
            ),
            ("fetched", saml["refreshed_at"]),
            ("not taken", saml["refresh_error"]),
            ("waiting", "a change; see: idp application saml refresh APP --show" if saml["change_waits"] else ""),
            ("valid until", saml["valid_until"]),
            ("calls itself", saml["display_name"]),
            ("description", about["description"]),
            ("logo", about["logo_url"]),
            ("information", about["information_url"]),
            ("privacy", about["privacy_url"]),
        ),
        *_part("takes assertions at", [_endpoint(one) for one in saml["assertion_consumers"]]),
        *_part("takes logout at", [_endpoint(one) for one in saml["logout_endpoints"]] or ["  nowhere"]),
        *_part("signs with", _certificates(saml, "signing_certificates")),
        *_part("is encrypted for with", _certificates(saml, "encryption_certificates")),
        *_part("NameID formats", [f"  {one}" for one in saml["nameid_formats"]]),
        *_part(
            "says of itself",
            [
                f"  it signs its requests: {_yes(saml['authn_requests_signed'])}",
                f"  it wants signed assertions: {_yes(saml['want_assertions_signed'])}",
            ],
        ),
        *_part(
            "is answered with",
            [f"  {name.replace('_', ' ')}: {_yes(saml[name])}" for name in _SWITCHES if saml.get(name) not in ("", [])],
        ),
    ]


_SWITCHES = tuple(one.name for one in fields(Switches))


def _pairs(*pairs: tuple[str, Any]) -> list[str]:
    return [f"  {name:<14} {value}" for name, value in pairs if value not in (None, "")]


def _part(title: str, lines: list[str]) -> list[str]:
    return [f"{title[0].upper()}{title[1:]}:", *lines] if lines else []


def _endpoint(one: dict[str, Any]) -> str:
    more = [one["binding"].rpartition(":")[2]]
    if "index" in one:
        more.append(f"index {one['index']}")
    if one.get("is_default"):
        more.append("default")
    if one.get("response_location"):
        more.append(f"answers to {one['response_location']}")
    return f"  {one['location']}  ({', '.join(more)})"


def _certificates(saml: dict[str, Any], which: str) -> list[str]:
    return [f"  SHA-256 {one}\n    ends {saml['certificate_ends'][one] or 'unknown'}" for one in saml[which]]


def _yes(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)
