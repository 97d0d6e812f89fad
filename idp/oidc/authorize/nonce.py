"""Check that an ID token in an address can be bound to the session that asked (OpenID Connect Core 3.2.2.1)."""

from idp.oidc.authorize import response_type
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest
from idp.oidc.metadata import ID_TOKEN


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidRequest: an ID token is to come from the authorization endpoint, and there is no nonce.
    """
    if request.nonce is None and ID_TOKEN in response_type.parts(request):
        raise InvalidRequest("The nonce is missing: it is required where an ID token comes with the answer.")
