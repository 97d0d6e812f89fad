"""What a client may ask for, and who has said so (RFC 6749 section 3.3, RFC 8707; O20)."""

from idp.audit.findings import Fix, Kind, Place, Remedy, Severity
from idp.base.texts import phrase
from idp.oidc.checking.acts import amend
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Attempt, Findings, Registered, Registration
from idp.oidc.claims import OPENID, STANDARD_SCOPES

UNKNOWN = Kind(
    "scope-unknown",
    Severity.WARNING,
    "a scope that nobody knows",
    "It is neither one of OpenID Connect's nor of an API of the site, so it lets nobody do anything.",
    fixes="takes them out, if others are left",
    clause="RFC 6749 section 3.3",
)
NOT_FOR_CLIENT = Kind(
    "scope-not-for-client",
    Severity.WARNING,
    "a scope of an API that the client may not have",
    "A client gets of a scope only what was granted to it; without that it asks in vain.",
    clause="RFC 6749 section 3.3",
)
FOR_NOBODY = Kind(
    "scope-granted-to-nobody",
    Severity.WARNING,
    "a scope of an API that no person may have",
    "What a client does for a person it can do only as far as that person may; nobody may.",
    clause="RFC 6749 section 3.3",
)
LONG_LIVED = Kind(
    "token-long-lived",
    Severity.WARNING,
    "tokens for an API that live long",
    "A stolen token opens the API until it is over; an API that does not introspect learns of nothing before.",
    clause="RFC 9700 section 2.2.1",
)
NO_OPENID = Kind(
    "scope-without-openid",
    Severity.NOTE,
    "a client that people sign on to, without the scope openid",
    "It gets no ID token, so it cannot tell who has signed on: that is OAuth without OpenID Connect.",
    fixes="adds openid to the scope",
    clause="OpenID Connect Core section 3.1.2.1",
)
NOT_KNOWN = Kind(
    "scope-not-known",
    Severity.SERIOUS,
    "a scope is asked for that is missing or unknown",
    "A part of the scope is neither registered for this client nor one of OpenID Connect's.",
    clause="RFC 6749 section 4.1.2.1",
)
NOT_REGISTERED = Kind(
    "scope-not-registered",
    Severity.SERIOUS,
    "a client asks for itself what it may not have",
    "It is not registered for a part of the scope, or the scope speaks of a person.",
    clause="RFC 6749 section 4.4.2",
)
INSUFFICIENT = Kind(
    "scope-insufficient",
    Severity.SERIOUS,
    "a token that does not reach this far",
    "UserInfo speaks of the person only to tokens of a sign-on with the scope openid.",
    clause="RFC 6750 section 3.1",
)
KINDS = (UNKNOWN, NOT_FOR_CLIENT, FOR_NOBODY, LONG_LIVED, NO_OPENID, NOT_KNOWN, NOT_REGISTERED, INSUFFICIENT)

MOST_SECONDS = 1800


def check_registration(registration: Registration) -> Findings:
    """Does each scope mean something, and to whom?"""
    registered = registration.registered
    apis = {one.name: one for one in registered.apis}
    unknown = [scope for scope in registered.scopes if scope not in STANDARD_SCOPES and scope not in apis]
    if unknown:
        yield UNKNOWN.found(
            ", ".join(unknown),
            here=change(registered, "take it out of the scope, or register the API that it belongs to"),
            fix=_without(registered, unknown),
        )
    for one in registered.apis:
        if not one.for_client:
            yield NOT_FOR_CLIENT.found(
                phrase(
                    "%(name)s of %(api)s is not granted to %(client)s",
                    name=one.name,
                    api=one.api,
                    client=registered.name,
                ),
                here=Remedy(
                    phrase("Grant it to the application, or take it out of the scope."),
                    f"idp api scope grant {one.api_id} {one.name} --application {registered.application_id}",
                    Place.API_APPLICATIONS,
                    one.api_id,
                ),
            )
        if registered.has_people and not one.for_people:
            yield FOR_NOBODY.found(
                phrase("%(name)s of %(api)s is granted to no person", name=one.name, api=one.api),
                here=Remedy(
                    phrase("Grant it to everyone, to a group or to an account."),
                    f"idp api scope grant {one.api_id} {one.name} (--everyone, --group NAME or --account EMAIL)",
                    Place.API_PEOPLE,
                    one.api_id,
                ),
            )
    for api, api_id, seconds in dict.fromkeys((one.api, one.api_id, one.token_seconds) for one in registered.apis):
        if seconds > MOST_SECONDS:
            yield LONG_LIVED.found(
                phrase("tokens for %(api)s live %(seconds)s s", api=api, seconds=seconds),
                here=Remedy(
                    phrase("Let them live for ten minutes; clients with refresh tokens do not notice."),
                    f"idp api set {api_id} --minutes 10",
                    Place.API,
                    api_id,
                ),
            )
    if registered.has_people and OPENID not in registered.scopes:
        yield NO_OPENID.found(
            phrase("scope %(scope)s", scope=registered.text("scope") or phrase("empty")),
            here=change(registered, "add openid to the scope"),
            fix=amend(
                "adds openid to the scope",
                "The application learns who the person is.",
                scope=" ".join([OPENID, *registered.scopes]),
            ),
        )


def _without(registered: Registered, unknown: list[str]) -> Fix | None:
    """Without any scope at all a client would get the usual ones: some must be left."""
    left = [scope for scope in registered.scopes if scope not in unknown]
    if not left and registered.has_people:
        return None
    return amend(phrase("takes %(unknown)s out of the scope", unknown=", ".join(unknown)), scope=" ".join(left) or None)


def check_attempt(attempt: Attempt) -> Findings:
    """Which part may it not have?"""
    yield from explained(attempt, _CAUSES)


_CAUSES = (
    Cause(
        "^The scope |^unknown: ",
        NOT_KNOWN,
        place=Place.CLIENT,
        here="In the registration of %(app)s, add it to the scope, if the application is to have it.",
        vendor="Please ask for a scope such as “openid profile email”, and for nothing that is not registered.",
    ),
    Cause(
        "^asked ",
        NOT_REGISTERED,
        of=("oidc.token",),
        place=Place.CLIENT,
        here="In the registration of %(app)s, add it to the scope.",
    ),
    Cause("is not of a sign-on with the scope openid", INSUFFICIENT, vendor="Please ask for the scope openid."),
)
