"""
Tokens: what they say, how long they live, and how a foreign string is recognised as one of ours
(RFC 9068, OpenID Connect Core section 2, RFC 6749 section 5.1; D10, D11).

Access and ID tokens are signed JWTs and are not stored; refresh tokens are rows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, insert, select, update

from idp.base.db import Prepared, insert_if_absent, table
from idp.base.ids import fingerprint, is_token, new_id, new_token
from idp.base.work import Work
from idp.keyring import keyring
from idp.keyring.keyring import TOKEN_SIGNING
from idp.oidc import claims, clients, grants, jose
from idp.oidc.claims import OPENID
from idp.oidc.clients import ClientFacts
from idp.oidc.grants import Dead, LiveGrant
from idp.oidc.jose import Purpose, Typ, Unverified
from idp.oidc.models import Grant, RefreshToken, RevokedToken
from idp.oidc.provider import Provider

ACCESS_TOKEN_LIVES = timedelta(minutes=10)
ID_TOKEN_LIVES = timedelta(minutes=5)
REFRESH_TOKEN_IDLE = timedelta(days=7)
REFRESH = "rfr"

_REFRESH_TABLE = table(RefreshToken)
_KEEP_REFRESH = Prepared(insert(_REFRESH_TABLE))
_FIND_REFRESH = Prepared(
    select(
        RefreshToken.organization_id,
        RefreshToken.id,
        RefreshToken.grant_id,
        RefreshToken.created_at,
        RefreshToken.expires_at,
        RefreshToken.used_at,
        Grant.application_id,
    )
    .join(Grant, and_(Grant.organization_id == RefreshToken.organization_id, Grant.id == RefreshToken.grant_id))
    .where(RefreshToken.token_hash == bindparam("token_hash"))
)
_USE_REFRESH = Prepared(
    update(_REFRESH_TABLE)
    .where(
        _REFRESH_TABLE.c.organization_id == bindparam("of_organization"),
        _REFRESH_TABLE.c.id == bindparam("of_token"),
        _REFRESH_TABLE.c.used_at.is_(None),
    )
    .values(used_at=bindparam("at", type_=_REFRESH_TABLE.c.used_at.type))
)
_REVOKE = Prepared(insert_if_absent(RevokedToken))
_IS_REVOKED = Prepared(select(RevokedToken.token_id).where(RevokedToken.token_id == bindparam("token_id")))


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token of ours that is good now. ``grant`` is None where the client acts for itself."""

    id: str
    client: ClientFacts
    subject: str
    scope: tuple[str, ...]
    issued_at: int
    expires_at: int
    grant: LiveGrant | None


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token as it is stored; whether it is good is for whoever uses it to say."""

    organization_id: str
    id: str
    grant_id: str
    application_id: str
    created_at: datetime
    expires_at: datetime
    used: bool


# Issuing


def access_token(
    work: Work,
    provider: Provider,
    client: ClientFacts,
    *,
    subject: str,
    scope: tuple[str, ...],
    grant_id: str | None = None,
) -> tuple[str, str]:
    """Return an access token (RFC 9068 section 2.2) and its id. Its audience is the issuer itself."""
    token_id = new_id("tok")
    at = int(work.now.timestamp())
    said: dict[str, Any] = {
        "iss": provider.issuer,
        "sub": subject,
        "aud": provider.issuer,
        "client_id": client.client_id,
        "exp": at + int(ACCESS_TOKEN_LIVES.total_seconds()),
        "iat": at,
        "jti": token_id,
        "scope": " ".join(scope),
    }
    if grant_id is not None:
        said["grant_id"] = grant_id
    return _signed(work, provider, client.access_token_algorithm, said, Typ.ACCESS_TOKEN), token_id


def id_token(
    work: Work,
    provider: Provider,
    client: ClientFacts,
    grant: LiveGrant,
    *,
    access_token: str,
    nonce: str = "",
) -> str:
    """Return the ID token of a sign-on (OpenID Connect Core sections 2 and 3.1.3.6); what we say of it comes last."""
    at = int(work.now.timestamp())
    said = claims_of(work, provider, grant, grant.details.id_token_claims)
    said |= {
        "iss": provider.issuer,
        "sub": grant.subject,
        "aud": client.client_id,
        "exp": at + int(ID_TOKEN_LIVES.total_seconds()),
        "iat": at,
        "auth_time": int(grant.authenticated_at.timestamp()),
        "acr": grant.details.acr,
        "amr": list(grant.details.amr),
        "sid": grant.session_id,
        "at_hash": jose.half_hash(access_token),
    }
    if nonce:
        said["nonce"] = nonce
    return _signed(work, provider, client.id_token_algorithm, said, Typ.ID_TOKEN)


def answer(
    work: Work,
    provider: Provider,
    client: ClientFacts,
    grant: LiveGrant,
    *,
    scope: tuple[str, ...],
    nonce: str = "",
) -> tuple[dict[str, Any], str]:
    """
    Return the token response for a person's grant, without a refresh token, and the access token's id.

    Only reads and signs; nothing is written.
    """
    access, token_id = access_token(work, provider, client, subject=grant.subject, scope=scope, grant_id=grant.id)
    body = response(access, scope)
    if OPENID in scope:
        body["id_token"] = id_token(work, provider, client, grant, access_token=access, nonce=nonce)
    return body, token_id


def response(access: str, scope: tuple[str, ...]) -> dict[str, Any]:
    """Return the token response for an access token (RFC 6749 section 5.1)."""
    return {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": int(ACCESS_TOKEN_LIVES.total_seconds()),
        "scope": " ".join(scope),
    }


def claims_of(work: Work, provider: Provider, grant: LiveGrant, names: tuple[str, ...]) -> dict[str, Any]:
    """Return those of the claims *names* about the grant's person that may leave to its application now."""
    return claims.of_account(
        work, grant.organization_id, provider.site_id, grant.application_id, grant.account_id, names
    )


def _signed(work: Work, provider: Provider, algorithm: str, said: dict[str, Any], typ: Typ) -> str:
    kind = jose.SIGNING_ALGORITHMS[algorithm]
    key = keyring.active(work, provider.organization_id, provider.site_id, TOKEN_SIGNING, kind)
    return jose.sign(said, key, typ)


# Refresh tokens


def keep_refresh_token(work: Work, grant: LiveGrant) -> str:
    """Make a refresh token of *grant*; it lives a week unused, and never longer than the grant."""
    token = new_token(REFRESH)
    work.tx.run(
        _KEEP_REFRESH,
        organization_id=grant.organization_id,
        id=new_id("rft"),
        grant_id=grant.id,
        token_hash=fingerprint(token),
        created_at=work.now,
        expires_at=min(work.now + REFRESH_TOKEN_IDLE, grant.expires_at),
        used_at=None,
    )
    return token


def find_refresh_token(work: Work, token: str) -> Refresh | None:
    """Return the refresh token *token*, used or not, or None. Only the whole token counts (O24)."""
    row = work.tx.row(_FIND_REFRESH, token_hash=fingerprint(token)) if is_token(token, REFRESH) else None
    if row is None:
        return None
    return Refresh(
        organization_id=row.organization_id,
        id=row.id,
        grant_id=row.grant_id,
        application_id=row.application_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used=row.used_at is not None,
    )


def use_refresh_token(work: Work, refresh: Refresh) -> bool:
    """Use a refresh token up; say whether it was this call that did. Of many at once, one does (O21)."""
    return bool(work.tx.run(_USE_REFRESH, of_organization=refresh.organization_id, of_token=refresh.id, at=work.now))


# Recognising


def find(work: Work, provider: Provider, token: str) -> AccessToken:
    """
    Return the access token *token* of this provider, if it is good now.

    Signature, kind, times, revocation, client and, for a person's token, everything that
    `grants.standing` looks at.

    Raises:
        Unverified: it is not; the message says why, for the administrator.
    """
    said = jose.verify(
        token,
        Purpose.ACCESS_TOKEN,
        jose.own_keys(keyring.published(work, provider.organization_id, provider.site_id, TOKEN_SIGNING)),
        issuer=provider.issuer,
        is_audience=provider.issuer.__eq__,
        now=work.now,
    )
    client = clients.at_site(work, provider.organization_id, provider.site_id, said["client_id"])
    if client is None or not client.enabled:
        raise Unverified("its client is gone or disabled")
    if work.tx.row(_IS_REVOKED, token_id=said["jti"]) is not None:
        raise Unverified("it was revoked")
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
        scope=tuple(said["scope"].split()),
        issued_at=said["iat"],
        expires_at=said["exp"],
        grant=grant,
    )


def revoke(work: Work, token: AccessToken) -> bool:
    """End one access token before its time; say whether it was good until now."""
    return bool(
        work.tx.run(
            _REVOKE,
            token_id=token.id,
            organization_id=token.client.organization_id,
            revoked_at=work.now,
            expires_at=work.now + ACCESS_TOKEN_LIVES + jose.SKEW,
        )
    )
