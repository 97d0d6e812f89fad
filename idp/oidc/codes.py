"""
Authorization codes: one-time values, good for a minute, bound to all that they came of
(RFC 6749 section 4.1.2; O8, O9, O10).
"""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from idp.base.ids import is_token, new_token
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.oidc.authorize.request import AuthorizeRequest
from idp.signon import onetime
from idp.signon.onetime import AlreadyUsed, Consumed, Unused

PURPOSE = "oidc.code"
KIND = "cod"
LIVES = timedelta(seconds=60)


@quickly_made
@dataclass(frozen=True, slots=True)
class Binding:
    """
    What a code was issued for.

    ``challenge`` is empty only for a client excused from PKCE; ``key_thumbprint`` is of the key that must be
    proven when it is redeemed, empty where the request named none (RFC 9449 section 10).
    """

    site_id: str
    client_id: str
    redirect_uri: str
    challenge: str
    nonce: str
    grant_id: str
    key_thumbprint: str = ""


def issue(work: Work, request: AuthorizeRequest, grant_id: str) -> str:
    """Return a code for the tokens of the grant that *request* led to."""
    binding = Binding(
        site_id=request.provider.site_id,
        client_id=request.client.client_id,
        redirect_uri=request.redirect_uri,
        challenge=request.code_challenge or "",
        nonce=request.nonce or "",
        grant_id=grant_id,
        key_thumbprint=request.dpop_jkt or "",
    )
    code = new_token(KIND)
    onetime.store(
        work, PURPOSE, code, organization_id=request.client.organization_id, bound=asdict(binding), lives=LIVES
    )
    return code


def look(work: Work, code: str) -> tuple[Binding, bool] | None:
    """Return what *code* is bound to and whether it was used before; None if there is none, or it is too late."""
    found = onetime.look(work, PURPOSE, code) if is_token(code, KIND) else None
    match found:
        case Unused(bound):
            return _binding(bound), False
        case AlreadyUsed(bound):
            return _binding(bound), True
    return None


def consume(work: Work, code: str) -> bool:
    """Use *code* up; say whether it was this call that did (O7)."""
    return isinstance(onetime.consume(work, PURPOSE, code), Consumed)


def _binding(bound: dict[str, Any]) -> Binding:
    return Binding(**bound)
