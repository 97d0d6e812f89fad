"""The key that the code is to be bound to (RFC 9449 section 10; O34)."""

from dataclasses import replace

from idp.base.work import Work
from idp.oidc import dpop
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidRequest: the dpop_jkt is no thumbprint of a key.
    """
    if request.dpop_jkt is not None and not dpop.is_thumbprint(request.dpop_jkt):
        raise InvalidRequest("The dpop_jkt is no JWK thumbprint (RFC 7638, SHA-256, base64url).")


def of_pushed(work: Work, provider: Provider, pushed: Parameters, proof: str | None) -> Parameters:
    """
    Return the parameters of a *pushed* request, with the key that came with it proven (section 10.1).

    Call it when nothing else has to be fetched or asked for: the proof is used up.

    Args:
        proof: the header ``DPoP``; None: there was none.

    Raises:
        UseDpopNonce, InvalidDpopProof: as for `dpop.of_request`.
        InvalidRequest: the dpop_jkt is of another key.
    """
    key = dpop.of_request(work, provider, proof, method="POST", endpoint="par")
    if not key:
        return pushed
    if pushed.get("dpop_jkt") not in (None, key):
        raise InvalidRequest("The dpop_jkt is not of the key of the DPoP proof.")
    return replace(pushed, values={**pushed.values, "dpop_jkt": key})
