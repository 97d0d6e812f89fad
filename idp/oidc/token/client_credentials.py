"""A client for itself (RFC 6749 section 4.4; O20)."""

from idp.base.work import Work
from idp.oidc import metadata, tokens
from idp.oidc.claims import PERSONAL_SCOPES
from idp.oidc.errors import InvalidScope
from idp.oidc.token.exchange import Exchange, Issued


def grant(work: Work, exchange: Exchange) -> Issued:
    """
    Issue an access token of which the client itself is the subject, and no refresh token.

    Raises:
        InvalidScope: a part of the scope that the client is not registered for, or that speaks of a person.
    """
    client = exchange.client
    scope = _scope(exchange)
    access, token_id = tokens.access_token(work, exchange.provider, client, subject=client.client_id, scope=scope)
    return Issued(tokens.response(access, scope), token_id, scope, client.application_id)


def _scope(exchange: Exchange) -> tuple[str, ...]:
    allowed = tuple(token for token in exchange.client.scopes if token not in PERSONAL_SCOPES)
    asked = exchange.parameters.get("scope")
    if asked is None:
        return allowed
    try:
        wanted = metadata.scopes(asked)
    except ValueError as error:
        raise InvalidScope(str(error)) from error
    if not set(wanted) <= set(allowed):
        raise InvalidScope("The client is not registered for a part of this scope.", cause=f"asked {asked[:200]}")
    return wanted
