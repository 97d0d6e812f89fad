"""`idp application saml set`: every part of a service provider, switches and description alike."""

from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli import saml_description, saml_metadata
from idp.cli.application_lookup import find, full
from idp.cli.context import Command, open_work, rehearsal, settings, tell
from idp.cli.saml_metadata import certificates_in, logout_endpoint
from idp.cli.saml_switches import read_switches, switches, warnings
from idp.saml import altering
from idp.saml.altering import Alteration
from idp.saml.editing import Edit
from idp.saml.switches import Switches

_EDITS = {
    "add_acs", "remove_acs", "acs_index", "default_acs", "add_slo", "remove_slo", "add_signing_certificate",
    "remove_signing_certificate", "add_encryption_certificate", "remove_encryption_certificate", "format",
    "signs_requests", "wants_signed_assertions", "name", *saml_description.NAMES,
}  # fmt: skip


@click.command("set", cls=Command)
@click.argument("application", metavar="APP")
@switches
@click.option("--name", help="What people call it.")
@click.option("--add-acs", multiple=True, metavar="URL", help="Add an address that takes assertions by HTTP-POST.")
@click.option("--remove-acs", multiple=True, metavar="URL", help="Remove one.")
@click.option("--acs-index", multiple=True, metavar="N=URL", help="Give one the number that requests name it by.")
@click.option("--default-acs", metavar="URL", help="The one that is meant where a request names none.")
@click.option("--add-slo", multiple=True, metavar="[post=|soap=]URL", help="Add an address for logout.")
@click.option("--remove-slo", multiple=True, metavar="URL", help="Remove one.")
@click.option("--add-signing-certificate", multiple=True, metavar="FILE", help="What it signs with (PEM or DER).")
@click.option("--remove-signing-certificate", multiple=True, metavar="SHA256", help="By its fingerprint.")
@click.option("--add-encryption-certificate", multiple=True, metavar="FILE", help="What is encrypted for it with.")
@click.option("--remove-encryption-certificate", multiple=True, metavar="SHA256", help="By its fingerprint.")
@saml_description.options
@click.option("--format", multiple=True, metavar="URN", help="NameID formats it takes, all of them, in order.")
@click.option("--signs-requests/--no-signs-requests", default=None, help="It says that it signs its requests.")
@click.option(
    "--wants-signed-assertions/--no-wants-signed-assertions", default=None, help="It wants signed assertions."
)
@click.option("--metadata", metavar="FILE|URL|-", help="Let this metadata be everything that is known of it.")
@click.option("--metadata-url", metavar="URL", help="Fetch its metadata from there, again and again (empty: do not).")
@click.option("--metadata-key", metavar="FILE", help="The certificate that such metadata must be signed with.")
@click.option("--no-metadata-key", is_flag=True, help="It need not be signed any more.")
@click.option("--if-version", type=int, metavar="N", help="Only if this is still its version.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def set_(application: str, **asked: Any) -> None:
    """Change how the service provider APP is answered and what is known of it; what is not named stays as it is."""
    loopback = settings().development.allow_http_loopback_applications
    wanted = Alteration(_switches(asked), _edit(asked), _document(asked), asked["metadata_url"], _key(asked))
    with rehearsal() if asked["dry_run"] else open_work() as work:
        found = find(work, application)
        changes = altering.alter(work, found.id, wanted, if_version=asked["if_version"], allow_http_loopback=loopback)
        work.tx.session.flush()
        lines = [str(one) for one in changes]
        value = {**full(work, found), "changes": lines}
    if asked["dry_run"]:
        tell({"changes": lines}, _words("This would change:", lines) if lines else "Nothing would change.")
    else:
        said = _words(f"changed {value['name']}", lines) if lines else f"nothing changed: {value['name']} is so already"
        tell(value, "\n".join([said, *warnings(value)]))


def _edit(asked: dict[str, Any]) -> Edit:
    return Edit(
        add_consumers=asked["add_acs"],
        remove_consumers=asked["remove_acs"],
        consumer_indexes=dict(_index(one) for one in asked["acs_index"]),
        default_consumer=asked["default_acs"],
        add_logout=tuple(logout_endpoint(one) for one in asked["add_slo"]),
        remove_logout=asked["remove_slo"],
        add_signing=certificates_in(asked["add_signing_certificate"]),
        remove_signing=asked["remove_signing_certificate"],
        add_encryption=certificates_in(asked["add_encryption_certificate"]),
        remove_encryption=asked["remove_encryption_certificate"],
        nameid_formats=asked["format"] or None,
        authn_requests_signed=asked["signs_requests"],
        want_assertions_signed=asked["wants_signed_assertions"],
        display_name=asked["name"],
        **saml_description.fields(asked),
    )


def _index(text: str) -> tuple[str, int]:
    number, equals, location = text.partition("=")
    if not equals or not number.isascii() or not number.isdigit() or len(number) > 5:
        raise Invalid("An index is written like 1=https://sp.example/acs.", field="acs_index")
    return location, int(number)


def _document(asked: dict[str, Any]) -> bytes | None:
    if asked["metadata"] is None:
        return None
    document, _ = saml_metadata.read(asked["metadata"])
    return document


def _key(asked: dict[str, Any]) -> str | None:
    if asked["no_metadata_key"]:
        return ""
    return None if asked["metadata_key"] is None else saml_metadata.one_certificate(asked["metadata_key"])


def _switches(asked: dict[str, Any]) -> Switches:
    rest = {"metadata", "metadata_url", "metadata_key", "no_metadata_key", "if_version", "dry_run"}
    wanted = {name: value for name, value in asked.items() if name not in _EDITS | rest}
    return Switches(**read_switches(wanted))


def _words(heading: str, lines: list[str]) -> str:
    return "\n".join([heading, *(f"  {line}" for line in lines)])
