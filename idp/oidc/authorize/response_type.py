"""Check what is to be answered with (RFC 6749 section 3.1.1, OAuth 2.0 Multiple Response Types; O30)."""

from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest, UnauthorizedClient, UnsupportedResponseType
from idp.oidc.metadata import AUTHORIZATION_CODE, RESPONSE_TYPES


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidRequest: it is missing.
        UnsupportedResponseType: we do not answer in that way.
        UnauthorizedClient: we do, but this client is not registered for it.
    """
    if request.response_type is None:
        raise InvalidRequest("The response_type is missing.")
    if request.response_type not in RESPONSE_TYPES:
        raise UnsupportedResponseType(
            "This response_type is not offered.", cause=f"response_type {request.response_type[:80]!r}"
        )
    if (
        request.response_type not in request.client.response_types
        or AUTHORIZATION_CODE not in request.client.grant_types
    ):
        raise UnauthorizedClient("The client is not registered for this response_type.")
