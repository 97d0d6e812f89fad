"""ID tokens: what is said of a sign-on to the client that asked for it (OpenID Connect Core section 2)."""

from datetime import timedelta

from idp.base.work import Work
from idp.oidc import claims, encryption, jose, session_ids, signing
from idp.oidc.client_facts import ClientFacts
from idp.oidc.grants import LiveGrant
from idp.oidc.jose import Typ
from idp.oidc.provider import Provider

LIVES = timedelta(minutes=5)


def issue(
    work: Work,
    provider: Provider,
    client: ClientFacts,
    grant: LiveGrant,
    *,
    access_token: str = "",
    code: str = "",
    nonce: str = "",
    with_scope: bool = False,
) -> str:
    """
    Return the ID token of a sign-on (OpenID Connect Core sections 2 and 3.3.2.11); what we say of it comes last.

    Args:
        access_token, code: what comes together with it, to be bound to it by a hash.
        with_scope: there is no access token to come to UserInfo with, so the claims of the scope are
            in here (section 5.4).

    Raises:
        CannotEncrypt: the client wants it encrypted and has no key for that.
        KeysWanted: the keys that it is to be encrypted to must be fetched first.
    """
    at = int(work.now.timestamp())
    names = grant.details.id_token_claims
    if with_scope:
        names = (*claims.by_scope(grant.scope), *names)
    said = claims.of_grant(work, provider.site_id, grant, names)
    said |= {
        "iss": provider.issuer,
        "sub": grant.subject,
        "aud": client.client_id,
        "exp": at + int(LIVES.total_seconds()),
        "iat": at,
        "auth_time": int(grant.authenticated_at.timestamp()),
        "acr": grant.details.acr,
        "amr": list(grant.details.amr),
        "sid": session_ids.of(work, client, grant.session_id),
    }
    if access_token:
        said["at_hash"] = jose.half_hash(access_token, client.id_token_algorithm)
    if code:
        said["c_hash"] = jose.half_hash(code, client.id_token_algorithm)
    if nonce:
        said["nonce"] = nonce
    signed = signing.signed(work, provider, client.id_token_algorithm, said, Typ.ID_TOKEN)
    return encryption.demanded(client, client.id_token_encryption, signed)
