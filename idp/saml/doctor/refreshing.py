"""Metadata that is fetched again and again: what waits, what failed, and what it must be signed with."""

from datetime import timedelta

from idp.audit.findings import Kind, Severity
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
            f"{metadata.unproven}; pinned is SHA-256 {thumbprint_of(registered.metadata_key)}",
            here="Ask the publisher which certificate it signs with; pin that one: idp application saml set "
            f"{registered.application_id} --metadata-key FILE",
            vendor="With which certificate do you sign your metadata?",
        )


def check_registration(registration: Registration) -> Findings:
    """Is what we know what the vendor says?"""
    registered = registration.registered
    app = registered.application_id
    if registered.offered:
        yield WAITS.found(
            "; ".join(registered.offered[:10]),
            here=f"Ask the vendor to confirm it by another way. Look: idp application saml refresh {app} --show; then "
            "--apply or --discard.",
            vendor=f"Your metadata has changed: {'; '.join(registered.offered[:3])}. Is that yours?",
        )
    if not registered.metadata_url:
        return
    last = registered.refreshed_at
    since = "never before" if last is None else f"last on {last:%Y-%m-%d %H:%M} UTC"
    if registered.refresh_error:
        yield FAILED.found(
            f"{registered.metadata_url}: {registered.refresh_error}; it was taken {since}",
            here=f"Run: idp application saml refresh {app}. It asks again and says what is wrong.",
            vendor=f"Is {registered.metadata_url} still the address of your SAML metadata?",
        )
    elif last is not None and registration.now - last > _OVERDUE:
        yield OVERDUE.found(
            f"{registered.metadata_url} was asked {since}",
            here=f"Ask it now: idp application saml refresh {app}. If that helps, see why no jobs run: idp jobs list",
        )
    if not registered.metadata_key:
        yield KEYLESS.found(
            f"{registered.metadata_url} is fetched without a pinned certificate",
            here=f"If the vendor signs its metadata: idp application saml set {app} --metadata-key FILE",
        )
