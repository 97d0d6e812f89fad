"""What ended that a token came of: the grant, the session, the account, the consent (OpenID Connect Core section 12; O22)."""

from idp.audit.findings import Kind, Place, Severity
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.subjects import Attempt, Findings

SESSION = Kind(
    "session-over",
    Severity.SERIOUS,
    "a session that is over",
    "Without offline_access everything that came of a sign-on ends when the person signs out, or the session runs out.",
    clause="OpenID Connect Core section 11",
)
ENDED = Kind(
    "grant-ended",
    Severity.SERIOUS,
    "a sign-on that was ended or is over",
    "What the person allowed was taken back, or its time is over, and with it every token that came of it.",
    clause="RFC 7009 section 2.1",
)
DISABLED = Kind(
    "account-disabled",
    Severity.SERIOUS,
    "an account that is disabled",
    "The person may not sign on to anything; tokens that they have are worth nothing at once.",
)
EVERYWHERE = Kind(
    "account-signed-out",
    Severity.SERIOUS,
    "an account that was signed out everywhere",
    "The person, or an administrator, ended every session, or the password was changed.",
)
CONSENT = Kind(
    "consent-withdrawn",
    Severity.SERIOUS,
    "consent that the person has taken back",
    "The person does not want the application to have this any more.",
    clause="OpenID Connect Core section 3.1.2.4",
)
KINDS = (SESSION, ENDED, DISABLED, EVERYWHERE, CONSENT)

_AGAIN = "Please send the person through a new sign-on."


def check_attempt(attempt: Attempt) -> Findings:
    """What is it that does not stand any more?"""
    yield from explained(attempt, _CAUSES)


_CAUSES = (
    Cause(
        "the session is over",
        SESSION,
        here="If it works while nobody is there, let %(app)s have refresh tokens and the scope offline_access.",
        place=Place.CLIENT,
        vendor=f"{_AGAIN} If you need access while nobody is there, ask for the scope offline_access.",
    ),
    Cause("the grant was revoked: (code|refresh token) used twice", ENDED, vendor=_AGAIN),
    Cause("the grant was revoked", ENDED, vendor=_AGAIN),
    Cause("the grant is over", ENDED, vendor=_AGAIN),
    Cause("there is no such grant of this client", ENDED, vendor=_AGAIN),
    Cause("the account is disabled", DISABLED, here="Enable the account, if it was not disabled on purpose."),
    Cause("the account was signed out everywhere", EVERYWHERE, vendor=_AGAIN),
    Cause("the consent was withdrawn", CONSENT, vendor=f"{_AGAIN} They will be asked for their consent."),
)
