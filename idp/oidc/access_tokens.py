"""
Access tokens: what they are for, what they say, and how a foreign string is recognised as one of ours
(RFC 9068; D10, D11). They are signed JWTs and are not stored, but for an API that wants opaque ones.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select

from idp.base.ids import new_id
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent
from idp.base.texts import phrase
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.keyring import keyring
from idp.keyring.keyring import TOKEN_SIGNING
from idp.oidc import api_facts, client_facts, grants, jose, opaque_tokens, scopes, signing
from idp.oidc.api_facts import SiteApis
from idp.oidc.client_facts import ClientFacts
from idp.oidc.grants import Dead, LiveGrant
from idp.oidc.jose import Purpose, Typ, Unverified
from idp.oidc.models import RevokedToken
from idp.oidc.provider import Provider

LIVES = timedelta(minutes=10)

_REVOKE = Prepared(insert_if_absent(RevokedToken))
_IS_REVOKED = Prepared(select(RevokedToken.token_id).where(RevokedToken.token_id == bindparam("token_id")))


@quickly_made
@dataclass(frozen=True, slots=True)
class Target:
    """
    What an access token is for: who may take it, for what, for how long, and in whose hands.

    Args:
        api_id: the API that wants an opaque token; empty: a JWT.
        key_thumbprint: of the key that whoever shows it must hold (RFC 9449 section 6); empty: a bearer token.
    """

    audience: tuple[str, ...]
    scope: tuple[str, ...]
    lives: timedelta = LIVES
    api_id: str = ""
    key_thumbprint: str = ""


@quickly_made
@dataclass(frozen=True, slots=True)
class AccessToken:
    """
    An access token of ours that is good now. ``grant`` is None where the client acts for itself.

    ``audience`` and ``scope`` are what is left of them now.
    """

    id: str
    client: ClientFacts
    subject: str
    audience: tuple[str, ...]
    scope: tuple[str, ...]
    key_thumbprint: str
    issued_at: int
    expires_at: int
    grant: LiveGrant | None
    opaque: bool = False


@quickly_made
@dataclass(frozen=True, slots=True)
class Made:
    """An access token that was just issued: its text, its id, and what it is for."""

    token: str
    id: str
    target: Target


def issue(
    work: Work, provider: Provider, client: ClientFacts, target: Target, *, subject: str, grant: LiveGrant | None = None
) -> Made:
    """
    Return an access token (RFC 9068 section 2.2) for *target*; it lives no longer than *grant*, as an API that
    reads it by itself asks nobody whether the session is over.

    Args:
        grant: of the person it speaks of; None where the client acts for itself.
    """
    token_id = new_id("tok")
    if grant is not None:
        target = replace(target, lives=min(target.lives, grant.expires_at - work.now))
    said = payload(provider, client, target, token_id=token_id, subject=subject, at=int(work.now.timestamp()))
    if grant is not None:
        said["grant_id"] = grant.id
        said["auth_time"] = int(grant.authenticated_at.timestamp())  # RFC 9068 section 2.2.1, RFC 9470 section 6.1
        said["acr"] = grant.details.acr
    if target.key_thumbprint:
        said["cnf"] = {"jkt": target.key_thumbprint}
    if target.api_id:
        token = opaque_tokens.keep(
            work, client.organization_id, client.application_id, target.api_id, said, target.lives
        )
    else:
        token = signing.signed(work, provider, client.access_token_algorithm, said, Typ.ACCESS_TOKEN)
    return Made(token, token_id, target)


def payload(
    provider: Provider, client: ClientFacts, target: Target, *, token_id: str, subject: str, at: int
) -> dict[str, Any]:
    """Return what an access token for *target* says that is issued *at* (seconds since 1970), before what its grant adds."""
    return {
        "iss": provider.issuer,
        "sub": subject,
        "aud": target.audience[0] if len(target.audience) == 1 else list(target.audience),
        "client_id": client.client_id,
        "exp": at + int(target.lives.total_seconds()),
        "iat": at,
        "jti": token_id,
        "scope": " ".join(target.scope),
    }


def find(work: Work, provider: Provider, token: str) -> AccessToken:
    """
    Return the access token *token* of this provider, if it is good now.

    Signature, kind, times, revocation, client, APIs and their scopes and, for a person's token, everything
    that `grants.standing` looks at.

    Raises:
        Unverified: it is not; the message says why, for the administrator.
    """
    said = stated(work, provider, token)
    opaque = opaque_tokens.is_opaque(token)
    client = client_facts.at_site(work, provider.organization_id, provider.site_id, said["client_id"])
    if client is None or not client.enabled:
        raise Unverified("its client is gone or disabled")
    if not opaque and work.tx.row(_IS_REVOKED, token_id=said["jti"]) is not None:
        raise Unverified("it was revoked")
    scope, resources = said["scope"].split(), [one for one in _listed(said["aud"]) if one != provider.issuer]
    apis = scopes.apis_for(work, client, scope, resources)
    audience = tuple(one for one in _listed(said["aud"]) if one == provider.issuer or apis.enabled(one) is not None)
    if not audience:
        raise Unverified("its API is gone or disabled")
    grant: LiveGrant | None = None
    if "grant_id" in said:
        found = grants.standing(work, client, said["grant_id"])
        if isinstance(found, Dead):
            raise Unverified(found.cause)
        grant = found
    return AccessToken(
        id=said["jti"],
        client=client,
        subject=said["sub"],
        audience=audience,
        scope=_left(work, provider, client, grant, scope, apis, audience),
        key_thumbprint=said.get("cnf", {}).get("jkt", ""),
        issued_at=said["iat"],
        expires_at=said["exp"],
        grant=grant,
        opaque=opaque,
    )


def stated(work: Work, provider: Provider, token: str) -> dict[str, Any]:
    """
    Return what *token* says, if it is an access token of this provider and not over. Whether it is good now is
    for `find` to say.

    Raises:
        Unverified: it is none, or over.
    """
    return _stored(work, provider, token) if opaque_tokens.is_opaque(token) else _signed(work, provider, token)


def _signed(work: Work, provider: Provider, token: str) -> dict[str, Any]:
    def is_audience(named: str) -> bool:
        if named == provider.issuer:
            return True
        return named in api_facts.at_site(work, provider.organization_id, provider.site_id).by_identifier

    return jose.verify(
        token,
        Purpose.ACCESS_TOKEN,
        jose.own_keys(keyring.published(work, provider.organization_id, provider.site_id, TOKEN_SIGNING)),
        issuer=provider.issuer,
        is_audience=is_audience,
        now=work.now,
    )


def _stored(work: Work, provider: Provider, token: str) -> dict[str, Any]:
    said = opaque_tokens.find(work, provider.organization_id, token)
    if said is None:
        raise Unverified("there is no such opaque token, or it is over or revoked")
    if said["iss"] != provider.issuer:
        raise Unverified(phrase("it was issued at %(said)s", said=said["iss"]))
    return said


def _listed(audience: str | list[str]) -> list[str]:
    return [audience] if isinstance(audience, str) else audience


def _left(
    work: Work,
    provider: Provider,
    client: ClientFacts,
    grant: LiveGrant | None,
    scope: list[str],
    apis: SiteApis,
    audience: tuple[str, ...],
) -> tuple[str, ...]:
    """What of its scope the client, and the person, may have now, at an audience that is left."""
    found = scopes.of_client(work, client, scope) if grant is None else scopes.of_grant(work, client, grant, scope)
    return tuple(token for token in found if apis.audience_of(token, provider.issuer) in audience)


def revoke(work: Work, client: ClientFacts, token: str, said: dict[str, Any]) -> bool:
    """
    End an access token of *client* before its time; say whether it was not ended before.

    Args:
        said: what `stated` returned for *token*.
    """
    if opaque_tokens.is_opaque(token):
        return opaque_tokens.remove(work, client.organization_id, said["jti"], at=work.now)
    return bool(
        work.tx.run(
            _REVOKE,
            token_id=said["jti"],
            organization_id=client.organization_id,
            revoked_at=work.now,
            expires_at=datetime.fromtimestamp(said["exp"], UTC) + jose.SKEW,
        )
    )
