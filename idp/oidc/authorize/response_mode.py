"""Check how the answer is carried (OAuth 2.0 Multiple Response Types section 2.1, Form Post Response Mode; O30)."""

from idp.base.texts import phrase
from idp.oidc.authorize import response_type
from idp.oidc.authorize.identify import FORM_POST, FRAGMENT, QUERY
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest
from idp.oidc.metadata import CODE

MODES = (QUERY, FRAGMENT, FORM_POST)
_OF_A_CODE = (QUERY, FORM_POST)
_OF_TOKENS = (FRAGMENT, FORM_POST)


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidRequest: no such mode, or one that this answer must not travel in: a code in a fragment,
            where scripts of the page read it, or a token in a query, which servers write into logs.
    """
    if request.response_mode is None:
        return
    allowed = _OF_A_CODE if response_type.parts(request) == {CODE} else _OF_TOKENS
    if request.response_mode not in allowed:
        raise InvalidRequest(
            "This response_mode is not offered for this response_type.",
            cause=phrase("response_mode %(response_mode)s", response_mode=repr(request.response_mode[:80])),
        )
