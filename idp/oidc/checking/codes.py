"""Authorization codes that are redeemed (RFC 6749 section 4.1.3; O7, O8)."""

from idp.audit.findings import Kind, Severity
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.subjects import Attempt, Findings

LATE = Kind(
    "code-expired",
    Severity.SERIOUS,
    "a code that is unknown or too old",
    "A code is good for a minute. It came too late, was cut off, or is of another installation.",
    clause="RFC 6749 section 4.1.2",
)
TWICE = Kind(
    "code-used-twice",
    Severity.SERIOUS,
    "a code that was used twice",
    "The second use may be a thief's, so the tokens of the first one were ended, too.",
    clause="RFC 6749 section 4.1.2",
)
OF_ANOTHER = Kind(
    "code-of-another-client",
    Severity.SERIOUS,
    "a code of another client or of another site",
    "A code is good for the client alone that asked for it, at the site that gave it.",
    clause="RFC 6749 section 4.1.3",
)
ADDRESS = Kind(
    "code-redirect-uri",
    Severity.SERIOUS,
    "another redirect URI at the token endpoint than in the request",
    "Both have to be the same, letter by letter, so that nobody can redeem a code that was sent elsewhere.",
    clause="RFC 6749 section 4.1.3",
)
KINDS = (LATE, TWICE, OF_ANOTHER, ADDRESS)


def check_attempt(attempt: Attempt) -> Findings:
    """Why was the code not taken?"""
    yield from explained(attempt, _CAUSES)


_CAUSES = (
    Cause(
        "^no such code",
        LATE,
        vendor="Please redeem the code as soon as it arrives, whole, and begin a new sign-on where that fails; also look "
        "at the clock and the queue between your server and us.",
    ),
    Cause(
        "^code used twice",
        TWICE,
        here="If the application did not do it, somebody has read the code: look at its logs and its redirect URI.",
        vendor="Please redeem each code once: do not repeat the request when a page is loaded again or a call is tried "
        "anew.",
    ),
    Cause(
        "^the code was issued to another client",
        OF_ANOTHER,
        vendor="Please redeem the code with the client id of the request, at the token endpoint of {issuer}.",
    ),
    Cause(
        "^redirect_uri differs",
        ADDRESS,
        vendor="Please send at the token endpoint exactly the redirect_uri that you sent in the authorization request.",
    ),
)
