"""
Request objects at an address that the client has registered, where the site allows it
(OpenID Connect Core section 6.2, RFC 9101 section 5.2; O17, O18).

Nobody else's address is ever called, and none while a transaction is open: whoever finds an object
missing says so, the door fetches it and asks again.
"""

import base64
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from idp.base.errors import IdpError
from idp.base.texts import phrase
from idp.oidc import jose
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import InvalidRequestUri, RequestUriNotSupported
from idp.oidc.provider import Provider

LONGEST_BYTES = jose.LONGEST
ACCEPT = "application/oauth-authz-req+jwt, application/jwt"
_HASH = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url
_MOST = 256

Brought = dict[str, str]
"""What was fetched for this one request: the text at each address, empty where there was none."""

_held: OrderedDict[str, str] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, slots=True)
class ObjectWanted:
    """The request object at *address* is needed: fetch it with `fetch`, then ask again."""

    address: str


def text(provider: Provider, client: ClientFacts, address: str, brought: Brought) -> str | ObjectWanted:
    """
    Return the request object at *address*, or that it must be fetched first.

    Args:
        brought: what was fetched for this request before.

    Raises:
        RequestUriNotSupported: the site fetches none.
        InvalidRequestUri: the client has not registered the address, octet by octet; or nothing that can be
            read is there.
    """
    if not provider.site.fetch_request_objects:
        raise RequestUriNotSupported("Request objects are not fetched from addresses here.")
    if address not in client.request_uris:
        raise InvalidRequestUri(
            "The client has not registered this request_uri.",
            cause=phrase("request_uri %(address)s is not registered", address=repr(address[:500])),
        )
    stated = _stated_hash(address)
    found = _held.get(address) if stated else None
    if found is None:
        if address not in brought:
            return ObjectWanted(address)
        found = brought[address]
    if not found:
        raise InvalidRequestUri("There is no request object at the request_uri.")
    if stated and _hash_of(found) == stated:
        _hold(address, found)
    return found.strip()


def fetch(wanted: ObjectWanted, get: Callable[[str], bytes], brought: Brought) -> str:
    """
    Fetch the request object that is *wanted* into *brought*; return the cause of a failure, else the empty string.

    Args:
        get: the guarded way to the outside, at most `LONGEST_BYTES`; it raises an `IdpError` where it got no answer.
    """
    brought[wanted.address] = ""
    try:
        brought[wanted.address] = get(wanted.address.partition("#")[0]).decode("ascii")
    except IdpError as error:
        return f"request_uri {wanted.address}: {error.cause}"
    except ValueError:
        return f"request_uri {wanted.address}: what is there is no JWT"
    return ""


def forget() -> None:
    """Forget every request object that was kept for its hash."""
    with _lock:
        _held.clear()


def _stated_hash(address: str) -> str:
    """
    A hash says that what is there does not change, so that it may be kept; one that does not fit says nothing, as every
    other fragment: a label by which the client tells versions apart.
    """
    fragment = address.partition("#")[2]
    return fragment if _HASH.fullmatch(fragment) else ""


def _hash_of(found: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(found.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def _hold(address: str, found: str) -> None:
    with _lock:
        _held[address] = found
        _held.move_to_end(address)
        while len(_held) > _MOST:
            _held.popitem(last=False)
