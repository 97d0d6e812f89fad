"""ID tokens: what is said of a sign-on to the client that asked for it (OpenID Connect Core section 2)."""

from datetime import timedelta

from idp.base.work import Work
from idp.oidc import claims, encryption, jose, session_ids, signing
from idp.oidc.clients import ClientFacts
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
    access_token: str,
    nonce: str = "",
) -> str:
    """
    Return the ID token of a sign-on (OpenID Connect Core sections 2 and 3.1.3.6); what we say of it comes last.

    Raises:
        CannotEncrypt: the client wants it encrypted and has no key for that.
        KeysWanted: the keys that it is to be encrypted to must be fetched first.
    """
    at = int(work.now.timestamp())
    said = claims.of_grant(work, provider.site_id, grant, grant.details.id_token_claims)
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
        "at_hash": jose.half_hash(access_token, client.id_token_algorithm),
    }
    if nonce:
        said["nonce"] = nonce
    signed = signing.signed(work, provider, client.id_token_algorithm, said, Typ.ID_TOKEN)
    return encryption.demanded(client, client.id_token_encryption, signed)
