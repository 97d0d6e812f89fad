"""UserInfo (OpenID Connect Core section 5.3): what of a person's claims an access token may see now."""

from dataclasses import dataclass
from typing import Any

import orjson

from idp.base.texts import phrase, words_of
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.oidc import access_tokens, claims, dpop, encryption, jose, signing
from idp.oidc.access_tokens import AccessToken
from idp.oidc.claims import OPENID
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import InsufficientScope, InvalidDpopProof, InvalidRequest, InvalidToken
from idp.oidc.jose import Typ, Unverified
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider

BEARER, DPOP = "Bearer", "DPoP"


@quickly_made
@dataclass(frozen=True, slots=True)
class Presented:
    """
    An access token as it came with a request: by which scheme, and with which header ``DPoP``, if any.

    What comes in a form comes as a bearer token.
    """

    token: str
    scheme: str = BEARER
    method: str = "GET"
    proof: str | None = None


def presented(
    authorization: str | None, query: Parameters, form: Parameters, *, method: str = "GET", proof: str | None = None
) -> Presented | None:
    """
    Return the access token that came with a request, None if there was none (RFC 6750 section 2, RFC 9449
    section 7.1; O25).

    Args:
        method: of the request, as in HTTP.
        proof: the header ``DPoP``.

    Raises:
        InvalidRequest: in the address, in two places at once, or twice.
    """
    if query.has("access_token"):
        raise InvalidRequest("An access token does not belong into an address.")
    if "access_token" in form.repeated:
        raise InvalidRequest("The access token is repeated.")
    in_form = form.get("access_token")
    name, _, credentials = (authorization or "").partition(" ")
    scheme = next((known for known in (BEARER, DPOP) if known.lower() == name.lower()), None)
    if scheme is not None and in_form is not None:
        raise InvalidRequest("The access token came in two ways.")
    if scheme is not None and credentials.strip():
        return Presented(credentials.strip(), scheme, method, proof)
    return Presented(in_form) if in_form is not None else None


def answer(work: Work, provider: Provider, sent: Presented) -> dict[str, Any] | str:
    """
    Return the claims that the access token that was *sent* may see; as a JWT where its client has registered that
    it wants them signed or encrypted (section 5.3.2).

    Raises:
        InvalidToken: it is not good now, or not as it was presented.
        InvalidDpopProof, UseDpopNonce: it is bound to a key that was not proven.
        InsufficientScope: it is not of a sign-on with OpenID Connect.
        CannotEncrypt: the client wants them encrypted and has no key for that.
        KeysWanted: the keys that they are to be encrypted to must be fetched first.
    """
    try:
        found = access_tokens.find(work, provider, sent.token)
    except Unverified as error:
        issuer = (jose.unverified_claim(sent.token, "iss") or "")[:500]
        raise InvalidToken(
            cause=phrase("access token: %(error)s", error=words_of(error)), **error.facts, issuer=issuer
        ) from error
    _check_possession(work, provider, found, sent)
    if provider.issuer not in found.audience:  # RFC 9068 section 4
        raise InvalidToken(
            cause=phrase("access token: it is for %(audience)s, not for UserInfo", audience=", ".join(found.audience))
        )
    if found.grant is None or OPENID not in found.scope:
        raise InsufficientScope("The access token is not of a sign-on with the scope openid.")
    names = (*claims.by_scope(found.scope), *found.grant.details.userinfo_claims)
    said = claims.of_grant(work, provider.site_id, found.grant, names) | {"sub": found.subject}
    return _as_wanted(work, provider, found.client, said)


def _as_wanted(work: Work, provider: Provider, client: ClientFacts, said: dict[str, Any]) -> dict[str, Any] | str:
    """What is signed says by whom and for whom. What is only encrypted is the JSON itself, not a JWT in it."""
    if client.userinfo_algorithm is not None:
        said |= {"iss": provider.issuer, "aud": client.client_id}
        signed = signing.signed(work, provider, client.userinfo_algorithm, said, Typ.USERINFO)
        return encryption.demanded(client, client.userinfo_encryption, signed)
    if client.userinfo_encryption is not None:
        return encryption.demanded(client, client.userinfo_encryption, orjson.dumps(said).decode(), nested=False)
    return said


def _check_possession(work: Work, provider: Provider, found: AccessToken, sent: Presented) -> None:
    """RFC 9449 sections 7.1 and 7.2: a token that is bound to a key comes with a proof of it, any other without (O34)."""
    if bool(found.key_thumbprint) != (sent.scheme == DPOP):
        raise InvalidToken(
            cause=phrase(
                "access token: presented as %(scheme)s, bound to the key %(key_thumbprint)s",
                scheme=sent.scheme,
                key_thumbprint=repr(found.key_thumbprint),
            )
        )
    if not found.key_thumbprint:
        return
    if sent.proof is None:
        raise InvalidDpopProof("A bound access token comes with a DPoP proof.", cause="no header DPoP")
    key = dpop.of_request(work, provider, sent.proof, method=sent.method, endpoint="userinfo", access_token=sent.token)
    if key != found.key_thumbprint:
        raise InvalidDpopProof(
            "The DPoP proof is of another key than the access token.",
            cause=phrase("proof of %(key)s, not of the token's key", key=key),
        )
