"""A client for itself (RFC 6749 section 4.4; O20)."""

from idp.base.texts import phrase
from idp.base.work import Work
from idp.oidc import access_tokens, metadata, scopes, targets, tokens
from idp.oidc.claims import PERSONAL_SCOPES
from idp.oidc.errors import InvalidScope, UnauthorizedClient
from idp.oidc.token.exchange import Exchange, Issued
from idp.policy.access import recording
from idp.policy.access.context import RequestKind
from idp.signon import contextual


def grant(work: Work, exchange: Exchange) -> Issued:
    """
    Issue an access token of which the client itself is the subject, and no refresh token.

    Raises:
        UnauthorizedClient: a rule of contextual access denies it.
        InvalidScope: a part of the scope that the client may not have, or that speaks of a person.
        InvalidTarget: a resource that the token cannot be for.
    """
    client = exchange.client
    _judge(work, exchange)
    scope = _scope(work, exchange)
    target = targets.of_client(work, exchange, scope)
    made = access_tokens.issue(work, exchange.provider, client, target, subject=client.client_id)
    return Issued(tokens.response(made), made.id, target.scope, client.application_id)


def _judge(work: Work, exchange: Exchange) -> None:
    client, trail = exchange.client, exchange.trail
    access = contextual.judge_client(
        work,
        RequestKind.TOKEN,
        organization_id=client.organization_id,
        site_id=exchange.provider.site_id,
        application_id=client.application_id,
    )
    trail.context[recording.KEY] = access.recorded
    if access.denied is not None:
        trail.decision, trail.rule = contextual.DENIED, access.denied.rule
        raise UnauthorizedClient(
            "A rule of the organization gives this client no token from here, or not at this time.",
            cause=phrase("%(rule)s: denied", rule=access.denied.rule),
        )


def _scope(work: Work, exchange: Exchange) -> tuple[str, ...]:
    client = exchange.client
    asked = exchange.parameters.get("scope")
    if asked is None:
        return scopes.of_client(work, client, _everything(work, exchange))
    try:
        wanted = metadata.scopes(asked)
    except ValueError as error:
        raise InvalidScope(str(error)) from error
    if not PERSONAL_SCOPES.isdisjoint(wanted) or scopes.of_client(work, client, wanted) != wanted:
        raise InvalidScope(
            "The client is not registered for a part of this scope.", cause=phrase("asked %(asked)s", asked=asked[:200])
        )
    return wanted


def _everything(work: Work, exchange: Exchange) -> tuple[str, ...]:
    """What a client means that names no scope: all that it may have at the resources it names, else its registered."""
    client = exchange.client
    registered = tuple(token for token in client.scopes if token not in PERSONAL_SCOPES)
    if not exchange.resources:
        return registered
    apis = scopes.apis_for(work, client, (), exchange.resources)
    named = [api for api in map(apis.enabled, exchange.resources) if api is not None]
    return tuple(dict.fromkeys((*registered, *(scope for api in named for scope in api.scopes))))
