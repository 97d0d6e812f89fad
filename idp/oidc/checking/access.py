"""Who may open the application (nobody, unless somebody has said so), and whether anybody does."""

from idp.audit.findings import Finding, Fix, Kind, Place, Remedy, Severity, remedy
from idp.base.texts import joined, phrase
from idp.oidc.checking.acts import Enable
from idp.oidc.checking.subjects import Attempt, Findings, Here, Registered, Registration
from idp.oidc.claims import GROUPS, OFFLINE_ACCESS

DISABLED = Kind(
    "application-disabled",
    Severity.SERIOUS,
    "a disabled application",
    "Nobody can sign on to it until it is enabled again, and its tokens are worth nothing.",
    fixes="enables the application",
)
NOBODY = Kind(
    "access-nobody",
    Severity.SERIOUS,
    "an application that nobody may open",
    "No access is granted, and without a grant nobody is let in.",
)
BROAD = Kind(
    "access-everyone-broad",
    Severity.WARNING,
    "an application of others that everyone may open, and that may ask for much",
    "Each person who agrees hands it their groups, or access that goes on while they are away.",
    clause="RFC 6819 section 5.1.5.1",
)
UNUSED = Kind(
    "client-unused",
    Severity.NOTE,
    "a client that nobody has used for ninety days",
    "What nobody uses nobody watches; its secret and its addresses live on.",
)
MISSING = Kind(
    "access-missing",
    Severity.SERIOUS,
    "a person who may not open the application",
    "The person signed in rightly; no grant of this application holds for them.",
)
KINDS = (DISABLED, NOBODY, BROAD, UNUSED, MISSING)

UNUSED_DAYS = 90
_NOT_ALLOWED = "not-allowed"
_NO_GRANT = "no access grant of this application"
_CAUSES = ("the application is disabled", "its client is gone or disabled")


def check_registration(registration: Registration) -> Findings:
    """Can anybody open it, and does anybody?"""
    registered = registration.registered
    if registered.disabled:
        yield _disabled(registered)
    if registered.has_people and not registered.open_to:
        yield NOBODY.found(
            "it has no access grant", here=_grant(registration.here, registered, "(--everyone or --group NAME)")
        )
    broad = [scope for scope in (GROUPS, OFFLINE_ACCESS) if scope in registered.scopes]
    broad += [one.name for one in registered.apis]
    if "everyone" in registered.open_to and not registered.first_party and broad:
        yield BROAD.found(
            phrase("open to everyone; it may ask for %(broad)s", broad=", ".join(broad)),
            here=Remedy(
                phrase("Give it to those who need it, or take what it does not need out of its scope."),
                place=Place.ACCESS,
                of=registered.application_id,
            ),
        )
    if not registered.used and (registration.now - registered.created_at).days >= UNUSED_DAYS:
        yield UNUSED.found(
            phrase("no attempt of it has succeeded within %(days)s days", days=UNUSED_DAYS),
            here=remedy(
                phrase("If nobody misses it, disable it."),
                "idp application disable APP",
                Place.APPLICATION,
                registered.application_id,
            ),
        )


def check_attempt(attempt: Attempt) -> Findings:
    """Why was this person, or this client, not let in?"""
    registered = attempt.registered
    cause = attempt.failed.cause
    if registered is None:
        return
    if registered.disabled and (attempt.failed.code == _NOT_ALLOWED or any(said in cause for said in _CAUSES)):
        yield _disabled(registered)
    elif (attempt.failed.code == _NOT_ALLOWED or _NO_GRANT in cause) and not attempt.allowed_now:
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
