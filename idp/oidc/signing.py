"""Which key of the site signs what we say."""

from collections.abc import Mapping
from typing import Any

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.base.work import Work
from idp.keyring import keyring
from idp.keyring.keyring import ACTIVE, TOKEN_SIGNING
from idp.oidc import jose
from idp.oidc.jose import Typ
from idp.oidc.provider import Provider


def signed(work: Work, provider: Provider, algorithm: str, said: dict[str, Any], typ: Typ) -> str:
    """Return *said* as a JWT of the kind *typ*, signed by the site's active key for *algorithm*."""
    return signed_at(work, provider.organization_id, provider.site_id, algorithm, said, typ)


def signed_at(work: Work, organization_id: str, site_id: str, algorithm: str, said: dict[str, Any], typ: Typ) -> str:
    """
    Return *said* as a JWT of the kind *typ*, signed by the active key of the site for *algorithm*.

    Raises:
        Unavailable: there is none.
    """
    kind = jose.SIGNING_ALGORITHMS[algorithm]
    key = keyring.active(work, organization_id, site_id, TOKEN_SIGNING, kind)
    return jose.sign(said, key, typ, algorithm)


def algorithms(work: Work, organization_id: str, site_id: str) -> tuple[str, ...]:
    """Return what the site can sign tokens with now: it has an active key for it."""
    keys = keyring.published(work, organization_id, site_id, TOKEN_SIGNING)
    kinds = {key.algorithm for key in keys if key.state == ACTIVE}
    return tuple(name for name, kind in jose.SIGNING_ALGORITHMS.items() if kind in kinds)


_CHOSEN = ("id_token_signed_response_alg", "access_token_signed_response_alg", "userinfo_signed_response_alg")


def check(work: Work, organization_id: str, site_id: str, registration: Mapping[str, Any]) -> None:
    """
    Raises:
        Invalid: *registration* chooses an algorithm that the site has no active key for yet.
    """
    here = algorithms(work, organization_id, site_id)
    for name in _CHOSEN:
        chosen = registration.get(name)
        if chosen is not None and chosen not in here:
            raise Invalid(
                phrase(
                    "“%(name)s” cannot be “%(chosen)s” yet: this site has no active key for it.",
                    name=name,
                    chosen=chosen,
                ),
                field=name,
                advice="The key of a new kind is published first and signs a day later; see: idp keys list.",
            )
