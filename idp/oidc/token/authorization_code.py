"""A code for tokens (RFC 6749 section 4.1.3, OpenID Connect Core section 3.1.3; O7, O8)."""

from idp.base.texts import phrase
from idp.base.work import Work
from idp.oidc import codes, grants, refresh_tokens, scopes, targets, tokens
from idp.oidc.codes import Binding
from idp.oidc.errors import InvalidGrant
from idp.oidc.grants import Dead
from idp.oidc.metadata import REFRESH_TOKEN
from idp.oidc.token import absent, key, pkce
from idp.oidc.token.exchange import Denied, Exchange, Issued

_NOT_GOOD = "The code is not good, or no longer."
_REPLAYED = phrase("code used twice")


def grant(work: Work, exchange: Exchange) -> Issued | Denied:
    """
    Redeem a code: everything is compared first, then it is consumed, once.

    A second use by whoever could have made the first ends the grant and all its tokens; one by
    somebody else changes nothing, so that a stolen code is no lever against its owner.

    Raises:
        InvalidRequest: a parameter is missing.
        InvalidGrant: unknown or late code, another client, address, verifier or key, or the person
            may not sign on any more.
        InvalidTarget: a resource that the tokens cannot be for.
    """
    code, address = exchange.required("code"), exchange.required("redirect_uri")
    found = codes.look(work, code)
    if found is None:
        raise InvalidGrant(_NOT_GOOD, cause="no such code, or older than a minute")
    binding, used = found
    _check_binding(exchange, binding, address)
    if used:
        return _replayed(work, exchange, binding)
    standing = grants.standing(work, exchange.client, binding.grant_id)
    if isinstance(standing, Dead):
        raise InvalidGrant(_NOT_GOOD, cause=standing.cause)
    denied = absent.denied(work, exchange, standing)
    if denied:
        raise InvalidGrant(_NOT_GOOD, cause=denied)
    scope = scopes.of_grant(work, exchange.client, standing, standing.scope)
    target = targets.of_person(work, exchange, standing, scope)
    body, token_id = tokens.answer(work, exchange, standing, target, scope=scope, nonce=binding.nonce)
    if not codes.consume(work, code):
        return _replayed(work, exchange, binding)
    exchange.trail.account_id = standing.account_id
    key.bind(work, exchange, standing)
    if REFRESH_TOKEN in exchange.client.grant_types:
        body["refresh_token"] = refresh_tokens.keep(work, standing)
    return Issued(body, token_id, target.scope, standing.account_id)


def _check_binding(exchange: Exchange, binding: Binding, address: str) -> None:
    if binding.client_id != exchange.client.client_id or binding.site_id != exchange.provider.site_id:
        raise InvalidGrant(_NOT_GOOD, cause="the code was issued to another client, or at another site")
    if binding.redirect_uri != address:
        raise InvalidGrant("The redirect_uri is not that of the code.", cause="redirect_uri differs from the request's")
    if binding.key_thumbprint and binding.key_thumbprint != exchange.key_thumbprint:
        raise InvalidGrant("The code is bound to another key (dpop_jkt).", cause="no DPoP proof of the code's key")
    pkce.check(binding.challenge, exchange.parameters.get("code_verifier"))


def _replayed(work: Work, exchange: Exchange, binding: Binding) -> Denied:
    grants.revoke(work, exchange.client, binding.grant_id, because=_REPLAYED)
    return Denied(InvalidGrant(_NOT_GOOD, cause=phrase("code used twice: the grant and its tokens were revoked")))
