"""
Read a request object (RFC 9101 section 6, OpenID Connect Core section 6.1; O15).

One that the client has signed speaks for itself: nothing beside it counts. An unsigned one is only
another way to write parameters, completed by those that came beside it.
"""

import json
from dataclasses import dataclass
from typing import Any

from idp.base.texts import phrase, words_of
from idp.base.work import Work
from idp.oidc import jose, remote_keys
from idp.oidc.authorize.request import ASKED
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import InvalidRequestObject
from idp.oidc.jose import KnownKey, Purpose, Unverified
from idp.oidc.metadata import UNSIGNED
from idp.oidc.parameters import MAY_REPEAT, MOST_VALUES, Parameters
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import Wanted

_NESTED = ("request", "request_uri")
_MUST_AGREE = ("client_id", "response_type")  # OpenID Connect Core section 6.1
_NOT_GOOD = "The request object is not good."


@dataclass(frozen=True, slots=True)
class Opened:
    """What a request object asks for, and whether the client has signed it."""

    parameters: Parameters
    signed: bool


def read(work: Work, provider: Provider, client: ClientFacts, token: str, beside: Parameters) -> Opened | Wanted:
    """
    Return what the request object *token* of *client* asks for; or which keys must be fetched before that can be said.

    Args:
        beside: the parameters that it came with.

    Raises:
        InvalidRequestObject: it is not this client's, not for us, not for now, or not what the client has registered.
    """
    if jose.is_unsigned(token):
        said = _unsigned(work, provider, client, token)
        inside = _parameters(client, said)
        _check_agreement(inside, beside)
        return Opened(_joined(beside, inside), signed=False)
    keys = _keys(client, token)
    if isinstance(keys, Wanted):
        return keys
    try:
        said = jose.verify(
            token,
            Purpose.REQUEST_OBJECT,
            keys,
            issuer=client.client_id,
            is_audience=provider.issuer.__eq__,
            now=work.now,
            algorithm=client.request_object_algorithm,
        )
    except Unverified as error:
        raise InvalidRequestObject(
            _NOT_GOOD, cause=phrase("request object: %(error)s", error=words_of(error))
        ) from error
    return Opened(_parameters(client, said), signed=True)


def _unsigned(work: Work, provider: Provider, client: ClientFacts, token: str) -> dict[str, Any]:
    if client.signed_request_object_required or client.request_object_algorithm not in (None, UNSIGNED):
        raise InvalidRequestObject(
            "The request object must be signed.",
            cause=phrase(
                "request object without a signature, registered is %(request_object_algorithm)s",
                request_object_algorithm=client.request_object_algorithm,
            ),
        )
    try:
        return jose.read_unsigned(
            token,
            Purpose.REQUEST_OBJECT,
            issuer=client.client_id,
            is_audience=provider.issuer.__eq__,
            now=work.now,
        )
    except Unverified as error:
        raise InvalidRequestObject(
            _NOT_GOOD, cause=phrase("request object: %(error)s", error=words_of(error))
        ) from error


def _keys(client: ClientFacts, token: str) -> tuple[KnownKey, ...] | Wanted:
    if not client.keys_at or client.request_object_algorithm == UNSIGNED:
        return client.keys
    return remote_keys.known(client.keys_at, jose.unverified_key_id(token))


def _parameters(client: ClientFacts, said: dict[str, Any]) -> Parameters:
    if any(name in said for name in _NESTED):  # RFC 9101 section 4
        raise InvalidRequestObject("A request object holds no other request object.")
    if said.get("sub") == client.client_id:  # RFC 9101 section 10.8: what proves a client is no request
        raise InvalidRequestObject(_NOT_GOOD, cause="request object: its sub is the client, as in a client assertion")
    if said.get("client_id", client.client_id) != client.client_id:  # RFC 9101 section 6.3
        raise InvalidRequestObject("The request object is another client's.", cause="client_id inside is another")
    values: dict[str, str] = {}
    lists: dict[str, tuple[str, ...]] = {}
    for name in ASKED:
        value = said.get(name)
        if value is None:
            continue
        if name in MAY_REPEAT and isinstance(value, list):
            lists[name] = _texts(name, value)
            values[name] = lists[name][0]
        else:
            values[name] = _text(name, value)
    values["client_id"] = client.client_id
    return Parameters(values, lists=lists)


def _texts(name: str, value: list[Any]) -> tuple[str, ...]:
    if not 0 < len(value) <= MOST_VALUES:
        raise InvalidRequestObject(
            phrase("The %(name)s in the request object has too many values, or none.", name=name)
        )
    return tuple(_text(name, one) for one in value)


def _text(name: str, value: Any) -> str:
    """RFC 9101 section 4: texts are JSON strings, numbers JSON numbers, and ``claims`` is a JSON object."""
    if isinstance(value, str):
        return value
    if name == "claims" and isinstance(value, dict):
        return json.dumps(value)
    if name == "max_age" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InvalidRequestObject(phrase("The %(name)s in the request object is malformed.", name=name))


def _check_agreement(inside: Parameters, beside: Parameters) -> None:
    for name in _MUST_AGREE:
        if None not in (inside.get(name), beside.get(name)) and inside.get(name) != beside.get(name):
            raise InvalidRequestObject(phrase("The request object and the request differ in the %(name)s.", name=name))


def _joined(beside: Parameters, inside: Parameters) -> Parameters:
    asked = {name: value for name, value in beside.values.items() if name not in _NESTED}
    lists = {name: values for name, values in beside.lists.items() if name not in inside.values}
    return Parameters({**asked, **inside.values}, lists={**lists, **inside.lists})
