"""How long metadata may be used (SAML Metadata 2.0 sections 2.3.2 and 4.3)."""

from datetime import timedelta

from idp.audit.findings import Kind, Place, Severity, remedy
from idp.base.texts import phrase
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
    evidence = phrase(
        "%(whose)s says validUntil %(until)s UTC; now it is %(now)s",
        whose=described.whose,
        until=f"{until:%Y-%m-%d %H:%M}",
        now=f"{described.now:%Y-%m-%d %H:%M}",
    )
    if left <= timedelta(0):
        yield EXPIRED.found(
            evidence,
            here=taking_over(
                described.registered,
                phrase("Get the metadata of today and check it here; once it is good, take it over."),
            ),
            vendor=_VENDOR,
        )
    elif left <= _SOON:
        yield EXPIRES.found(
            phrase("%(evidence)s: %(days)s days are left", evidence=evidence, days=left.days), vendor=_VENDOR
        )


def check_registration(registration: Registration) -> Findings:
    """When was it looked at last?"""
    registered = registration.registered
    if registered.metadata_url or registered.updated_at is None or registration.now - registered.updated_at < _OLD:
        return
    days = (registration.now - registered.updated_at).days
    yield STALE.found(
        phrase(
            "it was changed last on %(updated_at)s, %(days)s days ago; its metadata comes from no address",
            updated_at=f"{registered.updated_at:%Y-%m-%d}",
            days=days,
        ),
        here=remedy(
            phrase(
                "Look at the metadata of today: it shows what has changed. Or let it be fetched again and again, from an "
                "address."
            ),
            "idp application saml check APP --metadata FILE; idp application saml set APP --metadata-url URL",
            Place.SAML,
            registered.application_id,
        ),
    )
