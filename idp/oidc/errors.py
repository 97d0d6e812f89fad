"""
What OAuth peers are told. One class per error code of the specifications.

``description`` is one of our constants (RFC 6749 section 5.2 allows only plain ASCII there);
``cause`` is for the administrator and never leaves. An error reaches a redirect only together
with a `ReplyTo`.
"""

from typing import Any, ClassVar

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.signon.request import Refusal


class OAuthError(Invalid):
    """
    An error of OAuth 2.0 or OpenID Connect. ``error`` is its code, ``status`` what the token endpoint answers.

    Args:
        facts: what an administrator needs to see why: expected and received values, bounded, none a secret.
    """

    error: ClassVar[str] = "invalid_request"
    status: ClassVar[int] = 400
    retry_after: int | None = None
    """After how many seconds it may be tried again, where that can be said."""

    def __init__(self, description: str, *, cause: str = "", **facts: Any) -> None:
        super().__init__(description, code=self.error, cause=cause)
        self.description = description
        self.facts = facts


class InvalidRequest(OAuthError):
    """A parameter is missing, repeated or malformed (RFC 6749 sections 4.1.2.1 and 5.2)."""

    error = "invalid_request"


class UnauthorizedClient(OAuthError):
    """The client is not registered for this (RFC 6749 sections 4.1.2.1 and 5.2)."""

    error = "unauthorized_client"


class AccessDenied(OAuthError):
    """The person, or the organization, said no (RFC 6749 section 4.1.2.1)."""

    error = "access_denied"


class UnsupportedResponseType(OAuthError):
    """We do not answer in that way (RFC 6749 section 4.1.2.1)."""

    error = "unsupported_response_type"


class InvalidScope(OAuthError):
    """The scope is unknown, malformed, or more than was granted (RFC 6749 section 5.2)."""

    error = "invalid_scope"


class InvalidTarget(OAuthError):
    """A resource is unknown, disabled, or not one that this token can be for (RFC 8707 section 2)."""

    error = "invalid_target"


class InvalidClient(OAuthError):
    """
    The client did not prove who it is (RFC 6749 section 5.2).

    Peers read one and the same sentence, whether the client is unknown or its secret wrong.
    """

    error = "invalid_client"
    status = 401

    def __init__(self, *, cause: str, **facts: Any) -> None:
        super().__init__("The client could not be authenticated.", cause=cause, **facts)


class InvalidGrant(OAuthError):
    """The code or refresh token is not good, for whatever reason (RFC 6749 section 5.2)."""

    error = "invalid_grant"


class AuthorizationPending(OAuthError):
    """Nobody has decided about the device yet (RFC 8628 section 3.5)."""

    error = "authorization_pending"


class SlowDown(OAuthError):
    """The device asks too often: five seconds more between two polls (RFC 8628 section 3.5)."""

    error = "slow_down"


class ExpiredToken(OAuthError):
    """The device code is over (RFC 8628 section 3.5)."""

    error = "expired_token"


class UnsupportedGrantType(OAuthError):
    """There is no such grant type here (RFC 6749 section 5.2)."""

    error = "unsupported_grant_type"


class LoginRequired(OAuthError):
    """Nothing may be shown, but the person would have to sign in (OpenID Connect Core 3.1.2.6)."""

    error = "login_required"


class ConsentRequired(OAuthError):
    """Nothing may be shown, but the person would have to agree (OpenID Connect Core 3.1.2.6)."""

    error = "consent_required"


class InvalidRequestObject(OAuthError):
    """The request object is not one of this client (OpenID Connect Core 3.1.2.6, RFC 9101 section 7)."""

    error = "invalid_request_object"


class InvalidRequestUri(OAuthError):
    """There is no request object at that address (OpenID Connect Core 3.1.2.6, RFC 9101 section 7)."""

    error = "invalid_request_uri"


class RequestUriNotSupported(OAuthError):
    """The site fetches no request objects (OpenID Connect Core 3.1.2.6)."""

    error = "request_uri_not_supported"


class RegistrationNotSupported(OAuthError):
    """Clients do not register inside a request (OpenID Connect Core 3.1.2.6)."""

    error = "registration_not_supported"


class UnmetAuthenticationRequirements(OAuthError):
    """The demanded way of signing in cannot be given (OpenID Connect Unmet Authentication Requirements 1.0)."""

    error = "unmet_authentication_requirements"


class InvalidToken(OAuthError):
    """The access token is malformed, over, or revoked (RFC 6750 section 3.1)."""

    error = "invalid_token"
    status = 401

    def __init__(self, *, cause: str, **facts: Any) -> None:
        super().__init__("The access token is not valid here, or no longer.", cause=cause, **facts)


class InvalidDpopProof(OAuthError):
    """The proof of holding a key is missing or not good (RFC 9449 sections 5 and 7.1)."""

    error = "invalid_dpop_proof"


class UseDpopNonce(OAuthError):
    """
    The proof is to be made again, with the nonce that comes with this answer (RFC 9449 sections 8 and 9).

    A step of every conversation with such a client, and no refusal: nothing is recorded of it.
    """

    error = "use_dpop_nonce"

    def __init__(self) -> None:
        super().__init__("The DPoP proof needs the nonce that is in the header DPoP-Nonce.")


class InsufficientScope(OAuthError):
    """The access token does not reach this far (RFC 6750 section 3.1)."""

    error = "insufficient_scope"
    status = 403


class CannotEncrypt(InvalidRequest):
    """The client wants an encrypted answer and has no key for that (OpenID Connect Core section 10.2)."""

    error = "invalid_request"

    def __init__(self, *, cause: str) -> None:
        super().__init__("The client has no key that the answer could be encrypted to.", cause=cause)


class TemporarilyUnavailable(OAuthError):
    """It cannot be answered now (RFC 6749 section 4.1.2.1)."""

    error = "temporarily_unavailable"
    status = 503
    retry_after = 5


class TooManyRegistrations(TemporarilyUnavailable):
    """No more clients may register themselves just now (RFC 6585 section 4)."""

    status = 429

    def __init__(self, description: str, *, cause: str, retry_after: int) -> None:
        super().__init__(description, cause=cause)
        self.retry_after = retry_after


class RegistrationDenied(AccessDenied):
    """The client may not manage its registration: an administrator has switched it off (RFC 7592 section 2.1)."""

    status = 403


class InvalidRedirectUri(OAuthError):
    """A redirect URI cannot be registered (RFC 7591 section 3.2.2)."""

    error = "invalid_redirect_uri"


class InvalidClientMetadata(OAuthError):
    """A field of the client metadata cannot be registered (RFC 7591 section 3.2.2)."""

    error = "invalid_client_metadata"


class InvalidSoftwareStatement(OAuthError):
    """The software statement is none (RFC 7591 section 3.2.2)."""

    error = "invalid_software_statement"


class UnapprovedSoftwareStatement(OAuthError):
    """It is one, of somebody whose statements do not count here (RFC 7591 section 3.2.2)."""

    error = "unapproved_software_statement"


_OF_REFUSAL: dict[Refusal, tuple[type[OAuthError], str]] = {
    Refusal.CANCELLED: (AccessDenied, "The person did not go on."),
    Refusal.LOGIN_REQUIRED: (LoginRequired, "The person would have to sign in."),
    Refusal.NOT_ALLOWED: (AccessDenied, "The person may not open this application."),
    Refusal.CONTEXT_UNMET: (UnmetAuthenticationRequirements, "The demanded authentication was not reached."),
    Refusal.CONSENT_REQUIRED: (ConsentRequired, "The person would have to agree first."),
    Refusal.CONSENT_DENIED: (AccessDenied, "The person did not agree."),
    Refusal.DENIED: (AccessDenied, "A rule of the organization does not let this sign-on pass."),
    Refusal.WRONG_ACCOUNT: (LoginRequired, "Another person than the one asked for is signed in."),
}


def for_refusal(refusal: Refusal) -> OAuthError:
    """Return what a client is told about *refusal*."""
    family, description = _OF_REFUSAL[refusal]
    return family(description, cause=phrase("refused: %(refusal)s", refusal=refusal.value))
