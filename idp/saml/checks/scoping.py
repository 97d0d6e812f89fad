"""Check that we are among those who may answer (SAML Core 2.0 section 3.4.1.2)."""

from idp.base.texts import phrase
from idp.saml import errors
from idp.saml.endpoints import Requester
from idp.saml.messages import AuthnRequest

_MOST_SHOWN = 10


def check(requester: Requester, request: AuthnRequest, here: str) -> None:
    """
    ProxyCount, whatever it is, holds: we answer ourselves and hand no request on. RequesterID says for whom
    a proxy asks; the answer is to the proxy, by its own registration.

    Args:
        here: our entity ID. Where a list is said to go on at some address, that is not read: as far as we
            know we are not on it.

    Raises:
        StatusError: there is a list of identity providers, and we are not on it.
    """
    scoping = request.scoping
    if scoping is None or scoping.providers is None or here in scoping.providers:
        return
    raise errors.not_among(
        requester,
        phrase("IDPList of the request does not name us")
        if scoping.is_complete
        else phrase("IDPList of the request does not name us; where it goes on is not read"),
        reason="idp-list",
        received=[one[:300] for one in scoping.providers[:_MOST_SHOWN]],
        expected=here,
    )
