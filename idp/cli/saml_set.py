"""`idp application saml set`: every part of a service provider, switches and description alike."""

from typing import Any

import click

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.cli import saml_metadata
from idp.cli.application_lookup import find, full
from idp.cli.context import Command, open_work, settings, tell
from idp.cli.saml_metadata import certificates_in, logout_endpoint
from idp.cli.saml_switches import read_switches, switches, warnings
from idp.saml import providers, redescribing
from idp.saml.editing import NO_EDIT, Edit
from idp.saml.redescribing import Proposed
from idp.saml.switches import Switches

_EDITS = {
    "add_acs", "remove_acs", "acs_index", "default_acs", "add_slo", "remove_slo", "add_signing_certificate",
    "remove_signing_certificate", "add_encryption_certificate", "remove_encryption_certificate", "format",
    "signs_requests", "wants_signed_assertions", "name",
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
@click.option("--dry-run", is_flag=True, help="Only say what would change in its description.")
def set_(application: str, **asked: Any) -> None:
    """Change how the service provider APP is answered and what is known of it; what is not named stays as it is."""
    loopback = settings().development.allow_http_loopback_applications
    edit = _edit(asked)
    document = _document(asked, edit)
    key = _key(asked)
    wanted = _switches(asked)
    with open_work() as work:
        found = find(work, application)
        version: int | None = asked["if_version"]
        if asked["dry_run"]:
            proposed = _proposed(work, found.id, edit, document, loopback)
            tell({"changes": _lines(proposed)}, _words("would change", _lines(proposed)))
            return
        if wanted != Switches():
            providers.change(work, found.id, wanted, if_version=version)
            version = None
        if asked["metadata_url"] is not None or key is not None:
            redescribing.set_source(
                work, found.id, url=asked["metadata_url"], key=key, if_version=version, allow_http_loopback=loopback
            )
            version = None
        done: Proposed | None = None
        if document is not None:
            done = redescribing.replace(work, found.id, document, if_version=version, allow_http_loopback=loopback)
        elif edit != NO_EDIT:
            done = redescribing.edit(work, found.id, edit, if_version=version, allow_http_loopback=loopback)
        work.tx.session.flush()
        value = full(work, found)
        tell(value, "\n".join([_words(f"changed {found.name}", _lines(done)), *warnings(value)]))


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
    )


def _index(text: str) -> tuple[str, int]:
    number, equals, location = text.partition("=")
    if not equals or not number.isascii() or not number.isdigit() or len(number) > 5:
        raise Invalid("An index is written like 1=https://sp.example/acs.", field="acs_index")
    return location, int(number)


def _document(asked: dict[str, Any], edit: Edit) -> bytes | None:
    if asked["metadata"] is None:
        return None
    if edit != NO_EDIT:
        raise Invalid(
            "Metadata is everything that is known: nothing else of it can be changed in the same breath.",
            field="metadata",
            advice="Give --metadata first, then change what you want with a second command.",
        )
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


def _proposed(work: Work, application_id: str, edit: Edit, document: bytes | None, loopback: bool) -> Proposed:
    if document is not None:
        return redescribing.after_metadata(work, application_id, document, allow_http_loopback=loopback)
    return redescribing.after_edit(work, application_id, edit, allow_http_loopback=loopback)


def _lines(proposed: Proposed | None) -> list[str]:
    return [] if proposed is None else [str(one) for one in proposed.changes]


def _words(what: str, lines: list[str]) -> str:
    if what == "would change":
        return "\n".join(["This would change:", *(f"  {line}" for line in lines)]) if lines else "Nothing would change."
    return "\n".join([what, *(f"  {line}" for line in lines)])
