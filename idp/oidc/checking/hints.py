"""ID tokens that come back as hints (OpenID Connect Core section 3.1.2.1, RP-Initiated Logout 1.0 section 2; O16, O27)."""

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.subjects import Attempt, Findings

INVALID = Kind(
    "hint-invalid",
    Severity.SERIOUS,
    "an id_token_hint that is no ID token of ours for this client",
    "It is of another issuer or another client, changed, cut off, or some other token. An old one would do.",
    clause="OpenID Connect Core section 3.1.2.1",
)
OTHER_SITE = Kind(
    "hint-of-other-site",
    Severity.SERIOUS,
    "an id_token_hint of another site",
    "Each site signs with keys of its own, and knows only what it has said itself.",
    clause="OpenID Connect Core section 3.1.2.1",
)
TWO = Kind(
    "hint-contradicts",
    Severity.SERIOUS,
    "a request that speaks of two persons or two clients at once",
    "What the hint says and what stands beside it exclude one another.",
    clause="RP-Initiated Logout 1.0 section 2",
)
KINDS = (INVALID, OTHER_SITE, TWO)


def check_attempt(attempt: Attempt) -> Findings:
    """Whose hint is it?"""
    if attempt.failed.cause.startswith("id_token_hint: "):
        issuer = attempt.failed.text("issuer")
        if issuer and issuer != attempt.here.issuer:
            known = next((one.slug for one in attempt.here.others if one.issuer == issuer), "")
            kind = OTHER_SITE if known else INVALID
            yield kind.found(
                phrase("its issuer is %(issuer)s, ours is %(ours)s", issuer=issuer, ours=attempt.here.issuer),
                vendor=f"Please send the ID token that you got from {attempt.here.issuer}, or leave the hint out.",
            )
            return
    yield from explained(attempt, _CAUSES)


_CAUSES = (
    Cause(
        "^id_token_hint: ",
        INVALID,
        vendor="Please send the whole ID token that this client got last, not an access token; or leave the hint out.",
    ),
    Cause("speaks of two persons at once|ask for two persons at once", TWO, vendor="Please name one person, or none."),
    Cause(
        "^client_id is not the audience of id_token_hint",
        TWO,
        vendor="Please send the client_id that the ID token was issued to.",
    ),
)
