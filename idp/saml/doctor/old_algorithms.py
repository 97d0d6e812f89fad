"""Old algorithms that are allowed to one application until a day (X12), and the way to allow one."""

from datetime import datetime, timedelta

from idp.audit.findings import Fix, Kind, Place, Remedy, Severity, remedy
from idp.base.texts import joined, phrase
from idp.saml import legacy
from idp.saml.doctor.acts import Switch
from idp.saml.doctor.commands import app_of
from idp.saml.doctor.subjects import Findings, Registered, Registration

ALLOWED = Kind(
    "legacy-allowed",
    Severity.WARNING,
    "old algorithms that are allowed until a day",
    "They are off by themselves when that day comes. What still needs one then does not work any more.",
)
ENDED = Kind(
    "legacy-ended",
    Severity.WARNING,
    "old algorithms whose day has passed",
    "They are off. If the application still needs one, people cannot sign on, or it cannot read what it is sent.",
)
KINDS = (ALLOWED, ENDED)

_FOR = timedelta(days=30)


def check_registration(registration: Registration) -> Findings:
    """Is one allowed, and until when?"""
    registered = registration.registered
    if not registered.legacy:
        return
    off = "idp application saml set APP --no-legacy"
    if registered.allowed:
        left = (registered.legacy_until or registration.now) - registration.now
        yield ALLOWED.found(
            phrase("%(legacy)s; %(days)s days are left", legacy=registered.legacy, days=left.days),
            here=remedy(
                phrase("Take it away as soon as the vendor is done."),
                off,
                Place.SAML_FURTHER,
                registered.application_id,
            ),
            vendor="By when do you sign with RSA-SHA256 and encrypt with AES-GCM?",
        )
    else:
        yield ENDED.found(
            registered.legacy,
            here=remedy(
                phrase("If nothing is missing, take it away."), off, Place.SAML_FURTHER, registered.application_id
            ),
        )


def with_state(evidence: str, registered: Registered | None) -> str:
    """Return the *evidence* where an old algorithm was met, and beside it which are or were allowed."""
    return joined([evidence, registered.legacy], "; ") if registered is not None and registered.legacy else evidence


def advice(registered: Registered | None, algorithm: str, *, first: str = "") -> Remedy:
    """Return how somebody allows *algorithm*, and what that risks; *first* is a sentence that goes before."""
    allow_it = phrase(
        "Until the vendor is done, %(algorithm)s can be allowed to this application until a day. The risk: %(risk)s.",
        algorithm=algorithm,
        risk=legacy.RISKS[algorithm],
    )
    return remedy(
        joined([first, allow_it], " ") if first else allow_it,
        f"idp application saml set APP --legacy {algorithm} --legacy-until DAY",
        Place.SAML_FURTHER,
        app_of(registered),
    )


def allow(registered: Registered | None, algorithm: str, now: datetime) -> Fix | None:
    """Return the fix that allows *algorithm* for a month, or as long as others are; None where it is allowed."""
    if registered is None or algorithm in registered.allowed:
        return None
    until = registered.legacy_until if registered.allowed and registered.legacy_until is not None else now + _FOR
    chosen = (*sorted(registered.allowed), algorithm)
    return Fix(
        phrase(
            "allows %(algorithm)s to this application until %(until)s", algorithm=algorithm, until=f"{until:%Y-%m-%d}"
        ),
        Switch((("legacy_algorithms", chosen), ("legacy_until", until))),
        legacy.RISKS_AS_SENTENCES[algorithm],
    )
