"""Check whether and how the person may be asked (OpenID Connect Core 3.1.2.1; O27)."""

from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest

NONE, LOGIN, CONSENT, SELECT_ACCOUNT = "none", "login", "consent", "select_account"
PROMPTS = (NONE, LOGIN, CONSENT, SELECT_ACCOUNT)


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidRequest: no such prompt, or ``none`` together with another.
    """
    asked = prompts(request)
    if not asked <= set(PROMPTS):
        raise InvalidRequest("A part of the prompt is not known here.")
    if NONE in asked and len(asked) > 1:
        raise InvalidRequest("The prompt none stands alone.")


def prompts(request: AuthorizeRequest) -> frozenset[str]:
    """Return the prompts asked for."""
    return frozenset((request.prompt or "").split())
