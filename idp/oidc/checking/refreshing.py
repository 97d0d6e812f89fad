"""Refresh tokens (RFC 6749 section 6, RFC 9700 section 2.2.2, OpenID Connect Core section 11; O21)."""

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.oidc.checking.acts import amend
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Attempt, Findings, Registration
from idp.oidc.claims import OFFLINE_ACCESS
from idp.oidc.metadata import REFRESH_TOKEN

OFFLINE_WITHOUT = Kind(
    "offline-access-without-refresh",
    Severity.WARNING,
    "offline_access without the grant type that it needs",
    "The scope is left out of what people allow: the application gets no refresh token.",
    fixes="takes offline_access out of the scope",
    clause="OpenID Connect Core section 11",
)
WITHOUT_OFFLINE = Kind(
    "refresh-without-offline-access",
    Severity.NOTE,
    "refresh tokens without offline_access",
    "They end with the person's session, within hours: an application that works while nobody is there stops then.",
    clause="OpenID Connect Core section 11",
)
UNBOUND = Kind(
    "refresh-token-unbound",
    Severity.WARNING,
    "refresh tokens of a public client that need no key",
    "Whoever steals one can use it once before the theft shows. With DPoP it is worth nothing without the key.",
    clause="RFC 9700 section 2.2.2",
)
UNKNOWN = Kind(
    "refresh-token-unknown",
    Severity.SERIOUS,
    "a refresh token that is not known here",
    "It is cut off, of another installation, or older than what is kept.",
    clause="RFC 6749 section 5.2",
)
OF_ANOTHER = Kind(
    "refresh-token-of-another-client",
    Severity.SERIOUS,
    "a refresh token of another client",
    "A refresh token is good for the client alone that it was issued to.",
    clause="RFC 6749 section 6",
)
REUSED = Kind(
    "refresh-token-reused",
    Severity.SERIOUS,
    "a refresh token that was used twice",
    "One of the two who used it has stolen it, or the application keeps an old one. Everything that came of that "
    "sign-on was ended.",
    clause="RFC 9700 section 4.14.2",
)
IDLE = Kind(
    "refresh-token-idle",
    Severity.SERIOUS,
    "a refresh token that was not used for too long",
    "A refresh token ends after a week without use; the person has to sign on again.",
    clause="RFC 9700 section 2.2.2",
)
MORE_SCOPE = Kind(
    "refresh-scope-more",
    Severity.SERIOUS,
    "a refresh that asks for more than was granted",
    "A refresh can ask for less than the person allowed, never for more.",
    clause="RFC 6749 section 6",
)
KINDS = (OFFLINE_WITHOUT, WITHOUT_OFFLINE, UNBOUND, UNKNOWN, OF_ANOTHER, REUSED, IDLE, MORE_SCOPE)


def check_registration(registration: Registration) -> Findings:
    """Does it get the refresh tokens that it expects, and are they safe with it?"""
    registered = registration.registered
    refreshes, offline = REFRESH_TOKEN in registered.grant_types, OFFLINE_ACCESS in registered.scopes
    if offline and not refreshes:
        yield OFFLINE_WITHOUT.found(
            phrase(
                "scope %(scope)s; grant_types %(grant_types)s",
                scope=registered.text("scope"),
                grant_types=", ".join(registered.grant_types),
            ),
            here=change(registered, "add refresh_token to grant_types, or take offline_access out of the scope"),
            fix=amend(
                "takes offline_access out of the scope",
                scope=" ".join(scope for scope in registered.scopes if scope != OFFLINE_ACCESS) or None,
            )
            if len(registered.scopes) > 1
            else None,
        )
    if refreshes and not offline:
        yield WITHOUT_OFFLINE.found(
            phrase(
                "grant_types %(grant_types)s; scope %(scope)s",
                grant_types=", ".join(registered.grant_types),
                scope=registered.text("scope"),
            ),
            here=change(registered, "add offline_access to the scope, if it works while nobody is there"),
        )
    if refreshes and registered.public and not registered.registration.get("dpop_bound_access_tokens"):
        yield UNBOUND.found(
            phrase("%(name)s is public and its tokens are bearer tokens", name=registered.name),
            vendor="Please use DPoP (RFC 9449) if your library has it.",
        )


def check_attempt(attempt: Attempt) -> Findings:
    """Why was this one not taken?"""
    yield from explained(attempt, _CAUSES)


_CAUSES = (
    Cause(
        "^no such refresh token",
        UNKNOWN,
        vendor="Please keep refresh tokens whole (they are some 50 characters long) and sign the person on again "
        "where one is refused.",
    ),
    Cause("the refresh token is another client's", OF_ANOTHER, vendor="Please keep the tokens of each client apart."),
    Cause(
        "^refresh token used twice",
        REUSED,
        here="If the application did not do it, somebody holds a copy: look at its attempts, and ask whoever runs it.",
        vendor="Please store the new refresh token of every answer, forget the old one, and refresh from one process "
        "at a time.",
    ),
    Cause(
        "the refresh token was not used for too long",
        IDLE,
        vendor="Please refresh at least once a week, or sign the person on again.",
    ),
    Cause("^more than was granted: ", MORE_SCOPE, vendor="Please leave scope out of the refresh."),
)
