"""What a token is asked for, and APIs that call us themselves (RFC 8707, RFC 7662)."""

from idp.audit.findings import Kind, Place, Severity
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.subjects import Attempt, Findings

TARGET = Kind(
    "resource-not-possible",
    Severity.SERIOUS,
    "a resource that no token can be for",
    "It is no enabled API of this site, the client may do nothing there, or it is one that takes only tokens of its own.",
    clause="RFC 8707 section 2",
)
UNCLEAR = Kind(
    "resource-unclear",
    Severity.SERIOUS,
    "scopes of several APIs, and no resource",
    "One access token is for one purpose: with scopes of several APIs it has to be said which one it is for.",
    clause="RFC 8707 section 2.2",
)
API = Kind(
    "api-authentication",
    Severity.SERIOUS,
    "an API that did not prove who it is",
    "What a token says is told only to the API that it is for, and that has to show its own id and secret.",
    clause="RFC 7662 section 2.1",
)
KINDS = (TARGET, UNCLEAR, API)


def check_attempt(attempt: Attempt) -> Findings:
    """Which API is meant?"""
    yield from explained(attempt, _CAUSES)


_CAUSES = (
    Cause("^scopes of ", UNCLEAR, vendor="Please name the API by the parameter resource, in each request of a token."),
    Cause(
        "^no API ['\"].* is enabled here|^no scope of |^resource ['\"]|wants opaque tokens$",
        TARGET,
        here="See which APIs there are, and let %(app)s have a scope of it.",
        command="idp api list; idp api scope grant",
        place=Place.APIS,
        vendor="Please name one of the resources that you were given, with a scope of it, the same as in the "
        "authorization request.",
    ),
    Cause(
        "^no API ['\"].* at this site|^the secret of the API |^the API .* is disabled",
        API,
        here="Enable the API, or give it a new secret if nobody has the last one.",
        command="idp api enable; idp api rotate-secret",
        place=Place.APIS,
        vendor="Please authenticate by the API's id and secret (not those of a client), by the scheme Basic.",
    ),
)
