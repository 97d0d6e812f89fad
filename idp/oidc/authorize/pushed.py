"""
Requests that were pushed beforehand: kept under an address that works once, for one client
(RFC 9126 sections 2.2 and 4; O9, O33).
"""

from dataclasses import dataclass
from datetime import timedelta

from idp.base.errors import PageError
from idp.base.ids import is_token, new_token
from idp.base.work import Work
from idp.oidc.authorize.request import again, kept
from idp.oidc.client_facts import ClientFacts
from idp.oidc.parameters import Parameters
from idp.signon import onetime
from idp.signon.onetime import AlreadyUsed

PURPOSE = "oidc.par"
KIND = "par"
PREFIX = "urn:ietf:params:oauth:request_uri:"
LIVES = timedelta(seconds=90)
_ADVICE = "Go back to the application and sign in again from there. Nothing of yours is lost."


@dataclass(frozen=True, slots=True)
class Taken:
    """A pushed request that was just used up, and whether it was a request object that the client has signed."""

    parameters: Parameters
    signed: bool


def keep(work: Work, client: ClientFacts, parameters: Parameters, *, signed: bool) -> str:
    """Keep a request of *client* that was found to be good; return the address that it can be named by, once."""
    token = new_token(KIND)
    bound = {"site_id": client.site_id, "client_id": client.client_id, "signed": signed, "asked": kept(parameters)}
    onetime.store(work, PURPOSE, token, organization_id=client.organization_id, bound=bound, lives=LIVES)
    return PREFIX + token


def take(work: Work, client: ClientFacts, request_uri: str) -> Taken:
    """
    Use up the request that *client* has pushed as *request_uri*.

    Raises:
        PageError: there is none, it is too late, it was used before, or it is another client's. Nothing
            says where an answer could go, so the person is told; and what was not this client's to use
            is not used up, because the transaction goes no further.
    """
    token = request_uri.removeprefix(PREFIX)
    found = onetime.consume(work, PURPOSE, token) if is_token(token, KIND) else None
    if found is None or (found.bound["site_id"], found.bound["client_id"]) != (client.site_id, client.client_id):
        raise PageError(
            "This sign-in is not known here, or it took too long to begin.",
            code="pushed-request-unknown",
            cause="no such pushed request of this client, or older than 90 s",
            advice=_ADVICE,
        )
    if isinstance(found, AlreadyUsed):
        raise PageError(
            "This sign-in was begun already: its address works once.",
            code="pushed-request-used",
            cause="the request_uri was used before",
            advice=_ADVICE,
        )
    return Taken(again(found.bound["asked"]), found.bound["signed"])
