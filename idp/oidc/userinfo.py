"""UserInfo (OpenID Connect Core section 5.3): what of a person's claims an access token may see now."""

from typing import Any

from idp.base.work import Work
from idp.oidc import access_tokens, claims
from idp.oidc.claims import OPENID
from idp.oidc.errors import InsufficientScope, InvalidRequest, InvalidToken
from idp.oidc.jose import Unverified
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider

_SCHEME = "bearer "


def presented(authorization: str | None, query: Parameters, form: Parameters) -> str | None:
    """
    Return the access token that came with a request, None if there was none (RFC 6750 section 2; O25).

    Raises:
        InvalidRequest: in the address, in two places at once, or twice.
    """
    if query.has("access_token"):
        raise InvalidRequest("An access token does not belong into an address.")
    if "access_token" in form.repeated:
        raise InvalidRequest("The access token is repeated.")
    in_form = form.get("access_token")
    in_header = None
    if authorization is not None and authorization[: len(_SCHEME)].lower() == _SCHEME:
        in_header = authorization[len(_SCHEME) :].strip()
    if in_header is not None and in_form is not None:
        raise InvalidRequest("The access token came in two ways.")
    return in_header or in_form


def answer(work: Work, provider: Provider, token: str) -> dict[str, Any]:
    """
    Return the claims that the access token *token* may see.

    Raises:
        InvalidToken: it is not good now.
        InsufficientScope: it is not of a sign-on with OpenID Connect.
    """
    try:
        found = access_tokens.find(work, provider, token)
    except Unverified as error:
        raise InvalidToken(cause=f"access token: {error}") from error
    if found.grant is None or OPENID not in found.scope:
        raise InsufficientScope("The access token is not of a sign-on with the scope openid.")
    scope = tuple(token for token in found.scope if token in found.grant.scope)
    names = (*claims.by_scope(scope), *found.grant.details.userinfo_claims)
    return claims.of_grant(work, provider.site_id, found.grant, names) | {"sub": found.subject}
