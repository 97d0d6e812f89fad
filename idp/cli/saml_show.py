"""`idp application saml show`: everything that is known of a service provider, to be read by people."""

from typing import Any

import click

from idp.cli import rules
from idp.cli.application_lookup import find, full
from idp.cli.context import Command, open_work, tell
from idp.cli.saml_proposal import shown
from idp.cli.saml_switches import warnings
from idp.directory import access
from idp.saml import proposing
from idp.saml.key_change import rollover


@click.command("show", cls=Command)
@click.argument("application", metavar="APP")
def show_(application: str) -> None:
    """Show everything that is known of the service provider APP, how it is answered, and what it is sent."""
    with open_work() as work:
        found = find(work, application)
        proposal = proposing.of(work, found.id)
        stands = rollover.state(work, found.id)
        value = {
            **full(work, found),
            "release": rules.released_to(work, found),
            "rollover": None if stands is None else stands.to_json(),
        }
    asks = _part("asks for", shown(proposal))
    tell(value, "\n".join([*_lines(value), *asks]))


def _lines(value: dict[str, Any]) -> list[str]:
    saml = value["saml"]
    about = saml["about"]
    return [
        f"{value['name']}  {value['id']}",
        *(f"  {one}" for one in warnings(value)),
        *_pairs(
            ("entity ID", saml["entity_id"]),
            ("state", "disabled: nobody can sign on" if value["disabled_at"] else "active"),
            ("open to", ", ".join(map(_who, value["access"])) or "nobody; see: idp application grant"),
            ("tile leads to", value["launch_url"]),
            ("template", saml["template"]),
            ("version", saml["version"]),
            ("described", "by metadata" if saml["described_by"] == "metadata" else "by hand: there is no metadata"),
            ("calls itself", saml["display_name"]),
            ("description", about["description"]),
            ("logo", about["logo_url"]),
            ("information", about["information_url"]),
            ("privacy", about["privacy_url"]),
            ("valid until", saml["valid_until"]),
        ),
        *_part("metadata", _fetched(saml)),
        *_part("takes assertions at", [_endpoint(one) for one in saml["assertion_consumers"]]),
        *_part("takes logout at", [_endpoint(one) for one in saml["logout_endpoints"]] or ["  nowhere"]),
        *_part("takes name management at", [_endpoint(one) for one in saml["name_id_endpoints"]]),
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
        *_part("is answered", [f"  {name:<14} {said}" for name, said in _answered(saml)]),
        *_part("our key", _our_key(value)),
        *_part("is sent", rules.words(value["release"])),
    ]


def _fetched(saml: dict[str, Any]) -> list[str]:
    if not saml["metadata_url"]:
        return []
    return _pairs(
        ("from", saml["metadata_url"]),
        ("signed with", saml["metadata_key"] or "nobody says: its signature is not checked"),
        ("fetched", saml["refreshed_at"]),
        ("not taken", saml["refresh_error"]),
        ("waiting", "a change; see: idp application saml refresh APP --show" if saml["change_waits"] else ""),
    )


def _answered(saml: dict[str, Any]) -> list[tuple[str, str]]:
    signed = [what for what, on in (("response", saml["sign_response"]), ("assertion", saml["sign_assertion"])) if on]
    secret = [
        what for what, on in (("assertion", saml["encrypt_assertion"]), ("NameID", saml["encrypt_name_id"])) if on
    ]
    return [
        ("signed", f"{' and '.join(signed)}, by {saml['signature_algorithm']}"),
        ("encrypted", _encrypted(secret, saml["encryption"])),
        ("NameID", _name_id(saml)),
        ("requests", "must be signed" if saml["require_signed_requests"] else "are taken unsigned, too"),
        ("from our side", _started(saml)),
        *_contexts(saml["context_map"]),
        ("old algorithms", _legacy(saml)),
    ]


def _encrypted(what: list[str], to: dict[str, Any] | None) -> str:
    if to is None:
        return f"{' and '.join(what)}: IMPOSSIBLE, so nothing is sent" if what else "nothing; it has no key for that"
    how = ", ".join(_last(to[part]) for part in ("data", "transport", "digest"))
    return f"{' and '.join(what)}, by {how}" if what else f"nothing; possible would be {how}"


def _name_id(saml: dict[str, Any]) -> str:
    chosen = saml["nameid_format"] or "as the request asks, else as its metadata says, else persistent"
    return chosen + (f"; made of {saml['name_id_source']}" if saml["name_id_source"] else "")


def _started(saml: dict[str, Any]) -> str:
    if not saml["idp_initiated"]:
        return "not started"
    states = ", ".join(saml["relay_states"])
    return "may be started" + (f", with RelayState {states}" if states else ", without RelayState")


def _contexts(chosen: dict[str, Any]) -> list[tuple[str, str]]:
    says = [f"a {word} is called {name}" for word, name in chosen.get("says", {}).items()]
    means = [f"{name} takes a {word}" for name, word in chosen.get("means", {}).items()]
    return [("contexts", said) for said in [*says, *means] or ["as the standard and REFEDS MFA name them"]]


def _legacy(saml: dict[str, Any]) -> str:
    if not saml["legacy_algorithms"]:
        return "none is allowed"
    return f"{', '.join(saml['legacy_algorithms'])}, until {saml['legacy_until'][:10]} (see the warning above)"


def _our_key(value: dict[str, Any]) -> list[str]:
    saml, stands = value["saml"], value["rollover"]
    by_hand = saml["certificate_by_hand"]
    return _pairs(
        ("signs with", f"the key {saml['signing_key_id']}" if saml["signing_key_id"] else "the active one of the site"),
        ("it gets it", "by hand: --certificate-by-hand" if by_hand else "from our metadata"),
        ("change", "none goes on" if stands is None else f"{stands['words']}; see: idp application saml rollover APP"),
    )


def _who(grant: dict[str, Any]) -> str:
    return f"the group {grant['subject']}" if grant["subject_kind"] == access.GROUP else str(grant["subject"])


def _pairs(*pairs: tuple[str, Any]) -> list[str]:
    return [f"  {name:<14} {value}" for name, value in pairs if value not in (None, "")]


def _part(title: str, lines: list[str]) -> list[str]:
    return [f"{title[0].upper()}{title[1:]}:", *lines] if lines else []


def _endpoint(one: dict[str, Any]) -> str:
    more = [_last(one["binding"])]
    if "index" in one:
        more.append(f"index {one['index']}")
    if one.get("is_default"):
        more.append("default")
    if one.get("response_location"):
        more.append(f"answers to {one['response_location']}")
    return f"  {one['location']}  ({', '.join(more)})"


def _certificates(saml: dict[str, Any], which: str) -> list[str]:
    by = saml["encryption_methods"] if which == "encryption_certificates" else {}
    return [
        f"  SHA-256 {one}\n    ends {saml['certificate_ends'][one] or 'unknown'}"
        + (f"\n    by {' '.join(by[one])}" if by.get(one) else "")
        for one in saml[which]
    ]


def _last(name: str) -> str:
    return name.rpartition("#")[2].rpartition(":")[2]


def _yes(value: bool) -> str:
    return "yes" if value else "no"
