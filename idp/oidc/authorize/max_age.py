"""Check how old the sign-in may be (OpenID Connect Core 3.1.2.1; O27)."""

import re
from datetime import timedelta

from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest

_SECONDS = re.compile(r"[0-9]{1,9}")


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidRequest: it is no number of seconds.
    """
    if request.max_age is not None and not _SECONDS.fullmatch(request.max_age):
        raise InvalidRequest("The max_age is no number of seconds.")


def greatest(request: AuthorizeRequest) -> timedelta | None:
    """Return how old the sign-in may be: as asked, else as the client registered. Zero counts."""
    if request.max_age is None:
        return request.client.default_max_age
    return timedelta(seconds=int(request.max_age))
