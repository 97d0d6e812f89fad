"""How a client proves who it is (RFC 6749 section 2.3, OpenID Connect Core section 9, RFC 9700 section 2.5; O12, O13)."""

from datetime import timedelta

from idp.audit.findings import Kind, Place, Severity, remedy
from idp.base.texts import joined, phrase
from idp.oidc.checking.acts import amend
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Attempt, Findings, Registration
from idp.oidc.metadata import NONE, SECRET_BASIC, SECRET_POST

OLDEST_SECRET = timedelta(days=365)
_SECRETS = (SECRET_BASIC, SECRET_POST)

SHARED_SECRET = Kind(
    "secret-shared",
    Severity.NOTE,
    "a shared secret in place of a key",
    "A secret is sent with every request and is known to both sides. A key of its own never leaves the application.",
    clause="RFC 9700 section 2.5",
)
OLD_SECRET = Kind(
    "secret-old",
    Severity.WARNING,
    "a secret that is older than a year",
    "Whoever saw it in all that time, in a file, a log or a former job, can still act as this application.",
    clause="RFC 6819 section 5.1.5.3",
)
UNUSED_SECRET = Kind(
    "secret-unused",
    Severity.WARNING,
    "a secret of a client that does not authenticate with one",
    "It opens nothing, and whoever configures the application takes it for its proof: everybody can act as the client.",
    clause="RFC 6749 section 2.1",
)
METHOD = Kind(
    "client-method-differs",
    Severity.SERIOUS,
    "a client that authenticates in another way than it has registered",
    "Each client proves who it is in one way. Another one is refused, even with the right secret.",
    fixes="takes the secret the way it is sent",
    clause="OpenID Connect Core section 9",
)
WRONG_SECRET = Kind(
    "client-secret-wrong",
    Severity.SERIOUS,
    "a secret that is not the client's",
    "It is another secret than the last one that was made here, or it was changed on its way.",
    clause="RFC 6749 section 2.3.1",
)
NONE_SENT = Kind(
    "client-authentication-missing",
    Severity.SERIOUS,
    "a request that does not say which client sends it",
    "Neither a client_id nor a proof came with it.",
    clause="RFC 6749 section 2.3",
)
TWICE = Kind(
    "client-authentication-twice",
    Severity.SERIOUS,
    "a client that authenticates in two ways at once",
    "One request carries one proof; which of two counts would be a guess.",
    clause="RFC 6749 section 2.3",
)
HEADER = Kind(
    "client-header-unreadable",
    Severity.SERIOUS,
    "an Authorization header that cannot be read",
    "Name and secret are form-encoded, joined by a colon and written in base64.",
    clause="RFC 6749 section 2.3.1",
)
PUBLIC = Kind(
    "introspection-public",
    Severity.SERIOUS,
    "introspection by a client that cannot prove who it is",
    "What a token says is told only to who has proven to be its client.",
    clause="RFC 7662 section 2.1",
)
KINDS = (SHARED_SECRET, OLD_SECRET, UNUSED_SECRET, METHOD, WRONG_SECRET, NONE_SENT, TWICE, HEADER, PUBLIC)


def check_registration(registration: Registration) -> Findings:
    """How good is its proof?"""
    registered = registration.registered
    if registered.method not in _SECRETS:
        if registered.has_secret:
            yield UNUSED_SECRET.found(
                phrase("a secret is kept; token_endpoint_auth_method is %(method)s", method=registered.method),
                here=change(registered, phrase("use %(method)s if it can keep a secret", method=SECRET_BASIC)),
                vendor="Please remove the secret from your configuration; it is not what you authenticate with.",
            )
        return
    yield SHARED_SECRET.found(
        phrase("token_endpoint_auth_method is %(method)s", method=registered.method),
        here=change(registered, "use private_key_jwt with a jwks_uri, if the application can"),
    )
    if registered.has_secret and registration.now - registered.secret_made > OLDEST_SECRET:
        yield OLD_SECRET.found(
            phrase(
                "made %(day)s, %(days)s days ago",
                day=f"{registered.secret_made:%Y-%m-%d}",
                days=(registration.now - registered.secret_made).days,
            ),
            here=remedy(
                phrase("Make a new secret, and give it to the application at once: the former one ends with it."),
                "idp application oidc rotate-secret APP",
                Place.SECRET,
                registered.application_id,
            ),
        )


def check_attempt(attempt: Attempt) -> Findings:
    """What came, and what was expected?"""
    sent = attempt.failed.text("method")
    if attempt.failed.cause.startswith("sent ") and attempt.registered is not None:
        known = attempt.registered.method
        if known != sent:  # since then it may have been changed here
            yield METHOD.found(
                phrase("sent %(sent)s, registered %(known)s", sent=sent, known=known),
                here=change(
                    attempt.registered,
                    phrase("set token_endpoint_auth_method to %(sent)s, if it is good enough", sent=sent),
                ),
                vendor=f"Please authenticate with {known} (token_endpoint_auth_method): {_HOW[known]}.",
                # From one way to send the same secret to the other; never from a key to a secret, or to none.
                fix=amend(
                    phrase("sets token_endpoint_auth_method to %(sent)s", sent=sent), token_endpoint_auth_method=sent
                )
                if {sent, known} <= {*_SECRETS} and attempt.registered.has_secret
                else None,
            )
        return
    if attempt.failed.cause.startswith("the secret is wrong") and attempt.registered is not None:
        known = attempt.registered.method
        if known not in _SECRETS:
            yield METHOD.found(
                phrase("sent %(sent)s, registered %(known)s", sent=sent, known=known),
                here=change(
                    attempt.registered,
                    phrase("set token_endpoint_auth_method to %(sent)s, and make a secret", sent=sent),
                ),
                vendor=f"Please authenticate with {known} (token_endpoint_auth_method): {_HOW[known]}.",
            )
            return
        fits = phrase("the secret of %(client_id)s does not fit", client_id=attempt.registered.client_id)
        other = phrase("it came by %(sent)s, and registered is %(known)s", sent=sent, known=known)
        yield WRONG_SECRET.found(
            joined([fits, other], "; ") if sent != known else fits,
            here=remedy(
                phrase("A secret is shown once and cannot be looked up. If nobody has the last one, make a new one."),
                "idp application oidc rotate-secret APP",
                Place.SECRET,
                attempt.registered.application_id,
            ),
            vendor=f"Please look whether the secret is that of the client {attempt.registered.client_id}, complete and "
            f"without blanks around it, and send it by {known}: {_HOW[known]}.",
        )
        return
    yield from explained(attempt, _CAUSES)


_HOW = {
    SECRET_BASIC: "client id and secret, both form-encoded, in an Authorization header of the scheme Basic",
    SECRET_POST: "client_id and client_secret in the body, and no Authorization header",
    "private_key_jwt": "a client_assertion signed by your key, and no secret",
    NONE: "client_id in the body, PKCE, and no secret at all",
}
_CAUSES = (
    Cause("^no client_id and no authentication", NONE_SENT, vendor="Please send the client's id and its proof."),
    Cause(
        "in more than one way", TWICE, vendor="Please send one proof: a header, a secret in the body, or an assertion."
    ),
    Cause("^The request names two clients", TWICE, vendor="Please send the same client_id everywhere, or only once."),
    Cause(
        "^the Authorization header",
        HEADER,
        vendor="Please write the header as Basic base64(urlencode(client_id):urlencode(client_secret)).",
    ),
    Cause(
        "a public client cannot introspect",
        PUBLIC,
        here="In the registration of %(app)s, use an authentication method other than none, or let an API introspect.",
        place=Place.CLIENT,
    ),
)
