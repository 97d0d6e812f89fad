"""The key that the refresh tokens of a public client are bound to (RFC 9449 section 5; O21, O34)."""

from idp.base.work import Work
from idp.oidc import grants
from idp.oidc.errors import InvalidGrant
from idp.oidc.grants import LiveGrant
from idp.oidc.token.exchange import Exchange


def check(exchange: Exchange, standing: LiveGrant) -> None:
    """
    Raises:
        InvalidGrant: the grant's refresh tokens are bound to a key that was not proven.
    """
    if standing.key_thumbprint and standing.key_thumbprint != exchange.key_thumbprint:
        raise InvalidGrant(
            "The refresh token is bound to another key.", cause="no DPoP proof of the key that the grant is bound to"
        )


def bind(work: Work, exchange: Exchange, standing: LiveGrant) -> None:
    """
    Bind the grant's refresh tokens to the key that a public client has proven, from now on.

    A confidential client proves itself whenever it refreshes; its refresh tokens are bound by that.
    """
    if exchange.client.public and exchange.key_thumbprint and not standing.key_thumbprint:
        grants.bind(work, standing, exchange.key_thumbprint)
