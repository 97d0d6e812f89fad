"""`idp application saml check`: the doctor of a provider."""

import re
import sys
from pathlib import Path
from typing import Any

import click

from idp.audit.findings import Examination
from idp.base import egress
from idp.base.errors import IdpError, Invalid
from idp.base.work import Work
from idp.cli.application_lookup import find
from idp.cli.context import Command, open_work, settings, tell
from idp.cli.findings import counted, in_words
from idp.directory import history, queries
from idp.directory.models import Application
from idp.saml import providers
from idp.saml.doctor import examination, remedies
from idp.saml.doctor.examination import Given
from idp.saml.gate import MOST_METADATA_BYTES
from idp.settings import Settings

_LONGEST_NAME = 1024
_NAME = re.compile(r"[\w./-]{1,200}\.\w{1,5}")  # what can only be a file that is not there


@click.command(cls=Command)
@click.argument("application", metavar="[APP]", required=False)
@click.option("--metadata", metavar="FILE|-", help="Metadata to look at, beside what is registered (-: stdin).")
@click.option("--url", is_flag=True, help="Look at the metadata that its registered address hands out now.")
@click.option(
    "--request", metavar="FILE|TEXT|-", help="A sign-on request: XML, base64, an address, a query, a form; any of them."
)
@click.option("--attempt", metavar="ID", help="A failed attempt (att_…), as an error page names it.")
@click.option("--site", metavar="SITE", help="In place of APP: look at what is not registered at SITE yet.")
@click.option("--fix", "fixes", multiple=True, metavar="KIND", help="Apply the fix that is offered for KIND.")
def check(
    application: str | None,
    metadata: str | None,
    url: bool,
    request: str | None,
    attempt: str | None,
    site: str | None,
    fixes: tuple[str, ...],
) -> None:
    """
    Find out why the service provider APP does not work, or will not. Changes nothing without --fix.
    Exit code 0: nothing serious; 1: something stops people from signing on.
    """
    of = settings()
    _look_at_options(application, site, metadata, url, request, attempt, fixes)
    document = _bytes(metadata, "metadata") if metadata else None
    message = _message(request) if request else None
    where, cause = "the given metadata", ""
    if url:
        document, where, cause = _fetched(of, application or "")
    done: list[dict[str, Any]] = []
    with open_work() as work:
        kept = history.attempt(work, attempt) if attempt else None
        given = Given(document, where, cause, message, kept)
        named = application or (kept.application_id if kept is not None else None)
        app = find(work, named) if named else None
        if app is not None and kept is not None and kept.application_id not in (None, app.id):
            raise Invalid("That attempt is of another application.", field="attempt", advice="Leave APP out.")
        examined = _examine(work, of, app, site, given)
        for kind in fixes:
            if app is None:
                raise Invalid("Nothing can be fixed: that attempt is of no registered application.", field="fix")
            applied = remedies.apply(work, app.id, kind, examined.findings)
            done += [{"kind": kind, "does": fix.does, "risk": fix.risk} for fix in applied]
    if done:
        with open_work() as work:  # what was remembered of policies is forgotten with the commit
            examined = _examine(work, of, app, site, given)
    tell(_value(app, examined, done), "\n".join(_lines(app, examined, done)))
    if examined.serious:
        click.get_current_context().exit(1)


def _look_at_options(
    application: str | None,
    site: str | None,
    metadata: str | None,
    url: bool,
    request: str | None,
    attempt: str | None,
    fixes: tuple[str, ...],
) -> None:
    if not application and not attempt and not (site and (metadata or request)):
        raise Invalid(
            "Say which application: APP, or --attempt, or --site with --metadata or --request.", field="application"
        )
    if application and site:
        raise Invalid("Say APP or --site, not both.", field="site")
    if url and (metadata or not application):
        raise Invalid("--url reads the registered address of APP; it does not go with --metadata.", field="url")
    if fixes and site:
        raise Invalid("Nothing can be fixed of what is not registered.", field="fix")
    if metadata == request == "-":
        raise Invalid("Only one of the two can come from standard input.", field="request")


def _examine(work: Work, of: Settings, app: Application | None, site: str | None, given: Given) -> Examination:
    loopback = of.development.allow_http_loopback_applications
    if app is not None:
        return examination.of_application(work, app, given, base_url=of.base_url, http_loopback=loopback)
    slug = site
    if slug is None and given.attempt is not None:
        slug = next((one.slug for one in queries.sites(work) if one.id == given.attempt.site_id), None)
    if slug is None:
        raise Invalid("That attempt is of no site.", field="attempt")
    return examination.of_site(work, slug, given, base_url=of.base_url, http_loopback=loopback)


def _fetched(of: Settings, reference: str) -> tuple[bytes | None, str, str]:
    """Return what the registered address hands out now, or why it does not; while no transaction is open."""
    with open_work() as work:
        address = providers.of_application(work, find(work, reference)).metadata_url
    if not address:
        raise Invalid(
            "This application was not registered from an address.",
            field="url",
            advice="Give its metadata with --metadata FILE.",
        )
    loopback = of.development.allow_http_loopback_applications
    try:
        fetched = egress.fetch(
            address, allowed=of.egress.allow_addresses, most_bytes=MOST_METADATA_BYTES, http_loopback=loopback
        )
    except IdpError as error:
        return None, address, error.cause
    return fetched, address, ""


def _message(given: str) -> bytes:
    """Return a request from standard input, from a file if there is one of that name, else the words themselves."""
    if given == "-":
        return _bytes(given, "request")
    if _is_file(given) or _NAME.fullmatch(given):
        return _bytes(given, "request")
    return given.encode("utf-8", "surrogateescape")


def _is_file(given: str) -> bool:
    try:
        return len(given) <= _LONGEST_NAME and "\n" not in given and Path(given).is_file()
    except OSError:  # too long for a name
        return False


def _bytes(source: str, field: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read(MOST_METADATA_BYTES + 1)
    try:
        with Path(source).open("rb") as file:
            return file.read(MOST_METADATA_BYTES + 1)
    except OSError as error:
        raise Invalid(f"{source} cannot be read: {error.strerror}.", field=field) from error


def _value(app: Application | None, examined: Examination, done: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "application_id": None if app is None else app.id,
        "looked_at": list(examined.looked_at),
        "serious": examined.serious,
        "findings": [finding.to_json() for finding in examined.findings],
        "fixed": done,
    }


def _lines(app: Application | None, examined: Examination, done: list[dict[str, Any]]) -> list[str]:
    lines = [f"fixed {one['kind']}: {one['does']}" for one in done]
    lines += [f"{app.name}  {app.id}"] if app is not None else []
    lines += [f"looked at {', '.join(examined.looked_at)}", ""]
    if not examined.findings:
        return [*lines, "Nothing is wrong with what was looked at."]
    return [*lines, *in_words(examined.findings), "", f"{counted(examined.findings)}."]
