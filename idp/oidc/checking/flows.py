"""Which flows and kinds of client go together (RFC 6749 section 1.3, RFC 9700 section 2.1.2, RFC 8252 section 8.5; O30)."""

from idp.audit.findings import Fix, Kind, Place, Severity
from idp.base.texts import phrase
from idp.oidc.checking.acts import amend
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Attempt, Findings, Registration
from idp.oidc.metadata import CODE

LEGACY = Kind(
    "legacy-response-type",
    Severity.WARNING,
    "a response type that answers with a token in the address",
    "Tokens in an address can be read in histories, logs and by scripts, and nobody can be held to them.",
    fixes="leaves only code",
    clause="RFC 9700 section 2.1.2",
)
BESIDE_CODE = Kind(
    "implicit-beside-code",
    Severity.WARNING,
    "the implicit flow in a client that can use a code",
    "The client is registered for codes, which are safer; whoever attacks it chooses the weaker way.",
    fixes="takes those without code out",
    clause="RFC 9700 section 2.1.2",
)
NATIVE_SECRET = Kind(
    "native-with-secret",
    Severity.WARNING,
    "a native application that authenticates as if it could keep a secret",
    "What is shipped in a program on people's machines is no secret, and proves nothing about who calls.",
    clause="RFC 8252 section 8.5",
)
NOT_OFFERED = Kind(
    "response-type-not-offered",
    Severity.SERIOUS,
    "a response type that is missing or does not exist here",
    "The request does not say how it wants to be answered, or in a way that we do not know.",
    clause="RFC 6749 section 3.1.1",
)
NOT_REGISTERED = Kind(
    "response-type-not-registered",
    Severity.SERIOUS,
    "a response type that the client has not registered",
    "Each client is answered only in the ways that it has registered.",
    clause="RFC 6749 section 4.1.2.1",
)
RESPONSE_MODE = Kind(
    "response-mode-not-offered",
    Severity.SERIOUS,
    "an answer is wanted in a way that a code must not travel",
    "Codes come in the query of the redirect URI, or by a form that is posted to it.",
    clause="OAuth 2.0 Multiple Response Type Encoding Practices section 2.1",
)
GRANT_NOT_OFFERED = Kind(
    "grant-type-not-offered",
    Severity.SERIOUS,
    "a grant type that does not exist here",
    "The token endpoint does not know this way to a token.",
    clause="RFC 6749 section 5.2",
)
GRANT_NOT_REGISTERED = Kind(
    "grant-type-not-registered",
    Severity.SERIOUS,
    "a grant type that the client has not registered",
    "Each client may use only the grant types that it has registered.",
    clause="RFC 6749 section 5.2",
)
KINDS = (
    LEGACY,
    BESIDE_CODE,
    NATIVE_SECRET,
    NOT_OFFERED,
    NOT_REGISTERED,
    RESPONSE_MODE,
    GRANT_NOT_OFFERED,
    GRANT_NOT_REGISTERED,
)

_TO_CODE = "Please switch your library to the authorization code flow with PKCE (response_type=code)."


def check_registration(registration: Registration) -> Findings:
    """Is there a safer way that this client could go?"""
    registered = registration.registered
    types = tuple(registered.registration["response_types"])
    legacy = [one for one in types if one != CODE]
    if legacy:
        yield LEGACY.found(
            ", ".join(legacy),
            here=change(registered, "leave only “code” in response_types"),
            vendor=_TO_CODE,
            fix=_only([CODE], "leaves only code in response_types"),
        )
    without = [one for one in legacy if CODE not in one.split()]
    if without and any(CODE in one.split() for one in types):
        yield BESIDE_CODE.found(
            phrase(
                "%(without)s beside %(types)s",
                without=", ".join(without),
                types=", ".join(one for one in types if CODE in one.split()),
            ),
            here=change(registered, phrase("take %(without)s out of response_types", without=", ".join(without))),
            vendor=_TO_CODE,
            fix=_only(
                [one for one in types if one not in without],
                phrase("takes %(without)s out of response_types", without=", ".join(without)),
            ),
        )
    if registered.native and not registered.public:
        yield NATIVE_SECRET.found(
            phrase("application_type native, %(method)s", method=registered.method),
            here=change(registered, "use the authentication method “none”, or the application type web for a server"),
            vendor="Please use the application as a public client, with PKCE and without a secret.",
        )


def _only(types: list[str], does: str) -> Fix:
    """Grant types follow the response types."""
    return amend(does, "Nobody can sign on while the application asks for others.", response_types=types)


def check_attempt(attempt: Attempt) -> Findings:
    """Which way was asked for, and which are there?"""
    yield from explained(attempt, _CAUSES)


_CAUSES = (
    Cause("The response_type is missing", NOT_OFFERED, vendor="Please send response_type=code."),
    Cause("^response_type ['\"]", NOT_OFFERED, vendor="Please send response_type=code."),
    Cause(
        "The client is not registered for this response_type",
        NOT_REGISTERED,
        place=Place.CLIENT,
        here="In the registration of %(app)s, add the response type that it asks for; those with a token are legacy.",
        vendor=_TO_CODE,
    ),
    Cause("^response_mode ['\"]", RESPONSE_MODE, vendor="Please leave response_mode out, or send query or form_post."),
    Cause(
        "^grant_type ['\"]",
        GRANT_NOT_OFFERED,
        vendor="Please use authorization_code, refresh_token or client_credentials. There is no password grant.",
    ),
    Cause(
        "^The client is not registered for devices",
        GRANT_NOT_REGISTERED,
        place=Place.CLIENT,
        here="In the registration of %(app)s, add urn:ietf:params:oauth:grant-type:device_code to grant_types.",
    ),
    Cause(
        "^grant_type [a-z]",
        GRANT_NOT_REGISTERED,
        place=Place.CLIENT,
        here="In the registration of %(app)s, add it to grant_types, if the application is to use it.",
    ),
)
