"""What an access token is for: which audience, of what is granted (RFC 8707 section 2, RFC 9068 section 3)."""

from idp.base.work import Work
from idp.oidc.access_tokens import Target
from idp.oidc.grants import LiveGrant
from idp.oidc.token.exchange import Exchange


def of_person(work: Work, exchange: Exchange, grant: LiveGrant, scope: tuple[str, ...]) -> Target:
    """Return what the access token of *grant* is for, of the *scope* that its client may have."""
    return Target((exchange.provider.issuer,), scope, key_thumbprint=exchange.key_thumbprint)


def of_client(work: Work, exchange: Exchange, scope: tuple[str, ...]) -> Target:
    """Return what the access token of a client that acts for itself is for, of the *scope* that it may have."""
    return Target((exchange.provider.issuer,), scope, key_thumbprint=exchange.key_thumbprint)
