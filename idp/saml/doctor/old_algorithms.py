"""Old algorithms that are allowed to one application until a day (X12), and the way to allow one."""

from datetime import datetime, timedelta

from idp.audit.findings import Fix, Kind, Severity
from idp.saml import legacy
from idp.saml.doctor.acts import Switch
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
    off = f"idp application saml set {registered.application_id} --no-legacy"
    if registered.allowed:
        left = (registered.legacy_until or registration.now) - registration.now
        yield ALLOWED.found(
            f"{registered.legacy}; {left.days} days are left",
            here=f"Take it away as soon as the vendor is done: {off}",
            vendor="By when do you sign with RSA-SHA256 and encrypt with AES-GCM?",
        )
    else:
        yield ENDED.found(registered.legacy, here=f"If nothing is missing, take it away: {off}")


def state(registered: Registered | None) -> str:
    """Return what to add to the evidence where an old algorithm was met; empty where none is or was allowed."""
    return f"; {registered.legacy}" if registered is not None and registered.legacy else ""


def advice(registered: Registered | None, algorithm: str) -> str:
    """Return how somebody allows *algorithm*, and what that risks."""
    app = registered.application_id if registered is not None else "APP"
    return (
        f"Until the vendor is done it can be allowed to this application: idp application saml set {app} "
        f"--legacy {algorithm} --legacy-until DAY. The risk: {legacy.RISKS[algorithm]}."
    )


def allow(registered: Registered | None, algorithm: str, now: datetime) -> Fix | None:
    """Return the fix that allows *algorithm* for a month, or as long as others are; None where it is allowed."""
    if registered is None or algorithm in registered.allowed:
        return None
    until = registered.legacy_until if registered.allowed and registered.legacy_until is not None else now + _FOR
    risk = legacy.RISKS[algorithm]
    chosen = (*sorted(registered.allowed), algorithm)
    return Fix(
        f"allows {algorithm} to this application until {until:%Y-%m-%d}",
        Switch((("legacy_algorithms", chosen), ("legacy_until", until))),
        f"{risk[:1].upper()}{risk[1:]}.",
    )
