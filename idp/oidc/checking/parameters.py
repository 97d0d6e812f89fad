"""What the request is made of: parameters that are repeated, missing, too long, or unreadable (RFC 6749 section 3.1; O1, O12)."""

from idp.audit.findings import Kind, Severity
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.subjects import Attempt, Findings

REPEATED = Kind(
    "parameter-repeated",
    Severity.SERIOUS,
    "a parameter that comes more than once",
    "Two readers of one request could see two different requests, so none is taken.",
    clause="RFC 6749 section 3.1",
)
LONG = Kind(
    "request-too-long",
    Severity.SERIOUS,
    "a request that is too long",
    "At most 8192 octets and 64 parameters are taken.",
)
UNREADABLE = Kind(
    "request-unreadable",
    Severity.SERIOUS,
    "a request that cannot be read",
    "It is not what the standard says: a form, or a query, of escaped UTF-8.",
    clause="RFC 6749 appendix B",
)
MISSING = Kind(
    "parameter-missing",
    Severity.SERIOUS,
    "a parameter that is missing",
    "The request does not say what the standard asks for.",
    clause="RFC 6749 section 5.2",
)
CONTROL = Kind(
    "control-characters",
    Severity.SERIOUS,
    "a state or nonce with control characters",
    "What is handed back has to come back as it went; control characters do not survive a browser.",
    clause="RFC 6749 appendix A",
)
CLAIMS = Kind(
    "claims-malformed",
    Severity.SERIOUS,
    "claims that are asked for in a way that cannot be read",
    "The parameter claims is a JSON object with id_token and userinfo, each claim asked for with null or an object.",
    clause="OpenID Connect Core section 5.5",
)
REQUEST_OBJECT = Kind(
    "request-object-not-offered",
    Severity.SERIOUS,
    "a request in a form that is not taken here",
    "If it were ignored, the request would mean something else than the application thinks.",
    clause="OpenID Connect Core section 3.1.2.6",
)
KINDS = (REPEATED, LONG, UNREADABLE, MISSING, CONTROL, CLAIMS, REQUEST_OBJECT)


def check_attempt(attempt: Attempt) -> Findings:
    """What is wrong with how it is written?"""
    yield from explained(attempt, _CAUSES)


_CAUSES = (
    Cause(
        "^repeated: |is repeated$|are repeated$|repeats a parameter",
        REPEATED,
        vendor="Please send each parameter once.",
    ),
    Cause(
        "^The request is too long|^The request has too many parameters",
        LONG,
        vendor="Please send a shorter request: state can be a key to what you keep yourself.",
    ),
    Cause(
        "^The request (has a broken|is not in UTF-8|has a null)|^The body must be of the type|^Parameters belong",
        UNREADABLE,
        vendor="Please send parameters once, as application/x-www-form-urlencoded in UTF-8: in the address of a GET, "
        "or in the body of a POST.",
    ),
    Cause("^The application sent something that is not a form", UNREADABLE, vendor="Please send a GET, or a form."),
    Cause(
        "^The (grant_type|code|redirect_uri|refresh_token|token|device_code) is missing",
        MISSING,
        vendor="Please send the parameter that the cause names.",
    ),
    Cause("has control characters", CONTROL, vendor="Please make state and nonce of letters and digits."),
    Cause(
        "^The claims |^A member of the claims|^A claim is asked|^A value of a claim",
        CLAIMS,
        vendor='Please send claims like {{"id_token": {{"auth_time": null}}}}.',
    ),
    Cause(
        "^Request objects|^Registration inside a request",
        REQUEST_OBJECT,
        vendor="Please send the request as plain parameters.",
        of=("oidc.sign-on",),
    ),
)
