"""Which key of the site signs what we say."""

from typing import Any

from idp.base.work import Work
from idp.keyring import keyring
from idp.keyring.keyring import TOKEN_SIGNING
from idp.oidc import jose
from idp.oidc.jose import Typ
from idp.oidc.provider import Provider


def signed(work: Work, provider: Provider, algorithm: str, said: dict[str, Any], typ: Typ) -> str:
    """Return *said* as a JWT of the kind *typ*, signed by the site's active key for *algorithm*."""
    kind = jose.SIGNING_ALGORITHMS[algorithm]
    key = keyring.active(work, provider.organization_id, provider.site_id, TOKEN_SIGNING, kind)
    return jose.sign(said, key, typ)
