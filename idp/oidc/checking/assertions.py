"""Assertions of clients that authenticate with a key (RFC 7523 section 3; O13, O15, O16, O18)."""

from collections.abc import Callable

from idp.audit.findings import Kind, Place, Remedy, Severity
from idp.base.texts import phrase
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.subjects import Attempt, Findings, Registration
from idp.oidc.metadata import PRIVATE_KEY_JWT

AUDIENCE = Kind(
    "assertion-audience",
    Severity.SERIOUS,
    "a client assertion for somebody else",
    "Its aud has to be our issuer, as one text; an assertion that also names others could be used there.",
    clause="RFC 7523 section 3",
)
BY_SITE = Kind(
    "assertion-audience-by-site",
    Severity.WARNING,
    "a site that takes assertions for its token endpoint",
    "A provider that tells a client our token endpoint as its own gets an assertion from it that is good here.",
    clause="RFC 7523 section 3",
)
BEHIND = Kind(
    "assertion-expired",
    Severity.SERIOUS,
    "a client assertion that is over",
    "It was made too long ago, or the clock of the application is behind.",
    clause="RFC 7523 section 3",
)
AHEAD = Kind(
    "assertion-clock-ahead",
    Severity.SERIOUS,
    "a client assertion from the future",
    "The clock of the application is ahead; a minute of difference is taken.",
    clause="RFC 7523 section 3",
)
LONG = Kind(
    "assertion-too-long",
    Severity.SERIOUS,
    "a client assertion that is good for too long",
    "At most five minutes are taken: whoever finds one can use it for as long as it is good.",
    clause="RFC 7523 section 3",
)
KEY = Kind(
    "assertion-key-unknown",
    Severity.SERIOUS,
    "a client assertion by a key that is not known here",
    "None of the client's registered keys has that kid and fits the algorithm: it has most likely changed its keys.",
    clause="RFC 7515 section 4.1.4",
)
ALGORITHM = Kind(
    "assertion-algorithm",
    Severity.SERIOUS,
    "a client assertion by an algorithm that is not taken",
    "It is none of those that are taken, or not the one that the client has registered.",
    clause="RFC 8725 section 3.1",
)
SIGNATURE = Kind(
    "assertion-signature",
    Severity.SERIOUS,
    "a client assertion whose signature is wrong",
    "It was made by another key than the registered one of that kid, or the assertion was changed.",
    clause="RFC 7515 section 5.2",
)
REPLAYED = Kind(
    "assertion-replayed",
    Severity.SERIOUS,
    "a client assertion that was used before",
    "Each assertion has a jti of its own and is taken once; a second use may be a thief's.",
    clause="RFC 7523 section 3",
)
MALFORMED = Kind(
    "assertion-malformed",
    Severity.SERIOUS,
    "a client assertion that lacks something",
    "It needs iss and sub (both the client id), aud, exp, and a jti, signed as a JWT in compact form.",
    clause="RFC 7523 section 3",
)
UNREADABLE = Kind(
    "client-keys-unreadable",
    Severity.SERIOUS,
    "keys of the client that cannot be read",
    "The address of its keys does not answer, or not with a key set that can be used.",
    clause="RFC 7517 section 5",
)
KINDS = (AUDIENCE, BY_SITE, BEHIND, AHEAD, LONG, KEY, ALGORITHM, SIGNATURE, REPLAYED, MALFORMED, UNREADABLE)

KEYS_UNREADABLE = "client-keys-unreadable"
"""The code of the step in which they are fetched."""
_PREFIX = "client assertion: "


def check_registration(registration: Registration) -> Findings:
    """Whom may its assertions be for?"""
    registered, here = registration.registered, registration.here
    if here.assertions_for_token_endpoint and registered.method == PRIVATE_KEY_JWT:
        yield BY_SITE.found(
            phrase(
                "the site %(site)s takes assertions whose aud is %(issuer)s/oauth2/token",
                site=here.site,
                issuer=here.issuer,
            ),
            here=Remedy(
                phrase("Once all clients of the site send the issuer, take assertions for the issuer only."),
                f"idp site set {here.site} --assertions-for-issuer-only",
                Place.SITE_PROTOCOLS,
                here.site,
            ),
            vendor=f"Please send aud as the one text {here.issuer}.",
        )


def check_attempt(attempt: Attempt) -> Findings:
    """What is it that was not as it must be?"""
    cause = attempt.failed.cause
    if attempt.failed.code == KEYS_UNREADABLE:
        yield UNREADABLE.found(
            cause,
            here="See that the address can be reached from here; only public addresses are called, and those of "
            "egress.allow_addresses.",
            vendor="Please let that address answer with your public keys as JSON ({“keys”: […]}).",
        )
        return
    seconds = attempt.failed.facts.get("seconds")
    for begins, kind, said in _TIMED:
        if cause.startswith(_PREFIX) and begins in cause and isinstance(seconds, int):
            yield kind.found(
                said(seconds),
                vendor="Please set the clock of your server by NTP, and make a new assertion for each request, good for "
                "a minute.",
            )
            return
    yield from explained(attempt, _CAUSES)


_TIMED: tuple[tuple[str, Kind, Callable[[int], str]], ...] = (
    ("it is over", BEHIND, lambda seconds: phrase("its exp was %(seconds)s s ago", seconds=seconds)),
    ("in the future", AHEAD, lambda seconds: phrase("it was made %(seconds)s s from now", seconds=seconds)),
    (
        "its exp is too far away",
        LONG,
        lambda seconds: phrase("its exp is in %(seconds)s s; at most 300 s are taken", seconds=seconds),
    ),
)


_CAUSES = (
    Cause(
        "^client assertion: aud ",
        AUDIENCE,
        here="If it sends the token endpoint and cannot change, take assertions for the token endpoint at the site.",
        command="idp site set SITE --assertions-for-token-endpoint",
        place=Place.SITE_PROTOCOLS,
        vendor="Please send aud as the one text {issuer}.",
    ),
    Cause(
        "^client assertion: iss ",
        MALFORMED,
        vendor="Please send the client id as both iss and sub of the assertion.",
    ),
    Cause(
        "^client assertion: no key of that party",
        KEY,
        place=Place.CLIENT,
        here="If the application has changed its keys, take the new public ones into the registration of %(app)s, or "
        "the address of them as jwks_uri: then new ones are found by themselves.",
        vendor="Please send us your current public keys, each with its kid, and name that kid in the header.",
    ),
    Cause(
        "^client assertion: algorithm",
        ALGORITHM,
        place=Place.CLIENT,
        here="In the registration of %(app)s, set token_endpoint_auth_signing_alg to what it signs by, or leave it out.",
        vendor="Please sign with RS256, PS256, ES256 or EdDSA, the one that is registered.",
    ),
    Cause(
        "^client assertion: the signature is wrong",
        SIGNATURE,
        vendor="Please look whether the private key belongs to the public one that you published under that kid.",
    ),
    Cause(
        "^client assertion: its jti was used before",
        REPLAYED,
        here="If the application did not send it twice, somebody has read it: look where its requests are logged.",
        vendor="Please make a new assertion with a new random jti for each request, also when you try again.",
    ),
    Cause("^client assertion: ", MALFORMED, vendor="Please make it as RFC 7523 section 3 says."),
    Cause(
        "^client_assertion_type is not",
        MALFORMED,
        vendor="Please send client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer.",
    ),
    Cause(
        "^client_id is not the subject of the assertion",
        MALFORMED,
        vendor="Please send the same client id in the body and as the assertion's sub.",
    ),
)
