"""How a person is to be authenticated, and whether we can say so (SAML Core 2.0 section 3.3.2.2.1; X27)."""

from idp.audit.findings import Finding, Kind, Place, Severity, remedy
from idp.base.texts import phrase
from idp.saml.doctor.commands import app_of
from idp.saml.doctor.subjects import Attempt, Findings, Registered, Request
from idp.saml.names import PASSWORD_PROTECTED_TRANSPORT, REFEDS_MFA

UNATTAINABLE = Kind(
    "context-unattainable",
    Severity.SERIOUS,
    "an authentication context that we cannot attest",
    "Nobody can sign on in the way that is asked for; it is answered with NoAuthnContext.",
)
UNMET = Kind(
    "context-unmet",
    Severity.WARNING,
    "a second step that the person could not be asked for",
    "The application asks for more than the person's session has proven, and allows nothing to be shown (IsPassive).",
)
KINDS = (UNATTAINABLE, UNMET)

_CODE = "context-unmet"


def check_request(request: Request) -> Findings:
    """Can it be had at all?"""
    if request.received.unattainable:
        yield _unattainable(request.received.unattainable, request.registered)


def check_attempt(attempt: Attempt) -> Findings:
    """Which context was it?"""
    if attempt.failed.code != _CODE:
        return
    if attempt.contexts:
        yield _unattainable(attempt.contexts, attempt.registered)
    elif attempt.context.get("passive"):
        yield UNMET.found(
            phrase("asked for is %(asked)s; IsPassive is true", asked=attempt.context.get("asked") or phrase("more")),
            vendor="Please ask again without IsPassive, so that the person can be asked for the second step.",
        )


def _unattainable(classes: tuple[str, ...], registered: Registered | None) -> Finding:
    mapped = registered.contexts.means if registered is not None else {}
    asks = phrase("RequestedAuthnContext asks for %(classes)s", classes=", ".join(classes))
    if mapped:
        asks = phrase(
            "RequestedAuthnContext asks for %(classes)s; this application's own names are %(mapped)s",
            classes=", ".join(classes),
            mapped=", ".join(mapped),
        )
    return UNATTAINABLE.found(
        asks,
        here=remedy(
            phrase("If that is the vendor's name for a password or for a second step, say so."),
            "idp application saml set APP --context-means CLASS=second-step (it replaces the whole map)",
            Place.SAML_FURTHER,
            app_of(registered),
        ),
        vendor="Please leave RequestedAuthnContext out, or ask with Comparison=minimum for "
        f"{PASSWORD_PROTECTED_TRANSPORT}, or for a second step with {REFEDS_MFA}.",
    )
