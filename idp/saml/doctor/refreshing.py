"""Metadata that is fetched again and again: what waits, what failed, and what it must be signed with."""

from datetime import timedelta

from idp.audit.findings import Kind, Place, Severity, remedy
from idp.base.texts import joined, phrase, sentence
from idp.saml.certificates import thumbprint_of
from idp.saml.doctor.subjects import Findings, Metadata, Registration

WAITS = Kind(
    "metadata-change-waits",
    Severity.WARNING,
    "a change of the application's metadata that waits for approval",
    "The vendor has published something else than what we know. Only further certificates are taken over by themselves; "
    "what waits may be what people need to sign on.",
)
FAILED = Kind(
    "metadata-refresh-failed",
    Severity.WARNING,
    "metadata that could not be fetched or taken",
    "What we know stays as it is, and a change of the vendor's is not seen. It is tried again every hour.",
)
OVERDUE = Kind(
    "metadata-refresh-overdue",
    Severity.WARNING,
    "metadata that nobody has fetched for a week",
    "It has an address and should be fetched every few hours: the jobs of this installation are most likely not running.",
)
UNSIGNED = Kind(
    "metadata-unproven",
    Severity.WARNING,
    "metadata that is not signed by whom it must be",
    "A certificate is pinned for the metadata of this application. Fetched from its address, this would not be taken.",
)
KEYLESS = Kind(
    "metadata-key-missing",
    Severity.NOTE,
    "fetched metadata whose signature is not checked",
    "Further certificates in it are taken over by themselves, so whoever can change what that address hands out can sign "
    "requests in the application's name. Answers still go to registered addresses alone.",
)
KINDS = (WAITS, FAILED, OVERDUE, UNSIGNED, KEYLESS)

_OVERDUE = timedelta(days=7)


def check_metadata(metadata: Metadata) -> Findings:
    """Is it signed by whom it must be?"""
    registered = metadata.registered
    if metadata.unproven and registered is not None and metadata.document.failed is None:
        yield UNSIGNED.found(
            phrase(
                "%(unproven)s; pinned is SHA-256 %(thumbprint)s",
                unproven=sentence(metadata.unproven),
                thumbprint=thumbprint_of(registered.metadata_key),
            ),
            here=remedy(
                phrase("Ask the publisher which certificate it signs with, and pin that one."),
                "idp application saml set APP --metadata-key FILE",
                Place.SAML,
                registered.application_id,
            ),
            vendor="With which certificate do you sign your metadata?",
        )


def check_registration(registration: Registration) -> Findings:
    """Is what we know what the vendor says?"""
    registered = registration.registered
    app = registered.application_id
    if registered.offered:
        yield WAITS.found(
            joined(registered.offered[:10], "; "),
            here=remedy(
                phrase("Ask the vendor to confirm it by another way. Look at it, then take it over or discard it."),
                "idp application saml refresh APP (--show; then --apply or --discard)",
                Place.SAML,
                app,
            ),
            vendor=f"Your metadata has changed: {'; '.join(registered.offered[:3])}. Is that yours?",
        )
    if not registered.metadata_url:
        return
    last = registered.refreshed_at
    since = phrase("never before") if last is None else phrase("last on %(last)s UTC", last=f"{last:%Y-%m-%d %H:%M}")
    if registered.refresh_error:
        yield FAILED.found(
            phrase(
                "%(address)s: %(error)s; it was taken %(since)s",
                address=registered.metadata_url,
                error=registered.refresh_error,
                since=since,
            ),
            here=remedy(
                phrase("Ask again: that says what is wrong."), "idp application saml refresh APP", Place.SAML, app
            ),
            vendor=f"Is {registered.metadata_url} still the address of your SAML metadata?",
        )
    elif last is not None and registration.now - last > _OVERDUE:
        yield OVERDUE.found(
            phrase("%(metadata_url)s was asked %(since)s", metadata_url=registered.metadata_url, since=since),
            here=remedy(
                phrase("Ask it now. If that helps, see why no jobs run."),
                "idp application saml refresh APP; idp jobs list",
                Place.SAML,
                app,
            ),
        )
    if not registered.metadata_key:
        yield KEYLESS.found(
            phrase("%(metadata_url)s is fetched without a pinned certificate", metadata_url=registered.metadata_url),
            here=remedy(
                phrase("If the vendor signs its metadata, pin the certificate that it signs with."),
                "idp application saml set APP --metadata-key FILE",
                Place.SAML,
                app,
            ),
        )
