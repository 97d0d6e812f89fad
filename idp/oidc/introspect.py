"""
Token introspection (RFC 7662): only a token's own client learns anything about it, and an API about those
that are for it (O23).
"""

from typing import Any

from idp.audit.attempts import Trail
from idp.base.work import Work
from idp.oidc import access_tokens, api_auth, grants, refresh_tokens, scopes
from idp.oidc.access_tokens import AccessToken
from idp.oidc.api_facts import ApiFacts
from idp.oidc.api_tokens import standing, text
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import InvalidClient, InvalidRequest, OAuthError
from idp.oidc.grants import Dead
from idp.oidc.jose import Unverified
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import Wanted
from idp.oidc.token.endpoint import as_client, authenticated, refused
from idp.oidc.token.exchange import Denied

KIND = "oidc.introspect"
INACTIVE = {"active": False}
"""What is said of every token that is not good now or not the caller's: nothing more."""


def answer(
    work: Work, provider: Provider, sent: Parameters, authorization: str | None, trail: Trail
) -> dict[str, Any] | Denied | Wanted:
    """
    Return what the token is now, as everything that bears on it stands at this moment (O22).

    Raises:
        OAuthError: the client, or the API, did not prove who it is; a public client cannot.
    """
    api = api_auth.authenticate(work, provider, sent, authorization)
    if api is not None:
        return _to_api(work, provider, api, sent, trail)
    client = authenticated(work, provider, sent, authorization, trail)
    if isinstance(client, Wanted):
        return client
    if client.public:
        raise InvalidClient(cause="a public client cannot introspect")
    token = sent.get("token")
    if token is None:
        error: OAuthError = InvalidRequest("The token is missing.")
        refused(as_client(work, client), client, error, trail)
        return Denied(error)
    return _refresh_token(work, provider, client, token) or _access_token(work, provider, client, token) or INACTIVE


def _access_token(work: Work, provider: Provider, client: ClientFacts, token: str) -> dict[str, Any] | None:
    try:
        found = access_tokens.find(work, provider, token)
    except Unverified:
        return None
    if found.client.client_id != client.client_id:
        return None
    return _described(provider, found, found.audience, found.scope)


def _to_api(work: Work, provider: Provider, api: ApiFacts, sent: Parameters, trail: Trail) -> dict[str, Any]:
    """An API learns of tokens for itself, and of their scope what means something to it (RFC 7662 section 2.2)."""
    token = sent.get("token")
    if token is None:
        raise InvalidRequest("The token is missing.")
    if text.is_one(token):
        return standing.introspected(work, provider, api, token, trail) or INACTIVE
    try:
        found = access_tokens.find(work, provider, token)
    except Unverified:
        return INACTIVE
    if api.identifier not in found.audience:
        return INACTIVE
    own = tuple(token for token in found.scope if token in api.scopes)
    return _described(provider, found, (api.identifier,), own) if own else INACTIVE


def _described(
    provider: Provider, found: AccessToken, audience: tuple[str, ...], scope: tuple[str, ...]
) -> dict[str, Any]:
    said: dict[str, Any] = {
        "active": True,
        "scope": " ".join(scope),
        "client_id": found.client.client_id,
        "token_type": "DPoP" if found.key_thumbprint else "Bearer",  # RFC 9449 section 6.2
        "exp": found.expires_at,
        "iat": found.issued_at,
        "sub": found.subject,
        "aud": audience[0] if len(audience) == 1 else list(audience),
        "iss": provider.issuer,
        "jti": found.id,
    }
    if found.grant is not None:  # RFC 9470 section 6.2
        said["acr"] = found.grant.details.acr
        said["auth_time"] = int(found.grant.authenticated_at.timestamp())
    if found.key_thumbprint:
        said["cnf"] = {"jkt": found.key_thumbprint}
    return said


def _refresh_token(work: Work, provider: Provider, client: ClientFacts, token: str) -> dict[str, Any] | None:
    found = refresh_tokens.find(work, token)
    if found is None or found.used or found.expires_at <= work.now:
        return None
    grant = grants.standing(work, client, found.grant_id)
    if isinstance(grant, Dead):
        return None
    return {
        "active": True,
        "scope": " ".join(scopes.of_grant(work, client, grant, grant.scope)),
        "client_id": client.client_id,
        "exp": int(found.expires_at.timestamp()),
        "iat": int(found.created_at.timestamp()),
        "sub": grant.subject,
        "iss": provider.issuer,
    }
