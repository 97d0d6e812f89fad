"""Proofs of a key, and tokens that are bound to one (RFC 9449)."""

from idp.audit.findings import Kind, Place, Severity
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.subjects import Attempt, Findings

MISSING = Kind(
    "dpop-missing",
    Severity.SERIOUS,
    "no DPoP proof where one is needed",
    "The client, or the token, is bound to a key: without a proof of the key nobody gets or uses a token.",
    clause="RFC 9449 section 5",
)
CLOCK = Kind(
    "dpop-clock",
    Severity.SERIOUS,
    "a DPoP proof of another time",
    "A proof is made for one request, now; the clock of the application is wrong, or proofs are kept.",
    clause="RFC 9449 section 4.3",
)
ADDRESS = Kind(
    "dpop-request",
    Severity.SERIOUS,
    "a DPoP proof for another request",
    "Its htm and htu have to be the method and the address of this request; a proxy may hide the address.",
    clause="RFC 9449 section 4.3",
)
REPLAYED = Kind(
    "dpop-replayed",
    Severity.SERIOUS,
    "a DPoP proof that was used before",
    "Each proof has a jti of its own and is taken once; a second use may be a thief's.",
    clause="RFC 9449 section 11.1",
)
OTHER_KEY = Kind(
    "dpop-other-key",
    Severity.SERIOUS,
    "a proof of another key than the token's, or a bound token without one",
    "The application has made a new key since it got the token, or somebody else has the token.",
    clause="RFC 9449 section 7.1",
)
INVALID = Kind(
    "dpop-invalid",
    Severity.SERIOUS,
    "a DPoP proof that is none",
    "It is no JWT of the type dpop+jwt that is signed by the public key in its header, or lacks something.",
    clause="RFC 9449 section 4.3",
)
KINDS = (MISSING, CLOCK, ADDRESS, REPLAYED, OTHER_KEY, INVALID)


def check_attempt(attempt: Attempt) -> Findings:
    """What of the proof was not as it must be?"""
    yield from explained(attempt, _CAUSES)


_NEW = "Please make a new proof for each request"
_CAUSES = (
    Cause(
        "no header DPoP",
        MISSING,
        here="If the application cannot do DPoP, let %(app)s have bearer tokens.",
        command="idp application oidc set APP --no-dpop",
        place=Place.CLIENT,
        vendor="Please send a DPoP proof (RFC 9449) with every request to the token endpoint and with every token.",
    ),
    Cause("^DPoP proof: (iat|exp) ", CLOCK, vendor=f"{_NEW}, and set the clock of your server by NTP."),
    Cause(
        "^DPoP proof: (htm|htu) ", ADDRESS, vendor=f"{_NEW}, with its method, and the address as discovery names it."
    ),
    Cause(
        "^DPoP proof: its jti was used before",
        REPLAYED,
        vendor=f"{_NEW}, with a new random jti, also when you try again.",
    ),
    Cause(
        "not of the token's key|no DPoP proof of the (code's key|key that)|^DPoP proof: ath |^access token: presented as ",
        OTHER_KEY,
        vendor="Please use the key that the token was asked for with, and the scheme DPoP for a bound token.",
    ),
    Cause("^DPoP proof: ", INVALID, vendor=f"{_NEW} as RFC 9449 section 4.2 says."),
)
