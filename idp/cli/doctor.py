"""`idp doctor`: looks at everything that must be right, in plain words, and changes nothing."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import click

from idp.base import clock, places, schema
from idp.base.db import Database
from idp.base.errors import IdpError
from idp.base.skew import skew
from idp.cli import errors
from idp.cli.context import Command, config_path, tell, work_on
from idp.directory import keys as keys_
from idp.directory import queries
from idp.keyring import installation, keyring, wrapping
from idp.keyring.models import SigningKey
from idp.policy.blocklist import BlocklistFault
from idp.saml import attention, providers
from idp.settings import Settings, SettingsError, load
from idp.signon import breached, break_glass
from idp.signon.factors.webauthn_party import relying_party

_SKEW_WARNS, _SKEW_FAILS = timedelta(seconds=5), timedelta(seconds=60)
_CERTIFICATE_WARNS = timedelta(days=60)
_PLACES_OLD_DAYS = 45

OK, WARNING, FAULT = "ok", "warning", "fault"
_MARKS = {OK: "ok      ", WARNING: "warning ", FAULT: "FAULT   "}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found, and what to do about it."""

    what: str
    state: str
    words: str
    advice: str = ""


@click.command(cls=Command)
def doctor() -> None:
    """
    Check configuration, keys, database and clock. Exit code 0: all is well; 78: the configuration
    or keys are at fault; 6: the database does not answer.
    """
    findings, code = examine()
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{_MARKS[finding.state]}{finding.what}: {finding.words}")
        if finding.advice:
            lines.append(f"        {finding.advice}")
    tell({"findings": [asdict(finding) for finding in findings], "healthy": code == 0}, "\n".join(lines))
    if code:
        click.get_current_context().exit(code)


def examine() -> tuple[list[Finding], int]:
    """Return everything found, and the exit code that it means."""
    path = config_path()
    try:
        settings = load(path)
    except SettingsError as error:
        return [Finding("configuration", FAULT, fault) for fault in error.faults], errors.CONFIGURATION
    findings = [Finding("configuration", OK, f"{path} is understood"), *_loosened(settings), *_places(settings)]
    findings += [_blocklist(settings), _mail(settings)]
    database: Database | None = None
    try:
        vault = wrapping.load(settings.keys.directory)
        findings.append(Finding("keys", OK, f"the wrapping key in {settings.keys.directory} is readable by us alone"))
        database = Database(settings.database.url, vault)
        schema.check(database)
        findings.append(Finding("database", OK, f"answers, at schema {schema.expected()}"))
        installation.check(database)
        findings.append(Finding("keys", OK, "they are the ones that this database was made with"))
        findings += _clock(database)
        findings += _signing_keys(database)
        findings += _old_algorithms(database)
        findings += _service_providers(database)
        findings += _break_glass(database)
    except IdpError as error:
        what = "keys" if isinstance(error, wrapping.KeyFault) else "database"
        cause = "" if error.cause == error.message else f" ({error.cause})"
        findings.append(Finding(what, FAULT, error.message + cause, error.advice))
        return findings, errors.exit_code(error)
    finally:
        if database is not None:
            database.dispose()
    return findings, errors.CONFIGURATION if any(one.state == FAULT for one in findings) else 0


def _break_glass(database: Database) -> list[Finding]:
    with work_on(database) as work:
        return [
            Finding(
                "break-glass accounts",
                WARNING,
                f"{one.email}: {one.cause}",
                "Let two people sign in with it once, in working hours, and give it a new password: "
                f"idp account reset-password {one.email} --password-stdin",
            )
            for one in break_glass.neglected(work)
        ]


def _blocklist(settings: Settings) -> Finding:
    breached.choose(settings.passwords.blocklist)
    try:
        found = breached.current().description
    except BlocklistFault as error:
        return Finding("passwords.blocklist", FAULT, error.message, error.advice)
    return Finding("passwords.blocklist", OK, f"{found.passwords + found.sha1:,} breached passwords are refused")


def _mail(settings: Settings) -> Finding:
    if settings.mail.smtp_url:
        return Finding("mail", OK, "a server for mail is configured")
    return Finding(
        "mail",
        WARNING,
        "no mail is sent: nobody recovers a password, joins, is invited by mail, or is told what happens to their account",
        "Set mail.smtp_url and mail.sender.",
    )


def _loosened(settings: Settings) -> Iterator[Finding]:
    looks = (
        (not settings.secure, "base_url", "plain http on loopback: for trials on this machine only"),
        (
            settings.development.allow_http_loopback_applications,
            "development.allow_http_loopback_applications",
            "applications at plain http on loopback are accepted: for trials on this machine only",
        ),
        (
            bool(settings.egress.allow_addresses),
            "egress.allow_addresses",
            f"calls to {', '.join(settings.egress.allow_addresses)} are allowed",
        ),
        (
            settings.throttling != type(settings.throttling)(),
            "throttling",
            "the numbers are not the recommended ones",
        ),
        (
            settings.database.url.startswith("sqlite") and settings.serve.workers > 4,
            "database.url",
            "SQLite with many workers: use PostgreSQL",
        ),
        (
            relying_party(settings) is None,
            "base_url",
            "is an IP address: browsers have passkeys and security keys at host names only, so none are offered",
        ),
    )
    for is_so, what, words in looks:
        if is_so:
            yield Finding(what, WARNING, words)


def _places(settings: Settings) -> Iterator[Finding]:
    """Places move: a file that nobody replaces says less every month."""
    for setting, path in ((places.CITY, settings.places.city_file), (places.ASN, settings.places.asn_file)):
        if path is None:
            continue
        try:
            built_at = places.built_at(setting, path)
        except places.PlacesFault as error:
            yield Finding(setting, FAULT, error.message, error.advice)
            continue
        age = (clock.now() - built_at).days
        words = f"{path} was built on {built_at:%Y-%m-%d}, {age} days ago"
        if age > _PLACES_OLD_DAYS:
            yield Finding(setting, WARNING, words, "Replace it: addresses change hands. It is opened again by itself.")
        else:
            yield Finding(setting, OK, words)


def _clock(database: Database) -> list[Finding]:
    apart = skew(database)
    if apart is None:
        return [Finding("clock", OK, "the database is a file of this machine and shares its clock")]
    words = f"this machine and the database differ by {apart.total_seconds():.1f} s"
    if apart > _SKEW_FAILS:
        return [Finding("clock", FAULT, words, "Set both clocks by NTP: codes and assertions depend on it.")]
    if apart > _SKEW_WARNS:
        return [Finding("clock", WARNING, words, "Set both clocks by NTP.")]
    return [Finding("clock", OK, words)]


def _signing_keys(database: Database) -> list[Finding]:
    found: list[Finding] = []
    with work_on(database) as work:
        for site in queries.sites(work):
            keys = keys_.keys(work, site.organization_id, site.id)
            active = {(key.purpose, key.algorithm) for key in keys if key.state == keyring.ACTIVE}
            missing = [kind for kind in keyring.KINDS if kind not in active]
            if missing:
                comes = set(missing) <= set(keyring.ADDED_KINDS)
                words = ", ".join(f"{purpose} {algorithm}" for purpose, algorithm in missing)
                found.append(
                    Finding(
                        f"site {site.slug}",
                        WARNING if comes else FAULT,
                        f"has no active key for {words}{' yet' if comes else ''}",
                        "It comes by itself: published within the hour, active a day later."
                        if comes
                        else "Run: idp keys rotate",
                    )
                )
                continue
            found.append(_certificates(work.now, site.slug, [k for k in keys if k.state == keyring.ACTIVE]))
    return found


def _certificates(now: datetime, slug: str, keys: list[SigningKey]) -> Finding:
    ends = [key.activated_at + keyring.CERTIFICATE_LIFE for key in keys if key.certificate_pem and key.activated_at]
    if ends and min(ends) - now < _CERTIFICATE_WARNS:
        words = f"its SAML certificate ends on {min(ends):%Y-%m-%d}"
        return Finding(f"site {slug}", WARNING, words, "Run: idp keys rotate --purpose saml-signing")
    return Finding(f"site {slug}", OK, "its signing keys are in order")


def _old_algorithms(database: Database) -> list[Finding]:
    """What is allowed to single applications until a day, so that nobody forgets it (threats X12)."""
    with work_on(database) as work:
        return [
            Finding(
                f"application {application.name}",
                WARNING,
                words,
                f"When it has been mended: idp application saml set {application.id} --no-legacy",
            )
            for organization in queries.organizations(work)
            for application, provider in providers.with_legacy(work, organization.id)
            for words in providers.warnings(provider, work.now)
        ]


def _service_providers(database: Database) -> list[Finding]:
    found: list[Finding] = []
    with work_on(database) as work:
        for one in attention.wanted(work):
            what = f"application {one.name}"
            for ending in one.ends:
                words = f"its {ending.ending.what} ends on {ending.ending.ends:%Y-%m-%d}, within {ending.stage} days"
                found.append(Finding(what, WARNING, words, "Ask its owner for the metadata of today."))
            if one.not_taken:
                advice = f"Look what is there, then run: idp application saml refresh {one.application_id}"
                found.append(Finding(what, WARNING, f"its metadata could not be taken: {one.not_taken}", advice))
            if one.waits:
                advice = f"Run: idp application saml refresh {one.application_id} --show"
                found.append(Finding(what, WARNING, "new metadata of it waits for approval", advice))
    return found
