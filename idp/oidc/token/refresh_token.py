"""A refresh token for new tokens (RFC 6749 section 6, RFC 9700 section 4.14, OpenID Connect Core section 12; O21)."""

from idp.base.texts import phrase
from idp.base.work import Work
from idp.oidc import grants, metadata, refresh_tokens, scopes, targets, tokens
from idp.oidc.errors import InvalidGrant, InvalidScope
from idp.oidc.grants import Dead, LiveGrant
from idp.oidc.refresh_tokens import Refresh
from idp.oidc.token import absent, key
from idp.oidc.token.exchange import Denied, Exchange, Issued

_NOT_GOOD = "The refresh token is not good, or no longer."
_REUSED = phrase("refresh token used twice")


def grant(work: Work, exchange: Exchange) -> Issued | Denied:
    """
    Rotate a refresh token. A second use ends the grant: one of the two users has stolen it.

    Raises:
        InvalidRequest: the token is missing.
        InvalidGrant: unknown, late, another client's, bound to another key, the person may not
            sign on any more, or a rule of contextual access denies it whatever else is the case.
        InvalidScope: more is asked for than was granted.
        InvalidTarget: a resource that the tokens cannot be for.
    """
    found = refresh_tokens.find(work, exchange.required("refresh_token"))
    if found is None:
        raise InvalidGrant(_NOT_GOOD, cause="no such refresh token")
    if (found.organization_id, found.application_id) != (
        exchange.client.organization_id,
        exchange.client.application_id,
    ):
        raise InvalidGrant(_NOT_GOOD, cause="the refresh token is another client's")
    if found.used:
        return _reused(work, exchange, found)
    if found.expires_at <= work.now:
        raise InvalidGrant(_NOT_GOOD, cause="the refresh token was not used for too long")
    standing = grants.standing(work, exchange.client, found.grant_id)
    if isinstance(standing, Dead):
        raise InvalidGrant(_NOT_GOOD, cause=standing.cause)
    key.check(exchange, standing)
    denied = absent.denied(work, exchange, standing)
    if denied:
        raise InvalidGrant(_NOT_GOOD, cause=denied)
    scope = scopes.of_grant(work, exchange.client, standing, _asked(exchange, standing))
    target = targets.of_person(work, exchange, standing, scope)
    body, token_id = tokens.answer(work, exchange, standing, target, scope=scope)
    if not refresh_tokens.use(work, found):
        return _reused(work, exchange, found)
    exchange.trail.account_id = standing.account_id
    key.bind(work, exchange, standing)
    body["refresh_token"] = refresh_tokens.keep(work, standing)
    return Issued(body, token_id, target.scope, standing.account_id)


def _asked(exchange: Exchange, standing: LiveGrant) -> tuple[str, ...]:
    """What is asked for, of what was granted (O20)."""
    asked = exchange.parameters.get("scope")
    if asked is None:
        return standing.scope
    try:
        wanted = metadata.scopes(asked)
    except ValueError as error:
        raise InvalidScope(str(error)) from error
    if not wanted or not set(wanted) <= set(standing.scope):
        raise InvalidScope(
            "More is asked for than was granted.", cause=phrase("more than was granted: %(asked)s", asked=asked[:200])
        )
    return tuple(token for token in standing.scope if token in wanted)


def _reused(work: Work, exchange: Exchange, found: Refresh) -> Denied:
    grants.revoke(work, exchange.client, found.grant_id, because=_REUSED)
    return Denied(
        InvalidGrant(_NOT_GOOD, cause=phrase("refresh token used twice: the grant and its tokens were revoked"))
    )
