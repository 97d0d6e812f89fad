"""Token revocation (RFC 7009): a client takes back a token of its own; another's stays as it is (O23)."""

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import TokenRevoked
from idp.audit.log import record
from idp.base.texts import phrase
from idp.base.work import Work
from idp.oidc import access_tokens, grants, refresh_tokens
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import InvalidRequest, OAuthError
from idp.oidc.jose import Unverified
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import Wanted
from idp.oidc.token.endpoint import as_client, authenticated, refused
from idp.oidc.token.exchange import Denied

KIND = "oidc.revoke"
_BECAUSE = phrase("revoked by the client")


def answer(
    work: Work, provider: Provider, sent: Parameters, authorization: str | None, trail: Trail
) -> Denied | Wanted | None:
    """
    Revoke the token; None says that it is not good now, whether it was before or not (section 2.2).

    A refresh token ends its grant and with it every token of it; an access token ends alone.

    Raises:
        OAuthError: the client did not prove who it is.
    """
    client = authenticated(work, provider, sent, authorization, trail)
    if isinstance(client, Wanted):
        return client
    work = as_client(work, client)
    token = sent.get("token")
    if token is None:
        error: OAuthError = InvalidRequest("The token is missing.")
        refused(work, client, error, trail)
        return Denied(error)
    if _revoke_refresh_token(work, client, token) or _revoke_access_token(work, provider, client, token):
        trail.passed("revoked")
        trail.succeeded()
        attempts.save(work, trail)
    return None


def _revoke_refresh_token(work: Work, client: ClientFacts, token: str) -> bool:
    found = refresh_tokens.find(work, token)
    if found is None or (found.organization_id, found.application_id) != (
        client.organization_id,
        client.application_id,
    ):
        return False
    return grants.revoke(work, client, found.grant_id, because=_BECAUSE)


def _revoke_access_token(work: Work, provider: Provider, client: ClientFacts, token: str) -> bool:
    """Also one that is good for nothing just now: its person, its API or a grant may be back before it is over."""
    try:
        said = access_tokens.stated(work, provider, token)
    except Unverified:
        return False
    if said["client_id"] != client.client_id or not access_tokens.revoke(work, client, token, said):
        return False
    record(
        work,
        TokenRevoked(
            organization_id=client.organization_id,
            target_id=client.application_id,
            client_id=client.client_id,
            grant_id=said.get("grant_id", ""),
            cause=_BECAUSE,
        ),
    )
    return True
