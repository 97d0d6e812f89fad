"""
Where an answer may go. Only what is made here is ever sent to (threats D1; X15, X16, X26).

A `RegisteredEndpoint` is proof that the address is in the service provider's own metadata;
a `Requester` is proof that somebody is there who may be answered. Each is made in one function.
"""

from dataclasses import dataclass

from idp.base.texts import phrase, sentence
from idp.base.values import quickly_made
from idp.saml import addresses
from idp.saml.description import Endpoint
from idp.saml.errors import ADDRESS, MessageRefused
from idp.saml.facts import ProviderFacts
from idp.saml.messages import AuthnRequest
from idp.saml.names import POST, REDIRECT
from idp.saml.wanted import Wanted

_MOST_SHOWN = 10


@quickly_made
@dataclass(frozen=True, slots=True)
class RegisteredEndpoint:
    """An address that a service provider has registered for this kind of message. Made by `_registered` only."""

    location: str
    binding: str


@quickly_made
@dataclass(frozen=True, slots=True)
class Requester:
    """
    A service provider that may be answered, where, and to what. Made by `requester` only.

    ``request_id`` is None where it has asked nothing (the sign-on was started from our side).
    """

    provider: ProviderFacts
    answer_to: RegisteredEndpoint
    request_id: str | None
    relay_state: str
    wanted: Wanted


def requester(
    provider: ProviderFacts, answer_to: RegisteredEndpoint, *, request_id: str | None, relay_state: str, wanted: Wanted
) -> Requester:
    """Return the proof that *provider* may be answered at *answer_to*, which is one of its own."""
    return Requester(provider, answer_to, request_id, relay_state, wanted)


def consumer_for(provider: ProviderFacts, request: AuthnRequest) -> RegisteredEndpoint:
    """
    Return the assertion consumer that *request* names: by address, by index, or none, which is the default.

    SAML Profiles 2.0 section 4.1.4.1 and SAML Core 2.0 section 3.4.1: the address is compared octet by
    octet with the registered ones, also when the request is signed; address and index exclude one another.

    Raises:
        MessageRefused: it names something that the service provider has not registered.
    """
    if request.consumer_index is not None and (
        request.consumer_url is not None or request.protocol_binding is not None
    ):
        raise MessageRefused(ADDRESS, "the request names an index beside an address or a binding", reason="both")
    if request.protocol_binding not in (None, POST):
        raise MessageRefused(
            ADDRESS,
            phrase(
                "the request wants the binding %(protocol_binding)s",
                protocol_binding=repr(request.protocol_binding[:120]),
            ),
            reason="binding",
            received=request.protocol_binding[:200],
            expected=POST,
        )
    if request.consumer_url is not None:
        return consumer(provider, request.consumer_url)
    if request.consumer_index is not None:
        return consumer_at(provider, request.consumer_index)
    return default_consumer(provider)


def consumer_at(provider: ProviderFacts, index: int) -> RegisteredEndpoint:
    """
    Return the assertion consumer of that *index*.

    Raises:
        MessageRefused: the service provider has registered none.
    """
    for endpoint in _posted(provider):
        if endpoint.index == index:
            return _registered(endpoint, endpoint.location)
    raise MessageRefused(
        ADDRESS,
        phrase("no assertion consumer has the index %(consumer_index)s", consumer_index=index),
        reason="index",
        received=index,
        expected=[endpoint.index for endpoint in _posted(provider)[:_MOST_SHOWN]],
    )


def consumer(provider: ProviderFacts, location: str) -> RegisteredEndpoint:
    """
    Return the assertion consumer at exactly *location*.

    Raises:
        MessageRefused: the service provider has not registered it.
    """
    for endpoint in _posted(provider):
        if endpoint.location == location:
            return _registered(endpoint, endpoint.location)
    raise MessageRefused(
        ADDRESS,
        phrase("the assertion consumer %(location)s is not registered", location=repr(location[:300])),
        reason="address",
        received=location[:300],
        expected=[endpoint.location[:300] for endpoint in _posted(provider)[:_MOST_SHOWN]],
    )


def default_consumer(provider: ProviderFacts) -> RegisteredEndpoint:
    """Return the assertion consumer that is meant where nothing is said."""
    endpoint = provider.description.default_consumer()
    return _registered(endpoint, endpoint.location)


def logout_reply(provider: ProviderFacts) -> RegisteredEndpoint | None:
    """
    Return where answers to logout requests go: by redirect if possible, else by form; None if nowhere.

    The address comes from the metadata only (SAML Metadata 2.0 section 2.2.2: ResponseLocation, else Location).
    """
    return _reply(provider.description.logout_endpoints)


def name_id_reply(provider: ProviderFacts) -> RegisteredEndpoint | None:
    """Return where answers to ManageNameID requests go, in the same way."""
    return _reply(provider.description.name_id_endpoints)


def logout_service(provider: ProviderFacts, *bindings: str) -> RegisteredEndpoint | None:
    """Return where a logout request of ours goes: by the first of *bindings* that there is; None if by none."""
    for binding in bindings:
        for endpoint in provider.description.logout_endpoints:
            if endpoint.binding == binding:
                return _registered(endpoint, endpoint.location)
    return None


def _reply(endpoints: tuple[Endpoint, ...]) -> RegisteredEndpoint | None:
    for binding in (REDIRECT, POST):
        for endpoint in endpoints:
            if endpoint.binding == binding:
                return _registered(endpoint, endpoint.response_location or endpoint.location)
    return None


def _posted(provider: ProviderFacts) -> list[Endpoint]:
    return [endpoint for endpoint in provider.description.assertion_consumers if endpoint.binding == POST]


def _registered(endpoint: Endpoint, location: str) -> RegisteredEndpoint:
    """Looked at once more when it is used: whatever got into the row, no script is ever led to (X16)."""
    fault = addresses.fault(location, http_loopback=True)
    if fault is not None:
        raise MessageRefused(
            ADDRESS,
            phrase("the registered address cannot be used: %(fault)s", fault=sentence(fault)),
            reason="unusable",
            received=location[:300],
        )
    return RegisteredEndpoint(location, endpoint.binding)
