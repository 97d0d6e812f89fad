"""Refuse what would change the meaning of the request if it were ignored (OpenID Connect Core 3.1.2.6; O17)."""

from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import RegistrationNotSupported, RequestNotSupported, RequestUriNotSupported


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        RequestNotSupported, RequestUriNotSupported, RegistrationNotSupported: what is not offered.
    """
    if request.request is not None:
        raise RequestNotSupported("Request objects are not offered.")
    if request.request_uri is not None:
        raise RequestUriNotSupported("Request objects by address are not offered.")
    if request.registration is not None:
        raise RegistrationNotSupported("Registration inside a request is not offered.")
