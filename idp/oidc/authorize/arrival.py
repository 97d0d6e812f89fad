"""
How the request came: as parameters, in a request object, pushed, or by an address of the client's
(RFC 9101 section 5, RFC 9126 section 4, OpenID Connect Core section 6).

Once that is known only what counts goes on, and where the answer goes is made of it.
"""

from dataclasses import dataclass

from idp.base.texts import phrase
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.oidc.authorize import identify, pushed, request_object, request_uri
from idp.oidc.authorize.request_uri import Brought, ObjectWanted
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import InvalidRequest
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import Wanted


@quickly_made
@dataclass(frozen=True, slots=True)
class Arrived:
    """What of a request counts, whether it was pushed, and whether the client has signed it."""

    parameters: Parameters
    pushed: bool = False
    signed: bool = False


def read(work: Work, provider: Provider, sent: Parameters, brought: Brought) -> Arrived | Wanted | ObjectWanted:
    """
    Return what counts of the request that a browser brought; or what must be fetched before that can be said.

    Args:
        brought: what was fetched for this request before.

    Raises:
        PageError: it names no client, or a pushed request that is not there; nobody can be answered.
        InvalidRequest: it came in two ways at once, or repeats a parameter.
        InvalidRequestObject, InvalidRequestUri, RequestUriNotSupported: as for the modules of that name.
    """
    by_value, by_address = sent.get("request"), sent.get("request_uri")
    if by_value is None and by_address is None:
        return Arrived(sent)
    client = identify.who(work, provider, sent)
    if by_address is not None and by_address.startswith(pushed.PREFIX) and by_value is None:
        if "request_uri" in sent.repeated:
            raise InvalidRequest("The request names two pushed requests.", cause="repeated: request_uri")
        taken = pushed.take(work, client, by_address)  # whatever came beside it does not count
        return Arrived(taken.parameters, pushed=True, signed=taken.signed)
    _check_once(sent)
    if by_address is not None:
        found = request_uri.text(provider, client, by_address, brought)
        if isinstance(found, ObjectWanted):
            return found
        by_value = found
    return _opened(work, provider, client, by_value or "", sent)


def read_pushed(work: Work, provider: Provider, client: ClientFacts, sent: Parameters) -> Arrived | Wanted:
    """
    Return what counts of the request that *client* pushes (RFC 9126 sections 2.1 and 3).

    Raises:
        InvalidRequest: it names a request_uri.
        InvalidRequestObject: as for `request_object.read`.
    """
    if sent.has("request_uri"):
        raise InvalidRequest("A pushed request names no request_uri.")
    by_value = sent.get("request")
    own = Parameters({**sent.values, "client_id": client.client_id}, sent.repeated, sent.lists)
    if by_value is None:
        return Arrived(own, pushed=True)
    found = _opened(work, provider, client, by_value, own)
    return found if isinstance(found, Wanted) else Arrived(found.parameters, pushed=True, signed=found.signed)


def check(client: ClientFacts, arrived: Arrived) -> None:
    """
    Raises:
        InvalidRequest: the client has registered that its requests come pushed (RFC 9126 section 6) or
            signed (RFC 9101 section 10.5), and this one did not.
    """
    if client.pushed_request_required and not arrived.pushed:
        raise InvalidRequest("The client must push its requests (RFC 9126).")
    if client.signed_request_object_required and not arrived.signed:
        raise InvalidRequest("The client must sign its requests (RFC 9101).")


def _check_once(sent: Parameters) -> None:
    if sent.repeated:
        raise InvalidRequest(
            "A parameter is repeated.",
            cause=phrase("repeated: %(all)s", all=", ".join(sorted(sent.repeated))[:200]),
        )
    if sent.has("request") and sent.has("request_uri"):  # RFC 9101 section 5
        raise InvalidRequest("The request comes by value and by address at once.")


def _opened(work: Work, provider: Provider, client: ClientFacts, token: str, sent: Parameters) -> Arrived | Wanted:
    found = request_object.read(work, provider, client, token, sent)
    return found if isinstance(found, Wanted) else Arrived(found.parameters, signed=found.signed)
