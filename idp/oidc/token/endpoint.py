"""
The token endpoint: everything that is the same for every grant type (RFC 6749 sections 3.2 and 5).

A refusal of a client that has proven who it is comes back as a value, so that what was written
on the way to it (a used assertion, a revoked grant) is committed together with its record.
"""

from dataclasses import replace

import structlog

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import TokenIssued, TokenRefused
from idp.audit.log import record
from idp.base.texts import phrase
from idp.base.work import Actor, Work
from idp.oidc import client_auth, dpop
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import (
    InvalidDpopProof,
    InvalidRequest,
    OAuthError,
    UnauthorizedClient,
    UnsupportedGrantType,
    UseDpopNonce,
)
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import Wanted
from idp.oidc.token import GRANTS
from idp.oidc.token.exchange import Denied, Exchange, Issued
from idp.signon import lockout

KIND = "oidc.token"

log = structlog.get_logger("idp.oidc")


def answer(
    work: Work,
    provider: Provider,
    sent: Parameters,
    authorization: str | None,
    trail: Trail,
    proof: str | None = None,
) -> Issued | Denied | Wanted:
    """
    Return tokens, or why there are none, or which keys of the client must be fetched first.

    Args:
        proof: the header ``DPoP`` (RFC 9449 section 5).

    Raises:
        UseDpopNonce: the proof is to be made again; nothing that came with it is used up.
        OAuthError: nobody has proven who they are, so there is nothing to commit.
    """
    client = authenticated(work, provider, sent, authorization, trail)
    if isinstance(client, Wanted):
        return client
    work = as_client(work, client)
    try:
        key = _proven_key(work, provider, client, proof, trail)
        outcome = _exchange(work, Exchange(provider, client, sent, trail, key))
    except UseDpopNonce:
        raise
    except OAuthError as error:
        outcome = Denied(error)
    if isinstance(outcome, Denied):
        if outcome.recorded:
            refused(work, client, outcome.error, trail)
    else:
        _issued(work, client, outcome, trail, str(sent.get("grant_type")))
    return outcome


def authenticated(
    work: Work, provider: Provider, sent: Parameters, authorization: str | None, trail: Trail
) -> ClientFacts | Wanted:
    """
    Return the client that has proven itself at one of the endpoints that only clients call.

    Raises:
        InvalidRequest: a parameter is repeated.
        OAuthError: as for `client_auth.authenticate`.
    """
    if sent.repeated:
        raise InvalidRequest(
            "A parameter is repeated.",
            cause=phrase("repeated: %(all)s", all=", ".join(sorted(sent.repeated))[:200]),
        )
    client = client_auth.authenticate(work, provider, sent, authorization)
    if isinstance(client, ClientFacts):
        trail.application_id = client.application_id
        trail.passed("client", client_id=client.client_id, method=client.method)
    return client


def as_client(work: Work, client: ClientFacts) -> Work:
    """Return *work* done by *client*."""
    return replace(work, actor=Actor("client", client.client_id, client.name, client.organization_id))


def refused(work: Work, client: ClientFacts, error: OAuthError, trail: Trail) -> None:
    """Record that *client* was refused; one that has proven nothing as often as any stranger (I10)."""
    trail.refused(error, "grant")
    if client.public and not lockout.may_be_written_down(work):
        log.info("refused, not recorded", reference=trail.id, kind=trail.kind, code=error.error, cause=error.cause)
        return
    attempts.save(work, trail)
    record(
        work,
        TokenRefused(
            organization_id=client.organization_id,
            target_id=client.application_id,
            attempt_id=trail.id,
            code=error.error,
        ),
    )


def _proven_key(work: Work, provider: Provider, client: ClientFacts, proof: str | None, trail: Trail) -> str:
    """RFC 9449 section 5; section 5.2: a client that is registered for bound tokens gets no other."""
    thumbprint = dpop.of_request(work, provider, proof, method="POST", endpoint="token")
    if client.dpop_bound and not thumbprint:
        raise InvalidDpopProof(
            "This client gets tokens only with a DPoP proof.", cause="dpop_bound_access_tokens, and no header DPoP"
        )
    if thumbprint:
        trail.passed("dpop", jkt=thumbprint)
    return thumbprint


def _exchange(work: Work, exchange: Exchange) -> Issued | Denied:
    asked = exchange.required("grant_type")
    grant = GRANTS.get(asked)
    if grant is None:
        raise UnsupportedGrantType(
            "This grant_type is not offered.", cause=phrase("grant_type %(asked)s", asked=repr(asked[:80]))
        )
    if asked not in exchange.client.grant_types:
        raise UnauthorizedClient(
            "The client is not registered for this grant_type.", cause=phrase("grant_type %(asked)s", asked=asked)
        )
    return grant(work, exchange)


def _issued(work: Work, client: ClientFacts, issued: Issued, trail: Trail, grant_type: str) -> None:
    trail.passed("grant", grant_type=grant_type, scope=" ".join(issued.scope), token_id=issued.token_id)
    trail.succeeded()
    attempts.save(work, trail)
    record(
        work,
        TokenIssued(
            organization_id=client.organization_id,
            target_id=issued.target_id,
            attempt_id=trail.id,
            client_id=client.client_id,
            grant_type=grant_type,
            scope=" ".join(issued.scope),
            token_id=issued.token_id,
        ),
    )
