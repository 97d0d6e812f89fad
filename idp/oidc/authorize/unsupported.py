"""Refuse what would change the meaning of the request if it were ignored (OpenID Connect Core 3.1.2.6)."""

from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import RegistrationNotSupported


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        RegistrationNotSupported: the client would describe itself in the request.
    """
    if request.registration is not None:
        raise RegistrationNotSupported("Registration inside a request is not offered.")
