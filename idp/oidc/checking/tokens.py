"""Access tokens that are shown (RFC 6750, OpenID Connect Core section 5.3; D10, O22, O25)."""

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.subjects import Attempt, Findings

OVER = Kind(
    "token-over",
    Severity.SERIOUS,
    "an access token that is over",
    "Its time has passed. Tokens live for minutes; a refresh brings a new one.",
    clause="RFC 6750 section 3.1",
)
OTHER_SITE = Kind(
    "token-of-other-site",
    Severity.SERIOUS,
    "an access token of another site or another issuer",
    "Each site takes only what it has issued itself.",
    clause="RFC 9068 section 4",
)
OTHER_KIND = Kind(
    "token-of-other-kind",
    Severity.SERIOUS,
    "some other token in place of an access token",
    "An ID token says who signed on; it opens nothing. Neither does a token that is for an API of its own.",
    clause="RFC 9068 section 4",
)
REVOKED = Kind(
    "token-revoked",
    Severity.SERIOUS,
    "an access token that was revoked",
    "The client, the person or an administrator has taken it back.",
    clause="RFC 7009 section 2.2",
)
UNTRUE = Kind(
    "token-invalid",
    Severity.SERIOUS,
    "an access token that is not genuine, or cannot be read",
    "It was changed, cut off, or signed by a key that is not one of this site's (any more).",
    clause="RFC 6750 section 3.1",
)
PLACE = Kind(
    "token-misplaced",
    Severity.SERIOUS,
    "an access token in the wrong place",
    "A token in an address is in every log on its way; one that comes in two places could be two.",
    clause="RFC 6750 section 2.3",
)
KINDS = (OVER, OTHER_SITE, OTHER_KIND, REVOKED, UNTRUE, PLACE)

_PREFIX = "access token: "


def check_attempt(attempt: Attempt) -> Findings:
    """Why was it not taken?"""
    cause = attempt.failed.cause
    if cause.startswith(_PREFIX):
        issuer, seconds = attempt.failed.text("issuer"), attempt.failed.facts.get("seconds")
        if issuer and attempt.here.issuer and issuer != attempt.here.issuer:
            yield OTHER_SITE.found(
                phrase("its issuer is %(issuer)s, ours is %(ours)s", issuer=issuer, ours=attempt.here.issuer),
                vendor=f"Please use the token at the userinfo_endpoint of {issuer}.",
            )
            return
        if "it is over" in cause and isinstance(seconds, int):
            yield OVER.found(
                phrase("its time passed %(seconds)s s ago", seconds=seconds),
                vendor="Please refresh before the time in expires_in has passed.",
            )
            return
    yield from explained(attempt, _CAUSES)


_CAUSES = (
    Cause("^access token: typ ", OTHER_KIND, vendor="Please send the access_token of the token response."),
    Cause("^access token: aud ", OTHER_KIND, vendor="Please ask for a token without resource, and use that one here."),
    Cause("^access token: it was revoked", REVOKED, vendor="Please sign the person on again."),
    Cause(
        "^access token: (no key of that party|algorithm|the signature|it is no signed|a part is|the (header|payload)|"
        "header members|iss |it has no exp|its )",
        UNTRUE,
        vendor="Please send the access_token of the token response, whole and unchanged.",
    ),
    Cause(
        "^An access token does not belong into an address|^The access token (came in two ways|is repeated)",
        PLACE,
        vendor="Please send it as Authorization: Bearer, and nowhere else.",
    ),
)
