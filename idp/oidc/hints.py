"""
Which keys an ID token may be of that a client shows us again as a hint (OpenID Connect Core 3.1.2.1,
RP-Initiated Logout 1.0 section 2).

It may be older than the keys of today: a session can outlive the key that signed its ID token. So the
public part of a key that has gone is still good for this, and for nothing else.
"""

from idp.base.work import Work
from idp.keyring import keyring
from idp.keyring.keyring import TOKEN_SIGNING
from idp.oidc import jose
from idp.oidc.jose import KnownKey
from idp.oidc.provider import Provider


def keys(work: Work, provider: Provider, hint: str) -> tuple[KnownKey, ...]:
    """Return the keys of the site by which *hint* may be verified: those that are published, or the one it names."""
    place = (provider.organization_id, provider.site_id, TOKEN_SIGNING)
    published = keyring.published(work, *place)
    named = jose.unverified_key_id(hint)
    if named is not None and all(key.id != named for key in published):
        former = keyring.gone(work, *place, named)
        if former is not None:
            return (jose.former_key(former),)
    return jose.own_keys(published)
