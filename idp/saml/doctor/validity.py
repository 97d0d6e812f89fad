"""How long metadata may be used (SAML Metadata 2.0 sections 2.3.2 and 4.3)."""

from datetime import timedelta

from idp.audit.findings import Kind, Severity
from idp.saml.doctor.commands import taking_over
from idp.saml.doctor.subjects import Described, Findings, Registration

_SOON = timedelta(days=30)
_OLD = timedelta(days=180)

EXPIRED = Kind(
    "metadata-expired",
    Severity.SERIOUS,
    "metadata that is valid no longer",
    "Its owner says that nothing in it may be used after that moment; it is not taken any more, and its keys and "
    "addresses may have changed.",
)
EXPIRES = Kind(
    "metadata-expires-soon",
    Severity.WARNING,
    "metadata that is valid for a few days more",
    "After that moment it is out of date by its own words.",
)
STALE = Kind(
    "metadata-stale",
    Severity.NOTE,
    "a registration that nobody has touched for half a year",
    "Certificates and addresses change in the meantime, and we learn of it only by reading the metadata anew.",
)
KINDS = (EXPIRED, EXPIRES, STALE)

_VENDOR = "Your SAML metadata runs out: please send us what is valid today, or tell us its address."


def check_described(described: Described) -> Findings:
    """Is it valid now, and for how long?"""
    until = described.description.valid_until
    if until is None:
        return
    left = until - described.now
    evidence = f"{described.whose} says validUntil {until:%Y-%m-%d %H:%M} UTC; now it is {described.now:%Y-%m-%d %H:%M}"
    if left <= timedelta(0):
        yield EXPIRED.found(
            evidence,
            here="Get the metadata of today and check it here; once it is good, take it over: "
            f"{taking_over(described.registered)}.",
            vendor=_VENDOR,
        )
    elif left <= _SOON:
        yield EXPIRES.found(f"{evidence}: {left.days} days are left", vendor=_VENDOR)


def check_registration(registration: Registration) -> Findings:
    """When was it looked at last?"""
    registered = registration.registered
    if registered.metadata_url or registered.updated_at is None or registration.now - registered.updated_at < _OLD:
        return
    days = (registration.now - registered.updated_at).days
    yield STALE.found(
        f"it was changed last on {registered.updated_at:%Y-%m-%d}, {days} days ago; its metadata comes from no address",
        here="Run this check with --metadata FILE: it shows what has changed. Or let it be fetched again and again: "
        f"idp application saml set {registered.application_id} --metadata-url URL",
    )
