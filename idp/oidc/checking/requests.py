"""How authorization requests may come (RFC 9101, RFC 9126, OpenID Connect Core section 6; O17)."""

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.oidc.checking.acts import amend
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Findings, Registration
from idp.oidc.metadata import UNSIGNED

UNSIGNED_OBJECTS = Kind(
    "request-object-unsigned",
    Severity.WARNING,
    "request objects without a signature",
    "They prove nothing of who made them: whoever holds the browser can write them.",
    clause="RFC 9101 section 10.5",
)
UNSIGNED_BY_ADDRESS = Kind(
    "request-uris-unsigned",
    Severity.WARNING,
    "request objects by address that need no signature",
    "Whoever can change what the address hands out decides what the client asks for.",
    fixes="takes only signed requests, if it has keys",
    clause="OpenID Connect Core section 6.2",
)
NOT_FETCHED = Kind(
    "request-uris-not-fetched",
    Severity.WARNING,
    "addresses of request objects at a site that fetches none",
    "A request that names one of them is refused.",
    fixes="leaves request_uris out",
    clause="OpenID Connect Core section 6.2",
)
KINDS = (UNSIGNED_OBJECTS, UNSIGNED_BY_ADDRESS, NOT_FETCHED)

_SIGN = "Please sign your request objects with one of your registered keys."


def check_registration(registration: Registration) -> Findings:
    """Is it certain who made a request?"""
    registered = registration.registered
    algorithm = registered.text("request_object_signing_alg")
    if algorithm == UNSIGNED:
        yield UNSIGNED_OBJECTS.found(
            "request_object_signing_alg is none",
            here=change(registered, "name the algorithm that it signs by"),
            vendor=_SIGN,
        )
    addresses = registered.registration.get("request_uris") or ()
    required = registered.registration.get("require_signed_request_object")
    if addresses and not required and algorithm in ("", UNSIGNED):
        yield UNSIGNED_BY_ADDRESS.found(
            phrase("request_uris %(addresses)s", addresses=", ".join(addresses)),
            here=change(registered, "set require_signed_request_object"),
            vendor=_SIGN,
            fix=amend(
                "takes only signed requests",
                "Nobody can sign on until the application signs its requests.",
                require_signed_request_object=True,
                request_object_signing_alg=None,
            )
            if {"jwks", "jwks_uri"} & {*registered.registration}
            else None,
        )
    if addresses and not registration.here.fetch_request_objects:
        yield NOT_FETCHED.found(
            phrase(
                "request_uris %(addresses)s; the site %(site)s fetches none",
                addresses=", ".join(addresses),
                site=registration.here.site,
            ),
            here=change(
                registered, "leave request_uris out; pushed requests (RFC 9126) do the same and need no address"
            ),
            vendor="Please push your requests (RFC 9126) instead.",
            fix=amend("leaves request_uris out", request_uris=None),
        )
