"""
Which client calls, and its proof (RFC 6749 section 2.3, OpenID Connect Core section 9, RFC 7523; O12, O13, O14).

One method in one request, and it is the registered one. Peers cannot tell an unknown client
from a wrong secret.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import timedelta

from idp.base.crypto import equal
from idp.base.ids import fingerprint
from idp.base.texts import phrase, words_of
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.oidc import client_facts, jose, parameters, remote_keys
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import InvalidClient, InvalidRequest
from idp.oidc.jose import KnownKey, Purpose, Unverified
from idp.oidc.metadata import NONE, PRIVATE_KEY_JWT, SECRET_BASIC, SECRET_POST
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import Wanted
from idp.signon import seen

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_HEADER = 1024
_NO_SECRET = fingerprint("")


@quickly_made
@dataclass(frozen=True, slots=True)
class Presented:
    """How a client presents itself in one request."""

    method: str
    client_id: str
    secret: str = ""
    assertion: str = ""


def authenticate(work: Work, provider: Provider, sent: Parameters, authorization: str | None) -> ClientFacts | Wanted:
    """
    Return the client that has proven itself; or which keys must be fetched before that can be said.

    Args:
        authorization: the header of that name.

    Raises:
        InvalidRequest: several methods at once, or none.
        InvalidClient: unknown, disabled, another method than the registered one, or a wrong proof.
    """
    presented = read(sent, authorization)
    try:
        return _proven(work, provider, presented)
    except InvalidClient as error:  # whom the administrator has to look at; the peer learns nothing of it
        error.facts = {**error.facts, "client_id": presented.client_id[:80], "method": presented.method}
        raise


def _proven(work: Work, provider: Provider, presented: Presented) -> ClientFacts | Wanted:
    client = client_facts.at_site(work, provider.organization_id, provider.site_id, presented.client_id)
    if presented.method in (SECRET_BASIC, SECRET_POST):
        _check_secret(client, presented)
    if client is None:
        raise InvalidClient(
            cause=phrase("no client %(client_id)s at this site", client_id=repr(presented.client_id[:80]))
        )
    if presented.method != client.method:
        raise InvalidClient(
            cause=phrase(
                "sent %(method)s, registered is %(registered)s", method=presented.method, registered=client.method
            )
        )
    if not client.enabled:
        raise InvalidClient(cause="the application is disabled")
    if client.method == PRIVATE_KEY_JWT:
        return _check_assertion(work, provider, client, presented.assertion)
    return client


def read(sent: Parameters, authorization: str | None) -> Presented:
    """
    Return how the client presents itself.

    Raises:
        InvalidRequest: several methods at once, or no client at all.
        InvalidClient: a header or an assertion that cannot be read.
    """
    with_header = authorization is not None
    with_secret = sent.has("client_secret")
    with_assertion = sent.has("client_assertion") or sent.has("client_assertion_type")
    if [with_header, with_secret, with_assertion].count(True) > 1:
        raise InvalidRequest("The client authenticates in more than one way.")
    stated = sent.get("client_id")
    if authorization is not None:
        client_id, secret = _basic(authorization)
        if stated not in (None, client_id):
            raise InvalidRequest("The request names two clients.")
        return Presented(SECRET_BASIC, client_id, secret)
    if with_assertion:
        assertion = sent.get("client_assertion") or ""
        if sent.get("client_assertion_type") != ASSERTION_TYPE:
            raise InvalidClient(cause="client_assertion_type is not the one of RFC 7523")
        client_id = jose.unverified_claim(assertion, "sub") or ""
        if stated not in (None, client_id):  # RFC 7521 section 4.2
            raise InvalidClient(cause="client_id is not the subject of the assertion")
        return Presented(PRIVATE_KEY_JWT, client_id, assertion=assertion)
    if stated is None:
        raise InvalidClient(cause="no client_id and no authentication")
    if with_secret:
        return Presented(SECRET_POST, stated, sent.get("client_secret") or "")
    return Presented(NONE, stated)


def _basic(header: str) -> tuple[str, str]:
    """Both halves are form-encoded before they are joined (RFC 6749 section 2.3.1); read strictly."""
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "basic" or len(header) > _LONGEST_HEADER:
        raise InvalidClient(cause="the Authorization header is not of the scheme Basic, or too long")
    try:
        raw = base64.b64decode(credentials.strip(), validate=True)
        name, colon, secret = raw.partition(b":")
        if not colon or not raw.isascii():
            raise InvalidClient(cause="the Authorization header holds no name and secret")
        return parameters.decoded(name), parameters.decoded(secret)
    except (binascii.Error, ValueError) as error:
        raise InvalidClient(cause="the Authorization header is not base64 of form-encoded text") from error


def _check_secret(client: ClientFacts | None, presented: Presented) -> None:
    """Always compares, so that an unknown client takes as long as a wrong secret. An empty secret is none."""
    stored = client.secret_hash if client is not None else ""
    right = equal(fingerprint(presented.secret), stored or _NO_SECRET)
    if client is not None and not (right and stored and presented.secret):
        raise InvalidClient(cause="the secret is wrong, empty, or not what this client authenticates with")


def _check_assertion(work: Work, provider: Provider, client: ClientFacts, assertion: str) -> ClientFacts | Wanted:
    """
    RFC 7523 section 3, with the audience of draft-ietf-oauth-rfc7523bis: our issuer, one string, nothing else.

    Where the site says so, also the token endpoint, as OpenID Connect Core section 9 recommends.
    """
    keys = _keys(client, assertion)
    if isinstance(keys, Wanted):
        return keys
    try:
        said = jose.verify(
            assertion,
            Purpose.CLIENT_ASSERTION,
            keys,
            issuer=client.client_id,
            is_audience=_audiences(provider).__contains__,
            now=work.now,
            algorithm=client.assertion_algorithm,
        )
    except Unverified as error:
        raise InvalidClient(
            cause=phrase("client assertion: %(error)s", error=words_of(error)), **error.facts
        ) from error
    if said.get("sub") != client.client_id:
        raise InvalidClient(cause="client assertion: sub is not the client")
    token_id = said.get("jti")
    if not isinstance(token_id, str) or not token_id:
        raise InvalidClient(cause="client assertion: no jti")
    lives = timedelta(seconds=float(said["exp"]) - work.now.timestamp()) + 2 * jose.SKEW
    if not seen.first_time(work, provider.site_id, client.client_id, fingerprint(token_id), lives=lives):
        raise InvalidClient(cause="client assertion: its jti was used before")
    return client


def _audiences(provider: Provider) -> tuple[str, ...]:
    if provider.site.assertions_for_token_endpoint:
        return provider.issuer, f"{provider.issuer}/oauth2/token"
    return (provider.issuer,)


def _keys(client: ClientFacts, assertion: str) -> tuple[KnownKey, ...] | Wanted:
    if not client.keys_at:
        return client.keys
    return remote_keys.known(client.keys_at, jose.unverified_key_id(assertion))
