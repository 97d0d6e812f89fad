"""
Who asks, and where the answer may go (RFC 6749 section 3.1.2, RFC 9700 section 2.1; O1, O4, O5, D1).

Until both are known nothing is sent anywhere: the person sees a page of ours.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from idp.base.errors import PageError
from idp.base.texts import phrase
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.oidc import client_facts
from idp.oidc.addresses import LOOPBACK_ADDRESSES
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import OAuthError
from idp.oidc.metadata import CODE, ID_TOKEN, TOKEN
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider

QUERY, FRAGMENT, FORM_POST = "query", "fragment", "form_post"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LOOPBACK_AUTHORITY = re.compile(r"(?:127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?")
_ADVICE = "Go back to the application and try again from there. If it happens again, tell whoever runs it."


@quickly_made
@dataclass(frozen=True, slots=True)
class ReplyTo:
    """
    Where an answer may be sent, and how. Only `identify` makes one, from a registered client and
    one of its own redirect URIs: holding a `ReplyTo` is the proof.
    """

    issuer: str
    client_id: str
    client_name: str
    redirect_uri: str
    state: str | None
    mode: str


def identify(work: Work, provider: Provider, parameters: Parameters) -> tuple[ClientFacts, ReplyTo]:
    """
    Return the client that asks, and where it may be answered.

    Raises:
        PageError: as for `who`, or an address that the client has not registered.
            Compared octet by octet.
    """
    client = who(work, provider, parameters)
    address = parameters.get("redirect_uri") or ""
    if address not in client.redirect_uris and not is_loopback_of(client, address):
        raise _fault(
            "unregistered-redirect-uri",
            phrase("“%(name)s” wants to be answered at an address that it has not registered.", name=client.name),
            phrase(
                "redirect_uri %(address)s is none of %(redirect_uris)s",
                address=repr(address[:500]),
                redirect_uris=", ".join(client.redirect_uris) or phrase("no registered ones"),
            ),
            client_id=client.client_id,
            received=address[:500],
        )
    state = parameters.get("state")
    return client, ReplyTo(
        issuer=provider.issuer,
        client_id=client.client_id,
        client_name=client.name,
        redirect_uri=address,
        state=state if state is not None and well_formed(state) and "state" not in parameters.repeated else None,
        mode=_mode(parameters),
    )


def who(work: Work, provider: Provider, parameters: Parameters) -> ClientFacts:
    """
    Return the client that asks; where it may be answered is not said yet.

    Raises:
        PageError: it is unknown or disabled, or the request names two.
    """
    if parameters.repeated & {"client_id", "redirect_uri"}:
        raise _fault(
            "repeated-parameter", "The application asked twice in one request.", "client_id or redirect_uri is repeated"
        )
    client_id = parameters.get("client_id") or ""
    client = client_facts.at_site(work, provider.organization_id, provider.site_id, client_id)
    if client is None:
        raise _fault(
            "unknown-client",
            "This application is not known here.",
            phrase("no client %(client_id)s at this site", client_id=repr(client_id[:80])),
            client_id=client_id[:80],
        )
    if not client.enabled:
        raise _fault(
            "disabled-client",
            phrase("“%(name)s” is switched off.", name=client.name),
            "the application is disabled",
            client_id=client_id,
        )
    return client


def unanswerable(client: ClientFacts, error: OAuthError) -> PageError:
    """Return the page that *error* becomes where the request did not say, or not credibly, where to answer *client*."""
    return _fault(
        error.error,
        phrase("“%(name)s” sent a request that cannot be accepted.", name=client.name),
        error.cause or error.description,
        client_id=client.client_id,
    )


def _mode(parameters: Parameters) -> str:
    """How success would be carried; errors go the same way (OAuth 2.0 Multiple Response Types section 2.1)."""
    if parameters.get("response_mode") == FORM_POST:
        return FORM_POST
    asked = parameters.get("response_type")
    if asked is None or asked == CODE:
        return QUERY
    return QUERY if {TOKEN, ID_TOKEN}.isdisjoint(asked.split(" ")) else FRAGMENT


def is_loopback_of(client: ClientFacts, address: str) -> bool:
    """
    Say whether *address* is a registered loopback address of a native client at another port.

    The one exception from comparing octets (RFC 8252 section 7.3): a native application gets
    its port from the system. The host is literally 127.0.0.1 or [::1], never a name.
    """
    if not client.native:
        return False
    wanted = _without_port(address)
    return wanted is not None and any(_without_port(uri) == wanted for uri in client.redirect_uris)


def _without_port(address: str) -> str | None:
    head, slashes, rest = address.partition("://")
    authority, slash, path = rest.partition("/")
    if head != "http" or not slashes or not _LOOPBACK_AUTHORITY.fullmatch(authority):
        return None
    if (
        not address.isascii()
        or "#" in address
        or "\\" in address
        or urlsplit(address).hostname not in LOOPBACK_ADDRESSES
    ):
        return None
    host = authority if authority.endswith("]") else authority.rpartition(":")[0] or authority
    return f"{host}{slash}{path}"


def well_formed(value: str) -> bool:
    """Say whether *value* comes back from a browser as it went there: it has no control characters."""
    return _CONTROL.search(value) is None


def _fault(code: str, message: str, cause: str, **facts: str) -> PageError:
    error = PageError(message, code=code, cause=cause, advice=_ADVICE)
    error.facts = facts
    return error
