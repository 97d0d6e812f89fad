"""How a person is to be authenticated, and whether we can say so (SAML Core 2.0 section 3.3.2.2.1; X27)."""

from idp.audit.findings import Finding, Kind, Severity
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
            f"asked for is {attempt.context.get('asked') or 'more'}; IsPassive is true",
            vendor="Please ask again without IsPassive, so that the person can be asked for the second step.",
        )


def _unattainable(classes: tuple[str, ...], registered: Registered | None) -> Finding:
    app = registered.application_id if registered is not None else "APP"
    mapped = registered.contexts.means if registered is not None else {}
    known = f"; this application's own names are {', '.join(mapped)}" if mapped else ""
    return UNATTAINABLE.found(
        f"RequestedAuthnContext asks for {', '.join(classes)}{known}",
        here="If that is the vendor's name for a password or for a second step, say so: idp application saml set "
        f"{app} --context-means CLASS=second-step (it replaces the whole map).",
        vendor="Please leave RequestedAuthnContext out, or ask with Comparison=minimum for "
        f"{PASSWORD_PROTECTED_TRANSPORT}, or for a second step with {REFEDS_MFA}.",
    )
