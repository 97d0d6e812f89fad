"""Who may open the application (nobody, unless somebody has said so)."""

from idp.audit.findings import Finding, Fix, Kind, Place, Remedy, Severity, remedy
from idp.base.texts import joined, phrase
from idp.saml.doctor.acts import Enable
from idp.saml.doctor.subjects import Attempt, Findings, Here, Registered, Registration

DISABLED = Kind(
    "application-disabled",
    Severity.SERIOUS,
    "a disabled application",
    "Nobody can sign on to it until it is enabled again.",
    "enables the application",
)
NOBODY = Kind(
    "access-nobody",
    Severity.SERIOUS,
    "an application that nobody may open",
    "No access is granted, and without a grant nobody is let in.",
)
MISSING = Kind(
    "access-missing",
    Severity.SERIOUS,
    "a person who may not open the application",
    "The person signed in rightly; no grant of this application holds for them.",
)
KINDS = (DISABLED, NOBODY, MISSING)

_CODE = "not-allowed"


def check_registration(registration: Registration) -> Findings:
    """Can anybody open it?"""
    registered = registration.registered
    if registered.disabled:
        yield _disabled(registered)
    if not registered.open_to:
        yield NOBODY.found(
            "it has no access grant", here=_grant(registration.here, registered, "(--everyone or --group NAME)")
        )


def check_attempt(attempt: Attempt) -> Findings:
    """Why was this person not let in?"""
    registered = attempt.registered
    if attempt.failed.code != _CODE or registered is None:
        return
    if registered.disabled:
        yield _disabled(registered)
        return
    if attempt.allowed_now:
        return  # it was granted since
    who = attempt.person or phrase("the person")
    yield MISSING.found(
        phrase(
            "%(name)s is open to %(open_to)s; %(who)s is not among them",
            name=registered.name,
            open_to=joined(registered.open_to, ", ") if registered.open_to else phrase("nobody"),
            who=who,
        ),
        here=_grant(
            attempt.here,
            registered,
            f"--account {attempt.person}" if attempt.person else "--group NAME",
        ),
    )


def _disabled(registered: Registered) -> Finding:
    return DISABLED.found(
        phrase("%(name)s is disabled", name=registered.name),
        here=remedy(
            phrase("Enable it, if it was not disabled on purpose."),
            "idp application enable APP",
            Place.APPLICATION,
            registered.application_id,
        ),
        fix=Fix("enables the application", Enable(), "Everybody with a grant can sign on to it again."),
    )


def _grant(here: Here, registered: Registered, whom: str) -> Remedy:
    who = ", ".join(here.grants_access) or phrase("an administrator of the organization, or whoever holds this machine")
    return remedy(
        phrase("Ask one of these to give access: %(who)s. Or give it yourself.", who=who),
        f"idp application grant APP {whom}",
        Place.ACCESS,
        registered.application_id,
    )
