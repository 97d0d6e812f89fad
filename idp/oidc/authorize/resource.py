"""Check which APIs the tokens are to be for (RFC 8707 section 2.1)."""

from idp.base.texts import phrase
from idp.oidc import targets
from idp.oidc.authorize import scope
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidTarget


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidTarget: no enabled API of this site is called so, or the client may do nothing of what it asks there.
    """
    targets.check_known(request.provider, request.apis, request.resources)
    meant = {request.apis.audience_of(token, request.provider.issuer) for token in scope.granted(request)}
    idle = [resource for resource in request.resources if resource not in meant]
    if idle:
        raise InvalidTarget(
            "There is nothing to be done at this resource.",
            cause=phrase("no scope of %(idle)s", idle=repr(idle[0][:200])),
        )
