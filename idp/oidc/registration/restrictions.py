"""
What a client that registers itself may have (O19): less than one that an administrator registers.

It names no scope but the standard ones, never acts for itself, asks nobody for the code of a device, is never
the organization's own, and has legacy response types only where its site says so. Everything else is checked as for all clients.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.directory.sites import SiteFacts
from idp.oidc import claims, metadata
from idp.oidc.errors import InvalidClientMetadata, InvalidRedirectUri, OAuthError
from idp.oidc.metadata import CLIENT_CREDENTIALS, CODE, DEVICE_CODE
from idp.oidc.registration import software_statement

T = TypeVar("T")
_WITHHELD = (CLIENT_CREDENTIALS, DEVICE_CODE)
"""A machine's own rights are somebody's to give; and whoever wants to trick people by a code of a device (RFC 8628
section 5.4) must not be able to make the client for it (O35)."""
_QUOTES = str.maketrans({"“": "'", "”": "'", '"': "'", "\\": "/"})


def read(site: SiteFacts, asked: dict[str, Any], *, allow_http_loopback: bool) -> dict[str, Any]:
    """
    Return the registration that a client gets which asks for *asked* itself.

    Scopes that it may not have are left out (RFC 7591 section 2 lets us register fewer, and the answer
    says which); everything else that it may not have is refused.

    Raises:
        OAuthError: one of those of RFC 7591 section 3.2.2.
    """
    software_statement.check(asked)
    try:
        registration = metadata.read(_with_standard_scopes(asked), allow_http_loopback=allow_http_loopback)
    except Invalid as error:
        raise told(error) from error
    for name in _WITHHELD:
        if name in registration["grant_types"]:
            raise InvalidClientMetadata(phrase("grant_types: %(name)s is given by an administrator only.", name=name))
    legacy = [one for one in registration["response_types"] if one != CODE]
    if legacy and not site.registered_clients_may_be_legacy:
        raise InvalidClientMetadata(
            "At this site only the response type code can be registered.",
            cause=phrase("asked for %(legacy)s", legacy=", ".join(legacy)),
        )
    return registration


def in_their_words(verb: Callable[..., T], *values: Any, **named: Any) -> T:
    """
    Return what *verb* returns; what it finds invalid is told as RFC 7591 section 3.2.2 has it.

    Raises:
        OAuthError: the verb raised `Invalid`.
    """
    try:
        return verb(*values, **named)
    except OAuthError:
        raise
    except Invalid as error:
        raise told(error) from error


def told(error: Invalid) -> OAuthError:
    """
    Return *error* as RFC 7591 section 3.2.2 has it: which field it is, and what is wrong with it.

    The sentence is ours; what it repeats of the request is plain ASCII (RFC 6749 section 5.2).
    """
    family = InvalidRedirectUri if error.field == "redirect_uris" else InvalidClientMetadata
    sentence = f"{error.field}: {error.message} {error.advice}".strip().translate(_QUOTES)
    plain = "".join(c if " " <= c <= "~" else "?" for c in sentence)
    return family(plain, cause=error.cause)


def _with_standard_scopes(asked: dict[str, Any]) -> dict[str, Any]:
    scope = asked.get("scope")
    if not isinstance(scope, str):
        return asked
    try:
        kept = [token for token in metadata.scopes(scope) if token in claims.STANDARD_SCOPES]
    except ValueError:
        return asked  # refused in plain words with everything else
    return {**asked, "scope": " ".join(kept) or None}
