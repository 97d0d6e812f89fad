"""Whether what is known of the application may still be used (SAML Metadata 2.0 section 2.3.2; X30)."""

from datetime import datetime, timedelta

from idp.audit.findings import Finding, Kind, Place, Severity, remedy
from idp.base.texts import phrase
from idp.saml.doctor.subjects import Attempt, Findings, Registered, Registration
from idp.saml.errors import EXPIRED as CODE

EXPIRED = Kind(
    "registration-expired",
    Severity.SERIOUS,
    "an application whose metadata has expired",
    "Its metadata comes from an address, and its publisher vouches for it until that moment only: nobody signs on to it "
    "until it is renewed. Signing out goes on.",
)
KINDS = (EXPIRED,)


def check_registration(registration: Registration) -> Findings:
    """May it still be used?"""
    yield from _expired(registration.registered, registration.now)


def check_attempt(attempt: Attempt) -> Findings:
    """Has it been renewed since?"""
    if attempt.failed.code == CODE and attempt.registered is not None:
        yield from _expired(attempt.registered, attempt.now)


def _expired(registered: Registered, now: datetime) -> Findings:
    until = registered.description.valid_until
    if registered.metadata_url and until is not None and until <= now:
        yield _finding(registered, until, now - until)


def _finding(registered: Registered, until: datetime, since: timedelta) -> Finding:
    evidence = phrase(
        "%(name)s was valid until %(until)s UTC, %(days)s days ago",
        name=registered.name,
        until=f"{until:%Y-%m-%d %H:%M}",
        days=since.days,
    )
    if registered.refresh_error:
        evidence = phrase(
            "%(evidence)s; it could not be fetched: %(error)s", evidence=evidence, error=registered.refresh_error
        )
    return EXPIRED.found(
        evidence,
        here=remedy(
            phrase(
                "Fetch it now. Where its publisher is slow and you answer for it yourself, say until when (or none): "
                "addresses and keys that its publisher gives up in the meantime are used on, and the log says so."
            ),
            "idp application saml refresh APP; idp application saml set APP --valid-until DAY",
            Place.SAML,
            registered.application_id,
        ),
        vendor="Your SAML metadata has expired: please publish it with a validUntil in the future.",
    )
