"""Say which strength of signing in is asked for (OpenID Connect Core 3.1.2.1 and 5.5.1.1)."""

from idp.oidc import contexts
from idp.oidc.authorize import claims, prompt
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest
from idp.policy.signon import Strength

_MOST = 20


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidRequest: there are too many of them.
    """
    if len((request.acr_values or "").split()) > _MOST:
        raise InvalidRequest("There are too many acr_values.")


def wished(request: AuthorizeRequest) -> tuple[str, ...]:
    """Return the authentication contexts that the client names, in its order."""
    asked = claims.read(request)
    if asked.acr:
        return asked.acr
    if request.acr_values is not None:
        return tuple(request.acr_values.split())
    return request.client.default_acr_values


def demanded(request: AuthorizeRequest) -> tuple[Strength | None, bool]:
    """
    Return the strength to ask of the person, and whether what is demanded cannot be given at all.

    An essential ``acr`` is a demand: the weakest of its values will do. ``acr_values`` are a
    wish: the first that we know is asked for, but where nothing may be shown it is let go, and
    so it is where the person would have to set something up first (see `is_wish`).
    """
    known = [contexts.STRENGTHS[name] for name in wished(request) if name in contexts.STRENGTHS]
    if claims.read(request).acr_essential:
        named = wished(request)
        return (min(known) if known else None), bool(named) and not known
    if not known or prompt.NONE in prompt.prompts(request):
        return None, False
    return known[0], False


def is_wish(request: AuthorizeRequest) -> bool:
    """
    Say whether the contexts are a voluntary claim: without them the person is to be signed in as well,
    and the answer says what was reached (OpenID Connect Core 5.5.1.1).
    """
    return not claims.read(request).acr_essential
