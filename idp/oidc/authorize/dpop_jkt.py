"""Check the key that the code is to be bound to (RFC 9449 section 10; O34)."""

from idp.oidc import dpop
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidRequest: the dpop_jkt is no thumbprint of a key.
    """
    if request.dpop_jkt is not None and not dpop.is_thumbprint(request.dpop_jkt):
        raise InvalidRequest("The dpop_jkt is no JWK thumbprint (RFC 7638, SHA-256, base64url).")
