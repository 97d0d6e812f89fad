"""
Signing out (RP-Initiated Logout 1.0, Back-Channel Logout 1.0, Front-Channel Logout 1.0; O32, O33).
"""

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.oidc.checking import redirect_uris
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Attempt, Findings, Registration, host

NO_RETURN = Kind(
    "post-logout-address-missing",
    Severity.NOTE,
    "no address to come back to after signing out",
    "Whoever signs out at the application stays on a page of ours.",
    clause="RP-Initiated Logout 1.0 section 3.1",
)
NOT_TOLD = Kind(
    "logout-address-missing",
    Severity.WARNING,
    "no logout address",
    "The application cannot be told that a person signs out: its own session lives on after they have left.",
    clause="Back-Channel Logout 1.0 section 2.2",
)
FRONT_ONLY = Kind(
    "logout-front-channel-only",
    Severity.WARNING,
    "logout by the browser alone",
    "Browsers send no cookies into frames of another site, so that the application often learns of nothing.",
    clause="Front-Channel Logout 1.0 section 2",
)
BACK_HTTP = Kind(
    "logout-address-http",
    Severity.WARNING,
    "a logout address with plain http",
    "Whoever is on the way can read who signs out, and keep it from the application.",
    clause="Back-Channel Logout 1.0 section 2.2",
)
ELSEWHERE = Kind(
    "post-logout-address-elsewhere",
    Severity.NOTE,
    "an address to come back to at another host than the application's",
    "Whoever signs out is sent to a host that the person never signed on to.",
    clause="RP-Initiated Logout 1.0 section 3.1",
)
NOT_REGISTERED = Kind(
    "post-logout-address-not-registered",
    Severity.SERIOUS,
    "a logout wants to go on at an address that is not registered",
    "People are sent on only to registered addresses, compared character by character.",
    clause="RP-Initiated Logout 1.0 section 3",
)
KINDS = (NO_RETURN, NOT_TOLD, FRONT_ONLY, BACK_HTTP, ELSEWHERE, NOT_REGISTERED)


def check_registration(registration: Registration) -> Findings:
    """Does it learn of a logout, and where does the person go after one?"""
    registered = registration.registered
    if not registered.signs_people_on:
        return
    back, front = registered.text("backchannel_logout_uri"), registered.text("frontchannel_logout_uri")
    after = tuple(registered.registration["post_logout_redirect_uris"])
    if not after and not registered.native:
        yield NO_RETURN.found(
            "post_logout_redirect_uris is empty", here=change(registered, "add the page that it shows after a logout")
        )
    foreign = [uri for uri in after if uri.startswith("http") and host(uri) not in registered.hosts]
    if foreign and registered.hosts and not registered.native:
        yield ELSEWHERE.found(
            phrase(
                "%(foreign)s; redirect URIs are at %(hosts)s",
                foreign=", ".join(foreign),
                hosts=", ".join(registered.hosts),
            ),
            here=change(registered, "leave it out, if it is not the application's"),
        )
    if not back and not front and not registered.native:
        yield NOT_TOLD.found(
            "neither backchannel_logout_uri nor frontchannel_logout_uri",
            here=change(registered, "add the backchannel_logout_uri, once the application has one"),
            vendor="Please tell us the address at which you take logout tokens (OpenID Connect Back-Channel Logout 1.0).",
        )
    if front and not back:
        yield FRONT_ONLY.found(
            phrase("frontchannel_logout_uri %(front)s, no backchannel_logout_uri", front=front),
            here=change(registered, "add the backchannel_logout_uri, once the application has one"),
            vendor="Please take logout tokens (OpenID Connect Back-Channel Logout 1.0): they need no cookies.",
        )
    plain = [uri for uri in (back, front) if uri.startswith("http:")]
    if plain:
        yield BACK_HTTP.found(", ".join(plain), here=change(registered, "use https"))


def check_attempt(attempt: Attempt) -> Findings:
    """Which registered address was meant?"""
    if attempt.kind != "oidc.logout" or attempt.failed.code != "unregistered-redirect-uri":
        return
    received, registered = attempt.failed.text("received"), attempt.registered
    if registered is None:
        yield NOT_REGISTERED.found(
            phrase(
                "post_logout_redirect_uri is %(received)s, and the request does not say of which client",
                received=received,
            ),
            vendor="Please send id_token_hint or client_id with post_logout_redirect_uri.",
        )
        return
    known = tuple(registered.registration["post_logout_redirect_uris"])
    if received not in known:
        yield redirect_uris.not_registered(NOT_REGISTERED, "post_logout_redirect_uri", received, known, attempt)
