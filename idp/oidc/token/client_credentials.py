"""A client for itself (RFC 6749 section 4.4; O20)."""

from idp.base.work import Work
from idp.oidc import access_tokens, metadata, targets, tokens
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
    target = targets.of_client(work, exchange, scope)
    made = access_tokens.issue(work, exchange.provider, client, target, subject=client.client_id)
    return Issued(tokens.response(made), made.id, target.scope, client.application_id)


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
