"""Token introspection (RFC 7662): only a token's own client learns anything about it (O23)."""

from typing import Any

from idp.audit.attempts import Trail
from idp.base.work import Work
from idp.oidc import access_tokens, grants, refresh_tokens
from idp.oidc.clients import ClientFacts
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
        OAuthError: the client did not prove who it is; a public one cannot.
    """
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
    bound = {"cnf": {"jkt": found.key_thumbprint}} if found.key_thumbprint else {}  # RFC 9449 section 6.2
    return bound | {
        "active": True,
        "scope": " ".join(found.scope),
        "client_id": client.client_id,
        "token_type": "DPoP" if bound else "Bearer",
        "exp": found.expires_at,
        "iat": found.issued_at,
        "sub": found.subject,
        "aud": found.audience[0],
        "iss": provider.issuer,
        "jti": found.id,
    }


def _refresh_token(work: Work, provider: Provider, client: ClientFacts, token: str) -> dict[str, Any] | None:
    found = refresh_tokens.find(work, token)
    if found is None or found.used or found.expires_at <= work.now:
        return None
    standing = grants.standing(work, client, found.grant_id)
    if isinstance(standing, Dead):
        return None
    return {
        "active": True,
        "scope": " ".join(standing.scope),
        "client_id": client.client_id,
        "exp": int(found.expires_at.timestamp()),
        "iat": int(found.created_at.timestamp()),
        "sub": standing.subject,
        "iss": provider.issuer,
    }
