"""Proof Key for Code Exchange (RFC 7636, RFC 9700 section 2.1.1; O6)."""

from idp.audit.findings import Fix, Kind, Place, Remedy, Severity
from idp.base.texts import phrase
from idp.oidc.checking.acts import RequirePkce
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Attempt, Findings, Registration
from idp.oidc.metadata import AUTHORIZATION_CODE

EXCUSED = Kind(
    "pkce-excused",
    Severity.WARNING,
    "a client that is excused from PKCE",
    "A code that is stolen or slipped in can be used in somebody else's session.",
    fixes="requires PKCE again",
    clause="RFC 9700 section 2.1.1",
)
BY_SITE = Kind(
    "pkce-excused-by-site",
    Severity.WARNING,
    "a site that asks public clients alone for PKCE",
    "Every client of the site with a secret may leave PKCE out; a code that is slipped in is not noticed then.",
    clause="RFC 9700 section 2.1.1",
)
PUBLIC = Kind(
    "pkce-excused-public",
    Severity.SERIOUS,
    "a public client that is marked as excused from PKCE",
    "Nothing else binds a code to a client without a secret. PKCE is asked of it all the same.",
    fixes="takes the mark away",
    clause="RFC 7636 section 1",
)
MISSING = Kind(
    "pkce-missing",
    Severity.SERIOUS,
    "a request without a code challenge",
    "PKCE is required of this client, and the request brings no code_challenge.",
    clause="RFC 9700 section 2.1.1",
)
PLAIN = Kind(
    "pkce-not-s256",
    Severity.SERIOUS,
    "a code challenge by another method than S256",
    "The method plain shows the verifier to whoever can read the request; only S256 is taken.",
    clause="RFC 7636 section 4.2",
)
MALFORMED = Kind(
    "pkce-challenge-malformed",
    Severity.SERIOUS,
    "a code challenge that is none",
    "A challenge is the SHA-256 of the verifier in base64url without padding: 43 characters.",
    clause="RFC 7636 section 4.2",
)
NO_VERIFIER = Kind(
    "pkce-verifier-missing",
    Severity.SERIOUS,
    "a code is redeemed without its verifier",
    "The code was asked for with a challenge. Without the verifier nobody proves to be who asked for it.",
    clause="RFC 7636 section 4.5",
)
WRONG_VERIFIER = Kind(
    "pkce-verifier-wrong",
    Severity.SERIOUS,
    "a verifier that is not that of the challenge",
    "The application has made a new verifier in between, sent the challenge as the verifier, or the code was stolen.",
    clause="RFC 7636 section 4.6",
)
UNEXPECTED = Kind(
    "pkce-verifier-unexpected",
    Severity.SERIOUS,
    "a verifier, although the request had no challenge",
    "The code was not asked for by this application's request: somebody may have slipped it in.",
    clause="RFC 9700 section 4.8.2",
)
KINDS = (EXCUSED, BY_SITE, PUBLIC, MISSING, PLAIN, MALFORMED, NO_VERIFIER, WRONG_VERIFIER, UNEXPECTED)

_SWITCH_ON = "Please switch PKCE on in your library, with the code_challenge_method S256."
_KEEP = (
    "Please keep the code_verifier in the session that began the sign-on, and send that one with the code; look "
    "whether two tabs, or two servers behind one address, overwrite each other's."
)


def check_registration(registration: Registration) -> Findings:
    """Is a code of this client bound to who asked for it?"""
    registered = registration.registered
    if AUTHORIZATION_CODE not in registered.grant_types:
        return
    if not registered.pkce_required:
        kind = PUBLIC if registered.public else EXCUSED
        yield kind.found(
            phrase("%(name)s need not send a code_challenge", name=registered.name),
            here=change(registered, "require PKCE again, once the application sends it", "--pkce"),
            vendor=_SWITCH_ON,
            fix=Fix(
                "requires PKCE again",
                RequirePkce(),
                "" if registered.public else "Nobody can sign on until the application sends a code_challenge.",
            ),
        )
    elif registration.here.pkce_for_public_clients_only and not registered.public:
        yield BY_SITE.found(
            phrase("the site %(site)s excuses every client with a secret or a key", site=registration.here.site),
            here=Remedy(
                phrase(
                    "Find out which clients cannot do PKCE and excuse those alone, then require it at the site %(site)s "
                    "again.",
                    site=registration.here.site,
                ),
                f"idp application oidc set APP --no-pkce; idp site set {registration.here.site} --pkce-for-everybody",
                Place.SITE_PROTOCOLS,
                registration.here.site,
            ),
            vendor=_SWITCH_ON,
        )


def check_attempt(attempt: Attempt) -> Findings:
    """Which part of it was not as it must be?"""
    yield from explained(attempt, _CAUSES)


_CAUSES = (
    Cause("The code_challenge is missing", MISSING, vendor=_SWITCH_ON),
    Cause("A code_challenge_method without a code_challenge", MISSING, vendor="Please send the code_challenge, too."),
    Cause("The code_challenge_method must be S256", PLAIN, vendor=_SWITCH_ON),
    Cause(
        "The code_challenge is malformed",
        MALFORMED,
        vendor="Please send base64url(SHA-256(code_verifier)) without “=” as the code_challenge.",
    ),
    Cause("the code_verifier is missing or malformed", NO_VERIFIER, vendor=_KEEP),
    Cause("the code_verifier is not that of the challenge", WRONG_VERIFIER, vendor=_KEEP),
    Cause(
        "a code_verifier, but the code has no challenge",
        UNEXPECTED,
        vendor="Please send the code_challenge in the authorization request, too; if you do, look for who began the "
        "sign-on that this code came from.",
    ),
)
