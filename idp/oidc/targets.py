"""
What an access token is for: which audience, of what is granted (RFC 8707 section 2, RFC 9068 section 3).

Without a resource it is for the API whose scopes were granted, if it is one; and for ourselves, where
anything else was granted or nothing is an API's. A scope belongs to one API, so that what it means at
each audience is never in doubt.
"""

from collections.abc import Collection

from idp.base.texts import phrase
from idp.base.work import Work
from idp.oidc import access_tokens, scopes
from idp.oidc.access_tokens import Target
from idp.oidc.api_facts import SiteApis
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.claims import OFFLINE_ACCESS
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import InvalidTarget
from idp.oidc.grants import LiveGrant
from idp.oidc.provider import Provider
from idp.oidc.token.exchange import Exchange


def of_person(work: Work, exchange: Exchange, grant: LiveGrant, scope: tuple[str, ...]) -> Target:
    """
    Return what the access token of *grant* is for, of the *scope* that its client may have.

    Raises:
        InvalidTarget: as for `choose`.
    """
    return _noted(
        exchange,
        choose(
            work,
            exchange.provider,
            exchange.client,
            scope,
            named=exchange.resources,
            within=grant.details.resources,
            key_thumbprint=exchange.key_thumbprint,
        ),
    )


def of_request(work: Work, request: AuthorizeRequest, grant: LiveGrant) -> Target:
    """
    Return what an access token of *grant* is for that comes with the answer of the authorization endpoint.

    Raises:
        InvalidTarget: as for `choose`.
    """
    scope = scopes.of_grant(work, request.client, grant, grant.scope)
    return choose(work, request.provider, request.client, scope, within=grant.details.resources)


def of_client(work: Work, exchange: Exchange, scope: tuple[str, ...]) -> Target:
    """
    Return what the access token of a client that acts for itself is for, of the *scope* that it may have.

    Raises:
        InvalidTarget: as for `choose`.
    """
    return _noted(
        exchange,
        choose(
            work,
            exchange.provider,
            exchange.client,
            scope,
            named=exchange.resources,
            key_thumbprint=exchange.key_thumbprint,
        ),
    )


def choose(
    work: Work,
    provider: Provider,
    client: ClientFacts,
    scope: tuple[str, ...],
    *,
    named: tuple[str, ...] = (),
    within: tuple[str, ...] = (),
    key_thumbprint: str = "",
) -> Target:
    """
    Return what an access token with *scope* is for.

    Args:
        scope: what the client may have now, for whomever it is; all of it, or what it wants of it.
        named: the resources that are asked for now; none: see above.
        within: those that the authorization request named, beyond which no token of it goes; none: it named none.

    Raises:
        InvalidTarget: a resource that is unknown, disabled or not among those of before; one at which the
            client may do nothing; or it is not clear which of several APIs the token is for.
    """
    apis = scopes.apis_for(work, client, scope, (*named, *within))
    check_known(provider, apis, named)
    beyond = [resource for resource in named if within and resource not in within]
    if beyond:
        raise InvalidTarget(
            "A resource is not among those of the authorization request.",
            cause=phrase("resource %(beyond)s", beyond=repr(beyond[0][:200])),
        )
    of = {token: apis.audience_of(token, provider.issuer) for token in scope}
    audience = named or _likely(provider, of, within)
    idle = [resource for resource in named if resource not in of.values()]
    if idle or not audience:
        wanted = idle[0] if idle else " ".join(within)
        raise InvalidTarget(
            "There is nothing to be done at this resource.",
            cause=phrase("no scope of %(wanted)s", wanted=repr(wanted[:200])),
        )
    meant = [api for api in map(apis.enabled, audience) if api is not None]
    opaque = [api for api in meant if api.opaque]
    if opaque and len(meant) > 1:
        raise InvalidTarget(
            "One of the resources takes only tokens of its own.",
            cause=phrase("%(identifier)s wants opaque tokens", identifier=opaque[0].identifier),
        )
    lives = [api.lives for api in meant] + ([access_tokens.LIVES] if provider.issuer in audience else [])
    return Target(
        audience=audience,
        scope=tuple(token for token in scope if of[token] in audience),
        lives=min(lives),
        api_id=opaque[0].id if opaque else "",
        key_thumbprint=key_thumbprint,
    )


def check_known(provider: Provider, apis: SiteApis, resources: Collection[str]) -> None:
    """
    Raises:
        InvalidTarget: one of *resources* is no enabled API of this site, nor the provider itself.
    """
    for resource in resources:
        if resource != provider.issuer and apis.enabled(resource) is None:
            raise InvalidTarget(
                "A resource is not known here.",
                cause=phrase("no API %(resource)s is enabled here", resource=repr(resource[:200])),
            )


def _likely(provider: Provider, of: dict[str, str], within: tuple[str, ...]) -> tuple[str, ...]:
    apis = tuple(dict.fromkeys(a for a in of.values() if a != provider.issuer and (not within or a in within)))
    if len(apis) > 1:
        raise InvalidTarget(
            "It is not clear which resource the token is for. Name it by the parameter resource.",
            cause=phrase("scopes of %(apis)s", apis=", ".join(apis)[:200]),
        )
    means_us = any(audience == provider.issuer and token != OFFLINE_ACCESS for token, audience in of.items())
    if (means_us or not apis) and (not within or provider.issuer in within):
        return (*apis, provider.issuer)
    return apis


def _noted(exchange: Exchange, target: Target) -> Target:
    if target.audience != (exchange.provider.issuer,):
        exchange.trail.passed("target", audience=" ".join(target.audience))
    return target
