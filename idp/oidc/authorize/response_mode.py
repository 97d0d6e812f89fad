"""Check how the answer is carried (OAuth 2.0 Multiple Response Types section 2.1, Form Post Response Mode)."""

from idp.oidc.authorize.identify import FORM_POST, QUERY
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest

MODES = (QUERY, FORM_POST)


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidRequest: no such mode, or one that a code must not travel in (a fragment).
    """
    if request.response_mode is not None and request.response_mode not in MODES:
        raise InvalidRequest(
            "This response_mode is not offered for a code.", cause=f"response_mode {request.response_mode[:80]!r}"
        )
