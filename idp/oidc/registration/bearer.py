"""The token that a registration request brings (RFC 6750 section 2.1): in the header, whole, or not at all."""

from idp.oidc.errors import InvalidToken

_LONGEST = 128


def presented(authorization: str | None) -> str | None:
    """
    Return the token of the header *authorization*; None where there is none.

    Raises:
        InvalidToken: the header is of another scheme, or holds no token.
    """
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    if (
        scheme.lower() != "bearer"
        or not token
        or len(token) > _LONGEST
        or not (token.isascii() and token.isprintable())
    ):
        raise InvalidToken(cause="the Authorization header holds no bearer token")
    return token
