"""
Our answers to requests about sessions and names: by redirect, by form, by SOAP; always signed.

An answer goes to an address of the service provider's own metadata, or back on the line that a
SOAP request came by.
"""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.base.work import Work
from idp.saml import answering, endpoints, soap
from idp.saml.answering import Answer
from idp.saml.endpoints import RegisteredEndpoint
from idp.saml.errors import UNKNOWN_APPLICATION, MessageRefused
from idp.saml.facts import ProviderFacts, provider
from idp.saml.instants import instant
from idp.saml.names import REDIRECT
from idp.saml.requests import Place
from idp.saml.responses import new_message_id, status_element
from idp.saml.signing import signed, signed_query
from idp.saml.writer import Element, element, write

LOGOUT, NAME_ID = "samlp:LogoutResponse", "samlp:ManageNameIDResponse"


@dataclass(frozen=True, slots=True)
class Sent:
    """
    What the browser carries to a service provider: *answer* in a form of ours, or a redirect to *location*
    with the message in its query. Where the metadata names no address for answers there is neither.
    """

    answer: Answer | None = None
    location: str = ""


def by_browser(
    work: Work,
    place: Place,
    known: ProviderFacts,
    answer_to: RegisteredEndpoint | None,
    codes: tuple[str, ...],
    *,
    request_id: str,
    relay_state: str,
    name: str = LOGOUT,
) -> Sent:
    """Return the answer with the status *codes* for the browser to carry to *answer_to*."""
    if answer_to is None:
        return Sent()
    key = answering.speaker(work, place, known).key
    response = _response(work, place, name, codes, request_id, answer_to.location)
    if answer_to.binding != REDIRECT:
        return Sent(answer=Answer(answer_to, signed(response, key).xml, relay_state, known.name))
    query = signed_query("SAMLResponse", deflated(write(response).xml), relay_state, key)
    return Sent(location=with_query(answer_to.location, query))


def by_soap(
    work: Work,
    place: Place,
    known: ProviderFacts,
    codes: tuple[str, ...],
    *,
    request_id: str,
    name: str = LOGOUT,
) -> bytes:
    """Return the envelope with the answer of the status *codes* for *known*, who has asked on this line."""
    response = _response(work, place, name, codes, request_id, None)
    return soap.enveloped(signed(response, answering.speaker(work, place, known).key))


def keep(known: ProviderFacts, request_id: str, relay_state: str) -> dict[str, Any]:
    """Return what is to be kept of a logout request while the others are told."""
    return {"entity_id": known.entity_id, "request_id": request_id, "relay_state": relay_state}


def again(work: Work, place: Place, kept: Mapping[str, Any], codes: tuple[str, ...]) -> Sent:
    """
    Return the answer to the logout request that `keep` kept. Its address is looked up anew.

    Raises:
        MessageRefused: the service provider has gone in the meantime.
    """
    known = provider(work, place.site.organization_id, place.site.id, kept["entity_id"])
    if known is None:
        raise MessageRefused(UNKNOWN_APPLICATION, "the application was removed while the others were told")
    return by_browser(
        work,
        place,
        known,
        endpoints.logout_reply(known),
        codes,
        request_id=kept["request_id"],
        relay_state=kept["relay_state"],
    )


def deflated(xml: str) -> str:
    """Return *xml* as a redirect carries it: raw DEFLATE, then base64 (SAML Bindings 2.0 section 3.4.4.1)."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return base64.b64encode(compressor.compress(xml.encode()) + compressor.flush()).decode("ascii")


def with_query(location: str, query: str) -> str:
    """Return *location* with *query* in it, beside a query that it may have."""
    return f"{location}{'&' if '?' in location else '?'}{query}"


def _response(
    work: Work, place: Place, name: str, codes: tuple[str, ...], request_id: str, destination: str | None
) -> Element:
    return element(
        name,
        {
            "Destination": destination,
            "ID": new_message_id(),
            "InResponseTo": request_id,
            "IssueInstant": instant(work.now),
            "Version": "2.0",
        },
        element("saml:Issuer", None, place.issuer),
        status_element(codes),
    )
