"""Check what is to be answered with (RFC 6749 section 3.1.1, OAuth 2.0 Multiple Response Types; O30)."""

from idp.base.texts import phrase
from idp.oidc import metadata
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest, UnauthorizedClient, UnsupportedResponseType
from idp.oidc.metadata import CODE, ID_TOKEN, RESPONSE_TYPES, TOKEN

_ONLY_A_CODE = frozenset({CODE})
_ONLY_TOKENS = frozenset({ID_TOKEN, TOKEN})


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidRequest: it is missing.
        UnsupportedResponseType: we do not answer in that way.
        UnauthorizedClient: we do, but this client is not registered for it, or takes no bearer tokens.
    """
    if request.response_type is None:
        raise InvalidRequest("The response_type is missing.")
    asked = metadata.canonical_response_type(request.response_type)
    if asked not in RESPONSE_TYPES:
        raise UnsupportedResponseType(
            "This response_type is not offered.",
            cause=phrase("response_type %(response_type)s", response_type=repr(request.response_type[:80])),
        )
    if asked not in request.client.response_types:
        raise UnauthorizedClient("The client is not registered for this response_type.")
    if request.client.dpop_bound and TOKEN in parts(request):
        raise UnauthorizedClient("The client takes only access tokens that are bound to a key (RFC 9449).")


def parts(request: AuthorizeRequest) -> frozenset[str]:
    """Return what is to be answered with: some of ``code``, ``token`` and ``id_token``, in no order."""
    if request.response_type == CODE:
        return _ONLY_A_CODE
    return frozenset((request.response_type or "").split(" "))


def is_without_code(request: AuthorizeRequest) -> bool:
    """Say whether the tokens in the answer are all that will ever come of the request."""
    return parts(request) <= _ONLY_TOKENS
