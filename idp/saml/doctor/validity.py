"""How long metadata may be used (SAML Metadata 2.0 sections 2.3.2 and 4.3)."""

from datetime import timedelta

from idp.saml.doctor.finding import Kind, Severity
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
        yield EXPIRED.found(evidence, here="Get the metadata of today and check it here.", vendor=_VENDOR)
    elif left <= _SOON:
        yield EXPIRES.found(f"{evidence}: {left.days} days are left", vendor=_VENDOR)


def check_registration(registration: Registration) -> Findings:
    """When was it looked at last?"""
    registered = registration.registered
    if registered.updated_at is None or registration.now - registered.updated_at < _OLD:
        return
    days = (registration.now - registered.updated_at).days
    how = f"with --url, which reads {registered.metadata_url}" if registered.metadata_url else "with --metadata FILE"
    yield STALE.found(
        f"it was changed last on {registered.updated_at:%Y-%m-%d}, {days} days ago",
        here=f"Run this check {how}: it shows what has changed.",
    )
