"""Check the code challenge (RFC 7636 section 4.3, RFC 9700 section 2.1.1; O6)."""

import re

from idp.oidc.authorize import response_type
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest

S256 = "S256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url, always of this length


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidRequest: the challenge is missing where it is required, malformed, or not S256.
    """
    if request.code_challenge is None:
        if is_required(request) and not response_type.is_without_code(request):
            raise InvalidRequest("The code_challenge is missing (PKCE, RFC 7636).")
        if request.code_challenge_method is not None:
            raise InvalidRequest("A code_challenge_method without a code_challenge.")
        return
    if request.code_challenge_method != S256:
        raise InvalidRequest("The code_challenge_method must be S256.")
    if not _CHALLENGE.fullmatch(request.code_challenge):
        raise InvalidRequest("The code_challenge is malformed.")


def is_required(request: AuthorizeRequest) -> bool:
    """Say whether this client must use PKCE: always, unless it is confidential and excused, itself or by its site."""
    if request.client.public:
        return True
    return request.client.pkce_required and not request.provider.site.pkce_for_public_clients_only
