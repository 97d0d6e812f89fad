"""Check what is asked for, and say what of it the client may have (RFC 6749 section 3.3; O20)."""

from idp.base.texts import phrase
from idp.oidc import metadata
from idp.oidc.authorize import response_type
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.claims import OFFLINE_ACCESS, OPENID, STANDARD_SCOPES
from idp.oidc.errors import InvalidScope
from idp.oidc.metadata import ID_TOKEN, REFRESH_TOKEN


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidScope: missing, malformed, or with a part that nobody knows.
    """
    if request.scope is None:
        raise InvalidScope("The scope is missing.")
    try:
        asked = metadata.scopes(request.scope)
    except ValueError as error:
        raise InvalidScope(str(error)) from error
    unknown = [
        token
        for token in asked
        if token not in STANDARD_SCOPES and token not in request.client.scopes and token not in request.apis.by_scope
    ]
    if unknown or not asked:
        raise InvalidScope(
            "A part of the scope is not known here.",
            cause=phrase("unknown: %(unknown)s", unknown=" ".join(unknown)[:200]),
        )
    if ID_TOKEN in response_type.parts(request) and OPENID not in granted(request):
        raise InvalidScope("An ID token needs the scope openid, and a client that is registered for it.")


def granted(request: AuthorizeRequest) -> tuple[str, ...]:
    """
    Return what of the asked scope the client may have; offline access only with refresh tokens, and none of
    those ever come with an answer (OpenID Connect Core section 11).

    A scope of an API must be granted to it, and means something only at a resource that the request names, if
    it names any; every other one must be in its registration. What the person may do is judged at the end.
    """
    return tuple(token for token in metadata.scopes(request.scope or "") if _may_have(request, token))


def _may_have(request: AuthorizeRequest, token: str) -> bool:
    api = request.apis.by_scope.get(token)
    if api is not None:
        return (
            api.enabled
            and token in request.api_scopes
            and (not request.resources or api.identifier in request.resources)
        )
    return token in request.client.scopes and (token != OFFLINE_ACCESS or _may_refresh(request))


def _may_refresh(request: AuthorizeRequest) -> bool:
    return REFRESH_TOKEN in request.client.grant_types and not response_type.is_without_code(request)
