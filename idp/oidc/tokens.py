"""The token response: which tokens come together, and what is said beside them (RFC 6749 section 5.1)."""

from typing import Any

from idp.base.work import Work
from idp.oidc import access_tokens, id_tokens
from idp.oidc.access_tokens import Made, Target
from idp.oidc.claims import OPENID
from idp.oidc.grants import LiveGrant
from idp.oidc.token.exchange import Exchange


def answer(
    work: Work, exchange: Exchange, grant: LiveGrant, target: Target, *, scope: tuple[str, ...], nonce: str = ""
) -> tuple[dict[str, Any], str]:
    """
    Return the token response for a person's grant, without a refresh token, and the access token's id.

    Args:
        scope: of the grant, what is effective now and is asked for now: with ``openid`` in it there is an ID
            token, whatever the access token is for.
    """
    provider, client = exchange.provider, exchange.client
    made = access_tokens.issue(work, provider, client, target, subject=grant.subject, grant=grant)
    body = response(made)
    if OPENID in scope:
        body["id_token"] = id_tokens.issue(work, provider, client, grant, access_token=made.token, nonce=nonce)
    return body, made.id


def response(made: Made) -> dict[str, Any]:
    """Return the token response for an access token."""
    return {
        "access_token": made.token,
        "token_type": "DPoP" if made.target.key_thumbprint else "Bearer",  # RFC 9449 section 5
        "expires_in": int(made.target.lives.total_seconds()),
        "scope": " ".join(made.target.scope),
    }
