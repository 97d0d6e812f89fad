"""
The far end: what is asked of a SCIM server (RFC 7644), and what its answers mean.

Nothing of an answer is kept or shown but ids, and which of few things went wrong (`Fault`). No transaction is open
while one of these runs.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlencode

from idp.base import egress
from idp.base.errors import Unavailable
from idp.provisioning.targets.rendering import CORE, ENTERPRISE

MOST_BYTES = 256 * 1024
SECONDS = 10.0
LONGEST_ID = 256
MEDIA_TYPE = "application/scim+json"
USERS, GROUPS = "/Users", "/Groups"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_CASELESS = frozenset({"userName", "displayName"})
_LATER = frozenset({408, 425, 429})
_NO_SUCH_METHOD = frozenset({405, 501})


class Fault(StrEnum):
    """What went wrong."""

    UNREACHABLE = "unreachable"
    """No answer, or one that must not be taken."""
    UNAUTHORIZED = "unauthorized"
    """The token is refused: nothing is sent any more until somebody has looked."""
    LATER = "later"
    """It asks to be asked later, or has broken down."""
    REFUSED = "refused"
    """It does not take this account as it is."""
    TAKEN = "taken"
    """Another account there has that name, and it is not to be told which."""
    NOT_SCIM = "not-scim"
    """What it answers is nothing of SCIM."""

    @property
    def of_target(self) -> bool:
        """Whether it is about the endpoint, not about one account."""
        return self in (Fault.UNREACHABLE, Fault.UNAUTHORIZED, Fault.LATER)


class Failed(Exception):
    """A request came to nothing; ``retry_after`` is how many seconds the server asks for, 0: it does not say."""

    def __init__(self, fault: Fault, *, status: int = 0, retry_after: int = 0) -> None:
        super().__init__(fault.value)
        self.fault, self.status, self.retry_after = fault, status, retry_after


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered: its status, and its JSON object (empty where there is none)."""

    status: int
    body: Mapping[str, Any]


Call = Callable[[str, str, Mapping[str, Any] | None], Reply]
"""``call(method, path, body)``. Raises `Failed` for what is no answer to work with."""


def calling(endpoint: str, token: str, allowed: Sequence[str], *, http_loopback: bool) -> Call:
    """Return the guarded way to the SCIM server at *endpoint* (T14), which it is asked in by *token*."""

    def call(method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        sent = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        try:
            answer = egress.send(
                method,
                endpoint.rstrip("/") + path,
                sent,
                content_type=MEDIA_TYPE,
                accept=f"{MEDIA_TYPE}, application/json",
                headers=[("Authorization", f"Bearer {token}")],
                allowed=allowed,
                http_loopback=http_loopback,
                most_bytes=MOST_BYTES,
                seconds=SECONDS,
            )
        except Unavailable:
            raise Failed(Fault.UNREACHABLE) from None
        if answer.status in (401, 403):
            raise Failed(Fault.UNAUTHORIZED, status=answer.status)
        if answer.status in _LATER or (answer.status >= 500 and answer.status != 501):
            raise Failed(Fault.LATER, status=answer.status, retry_after=_seconds(answer.retry_after))
        return Reply(answer.status, _object(answer.body))

    return call


def _seconds(text: str) -> int:
    """Return what Retry-After says in seconds, at most an hour; a date, or nothing that can be read: 0."""
    return min(int(text), 3600) if text.isascii() and text.isdecimal() and len(text) < 8 else 0


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def id_of(resource: Mapping[str, Any]) -> str:
    """Return the id of a resource; empty where it has none that can stand in an address."""
    found = resource.get("id")
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_ID or not found.isprintable():
        return ""
    return "" if set(found) == {"."} else found  # would be a step in the path


def matching(call: Call, attribute: str, value: str, *, kind: str = USERS) -> list[Mapping[str, Any]]:
    """
    Return the users (or groups) whose *attribute* is *value*, as far as the server can look for that.

    What it answers is checked: a server that does not know the filter may answer with everybody.
    """
    asked = urlencode({"filter": f"{attribute} eq {json.dumps(value, ensure_ascii=False)}", "count": "2"})
    reply = call("GET", f"{kind}?{asked}", None)
    if reply.status != 200:
        return []  # it cannot look for this; what is asked for next tells
    resources = reply.body.get("Resources") or []
    if not isinstance(resources, list):
        return []
    alike = [one for one in resources if isinstance(one, dict) and _same(attribute, one.get(attribute), value)]
    return [one for one in alike if id_of(one)]


def put_group(call: Call, remote_id: str, document: Mapping[str, Any], *, by_put: bool) -> tuple[str, bool]:
    """
    Make a group, or change it where its id is known; return its id (empty: it is not there any more), and whether only
    PUT changes it.

    Raises:
        Failed: it was not taken.
    """
    whole = {"schemas": [GROUP], **document}
    if not remote_id:
        reply = call("POST", GROUPS, whole)
        if reply.status not in (200, 201) or not id_of(reply.body):
            raise Failed(Fault.TAKEN if reply.status == 409 else Fault.REFUSED, status=reply.status)
        return id_of(reply.body), by_put
    address = _address(remote_id, GROUPS)
    if not by_put:
        operations = [{"op": "replace", "path": name, "value": value} for name, value in document.items()]
        reply = call("PATCH", address, {"schemas": [_PATCH], "Operations": operations})
        if reply.status not in _NO_SUCH_METHOD:
            return (remote_id if _taken(reply) else ""), False
    return (remote_id if _taken(call("PUT", address, {**whole, "id": remote_id})) else ""), True


def _same(attribute: str, found: Any, value: str) -> bool:
    if not isinstance(found, str):
        return False
    return found.casefold() == value.casefold() if attribute in _CASELESS else found == value


def create(call: Call, document: Mapping[str, Any]) -> str | None:
    """
    Create a user; return its id, empty where the answer has none, None where the server has somebody of that name.

    Raises:
        Failed: it was not taken.
    """
    reply = call("POST", "/Users", {"schemas": _schemas(document), **document})
    if reply.status == 409:
        return None
    if reply.status not in (200, 201):
        raise Failed(Fault.REFUSED, status=reply.status)
    return id_of(reply.body)


def change(
    call: Call, remote_id: str, document: Mapping[str, Any], removed: Sequence[str], *, by_put: bool
) -> tuple[bool, bool]:
    """
    Change a user; return whether it is there, and whether only PUT does it.

    Args:
        removed: paths of attributes that it had and is to have no more.

    Raises:
        Failed: it was not taken.
    """
    if not by_put:
        operations = [{"op": "replace", "value": dict(document)}, *({"op": "remove", "path": one} for one in removed)]
        reply = call("PATCH", _address(remote_id), {"schemas": [_PATCH], "Operations": operations})
        if reply.status not in _NO_SUCH_METHOD:
            return _taken(reply), False
    whole = {"schemas": _schemas(document), "id": remote_id, **document}
    return _taken(call("PUT", _address(remote_id), whole)), True


def deactivate(call: Call, remote_id: str, *, by_put: bool) -> bool:
    """
    Let a user be there and not active; return whether only PUT does it. One that is not there is not active.

    Raises:
        Failed: it was not taken.
    """
    address = _address(remote_id)
    if not by_put:
        operations = [{"op": "replace", "value": {"active": False}}]
        reply = call("PATCH", address, {"schemas": [_PATCH], "Operations": operations})
        if reply.status not in _NO_SUCH_METHOD:
            _taken(reply)
            return False
    there = call("GET", address, None)
    if there.status == 404:
        return True
    if there.status != 200 or id_of(there.body) != remote_id:
        raise Failed(Fault.REFUSED, status=there.status)
    _taken(call("PUT", address, {**there.body, "active": False}))
    return True


def delete(call: Call, remote_id: str) -> None:
    """
    Delete a user; one that is not there is fine.

    Raises:
        Failed: it was not taken.
    """
    reply = call("DELETE", _address(remote_id), None)
    if reply.status not in (200, 202, 204, 404):
        raise Failed(Fault.REFUSED, status=reply.status)


@dataclass(frozen=True, slots=True)
class Probed:
    """What a server says of itself: whether it changes users by PATCH, and whether it can look for them."""

    patch: bool
    filters: bool


def probe(call: Call) -> Probed:
    """
    Ask a server for what proves that it speaks SCIM and takes the token. Nothing is changed there.

    Raises:
        Failed: it does not.
    """
    reply = call("GET", "/Users?count=1", None)
    if reply.status != 200 or not isinstance(reply.body.get("totalResults"), int):
        raise Failed(Fault.NOT_SCIM, status=reply.status)
    said = call("GET", "/ServiceProviderConfig", None)
    if said.status != 200:
        return Probed(patch=True, filters=True)
    return Probed(patch=_supported(said.body, "patch"), filters=_supported(said.body, "filter"))


def _supported(said: Mapping[str, Any], feature: str) -> bool:
    found = said.get(feature)
    return not (isinstance(found, dict) and found.get("supported") is False)


def _taken(reply: Reply) -> bool:
    """Return whether it is there at all."""
    if reply.status in (200, 202, 204):
        return True
    if reply.status == 404:
        return False
    raise Failed(Fault.TAKEN if reply.status == 409 else Fault.REFUSED, status=reply.status)


def _address(remote_id: str, kind: str = USERS) -> str:
    return f"{kind}/{quote(remote_id, safe='')}"


def _schemas(document: Mapping[str, Any]) -> list[str]:
    return [CORE, *([ENTERPRISE] if ENTERPRISE in document else [])]
