"""Say whom the client speaks of (OpenID Connect Core 3.1.2.1 and 5.5.1; O16, O27)."""

from idp.base.texts import phrase, words_of
from idp.base.work import Work
from idp.oidc import hints, jose, subjects
from idp.oidc.authorize import claims
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest
from idp.oidc.jose import Purpose, Unverified

NOBODY = "nobody"
"""An account hint that is no account: who is signed in is certainly another."""


def account_hint(work: Work, request: AuthorizeRequest) -> str:
    """
    Return the account that must sign on: by an ID token of ours for this client (an old one will
    do), or by the ``sub`` that the claims ask for; empty where the client names nobody.

    Raises:
        InvalidRequest: the hint is no such ID token, or the two name different persons.
    """
    named = {claims.read(request).subject, _of_hint(work, request)} - {None}
    if len(named) > 1:
        raise InvalidRequest("The request speaks of two persons at once.")
    if not named:
        return ""
    subject, sector = str(named.pop()), request.client.sector
    return subjects.account_of(work, request.provider.organization_id, subject, sector) or NOBODY


def _of_hint(work: Work, request: AuthorizeRequest) -> str | None:
    if request.id_token_hint is None:
        return None
    provider = request.provider
    try:
        found = jose.verify(
            request.id_token_hint,
            Purpose.ID_TOKEN_HINT,
            hints.keys(work, provider, request.id_token_hint),
            issuer=provider.issuer,
            is_audience=request.client.client_id.__eq__,
            now=work.now,
        )
    except Unverified as error:
        raise InvalidRequest(
            "The id_token_hint is no ID token of this client.",
            cause=phrase("id_token_hint: %(error)s", error=words_of(error)),
            issuer=(jose.unverified_claim(request.id_token_hint, "iss") or "")[:500],
        ) from error
    return str(found["sub"])
