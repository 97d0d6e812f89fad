"""
Pushed authorization requests (RFC 9126): a client leaves its request with us, and the browser brings only
an address that works once.
"""

from collections.abc import Callable
from typing import Any

from idp.audit.attempts import Trail
from idp.base.errors import PageError
from idp.base.work import Work
from idp.oidc import dpop
from idp.oidc.authorize import arrival, pushed, respond
from idp.oidc.authorize.identify import identify
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import InvalidDpopProof, InvalidRequest, OAuthError, UseDpopNonce
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import Wanted
from idp.oidc.token.endpoint import as_client, authenticated, refused
from idp.oidc.token.exchange import Denied

KIND = "oidc.par"


def answer(
    work: Work,
    provider: Provider,
    sent: Parameters,
    authorization: str | None,
    trail: Trail,
    *,
    proof: str | None = None,
    count: Callable[[Work], None],
) -> dict[str, Any] | Denied | Wanted:
    """
    Return under which address the request was kept, once it passed everything that the authorization
    endpoint looks at (RFC 9126 section 2.1).

    Args:
        proof: the header ``DPoP``: the code will be bound to its key (RFC 9449 section 10.1).
        count: says no where somebody whom nothing proves leaves too many (I10).

    Raises:
        UseDpopNonce: the proof is to be made again; nothing that came with it is used up.
        OAuthError: the client did not prove who it is.
    """
    client = authenticated(work, provider, sent, authorization, trail)
    if isinstance(client, Wanted):
        return client
    if client.public:
        count(work)
    try:
        return _kept(work, provider, client, sent, proof)
    except UseDpopNonce:
        raise
    except OAuthError as error:
        refused(as_client(work, client), client, error, trail)
        return Denied(error)


def _kept(
    work: Work, provider: Provider, client: ClientFacts, sent: Parameters, proof: str | None
) -> dict[str, Any] | Wanted:
    arrived = arrival.read_pushed(work, provider, client, sent)
    if isinstance(arrived, Wanted):
        return arrived
    parameters = _bound(arrived.parameters, dpop.of_request(work, provider, proof, method="POST", endpoint="par"))
    try:
        _, reply_to = identify(work, provider, parameters)
    except PageError as error:
        raise InvalidRequest(
            "The redirect_uri is not one that the client has registered.", cause=error.cause
        ) from error
    arrival.check(client, arrived)
    respond.judged(work, provider, parameters, client, reply_to)
    address = pushed.keep(work, client, parameters, signed=arrived.signed)
    return {"request_uri": address, "expires_in": int(pushed.LIVES.total_seconds())}


def _bound(parameters: Parameters, thumbprint: str) -> Parameters:
    """A proven key is one that the request names, and the only one (RFC 9449 section 10.1)."""
    if not thumbprint:
        return parameters
    if parameters.get("dpop_jkt") not in (None, thumbprint):
        raise InvalidDpopProof("The DPoP proof is of another key than dpop_jkt names.", cause="dpop_jkt differs")
    return Parameters({**parameters.values, "dpop_jkt": thumbprint}, parameters.repeated, parameters.lists)
