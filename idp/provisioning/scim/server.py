"""
One call of a provisioning client: who calls, whether it is taken, and what it is about.

A token opens one organization (S1): the client's own. What it may do there is the role `PROVISIONING_CLIENT`, for the
length of the call, over what is its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from idp.audit.attempts import Trail
from idp.base.errors import NotFound
from idp.base.work import Actor, HeldRole, Work
from idp.directory.provisioned import ACTOR
from idp.directory.provisioning_models import ProvisioningClient
from idp.policy.access import recording
from idp.policy.access.context import RequestKind
from idp.policy.permissions import PROVISIONING_CLIENT
from idp.provisioning import tokens
from idp.provisioning.scim import asking, discovery, documents, groups, users
from idp.provisioning.scim.answers import Answer
from idp.provisioning.scim.asking import Versions
from idp.provisioning.scim.errors import ScimError
from idp.provisioning.tokens import Caller
from idp.signon import contextual, lockout

PER_MINUTE = 1_500
"""Calls of one client within a minute; Microsoft Entra asks for 25 a second."""
REFUSALS_PER_MINUTE = 60
"""Of calls with a token that is good no more so many within a minute are written down; the log has all of them."""
SEARCH = "SEARCH"
_READS = frozenset({"GET", "HEAD", SEARCH})
_RESOURCES = frozenset({"users", "groups"})


@dataclass(frozen=True, slots=True)
class Request:
    """A call, before it is read. The method ``SEARCH`` is a POST that looks for something, by its body. ``place`` and ``id`` are what follows SCIM's address, ``id`` empty for the list."""

    method: str
    place: str
    id: str
    query: Mapping[str, str]
    content_type: str
    body: bytes
    versions: Versions
    base: str


class Refused(ScimError):
    """A call that is not answered at all: who calls is not known, or not taken now. ``caller`` is known of a known token."""

    def __init__(
        self, status: int, message: str, code: str, caller: Caller | None = None, retry_after: int = 0
    ) -> None:
        super().__init__(status, "", message, code=code, cause=code)
        self.caller, self.retry_after = caller, retry_after


def authenticate(work: Work, authorization: str | None) -> Caller:
    """
    Return who calls, by the header *authorization* (RFC 6750 section 2.1).

    Raises:
        Refused: nobody that may call.
    """
    scheme, _, token = (authorization or "").partition(" ")
    found = tokens.caller(work, token.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise Refused(401, "A bearer token of provisioning is wanted.", "no-token" if not token else "unknown-token")
    if found.refused in ("token-revoked", "token-expired"):
        raise Refused(401, "This token is good no more.", found.refused, found)
    if found.refused:
        raise Refused(403, "Provisioning by this client is off.", found.refused, found)
    return found


def count(work: Work, caller: Caller) -> None:
    """
    Count a call.

    Raises:
        Refused: there were too many within this minute (I10).
    """
    waiting = lockout.count_call(work, caller.client_id, PER_MINUTE)
    if waiting is not None:
        raise Refused(429, "Too many calls within a minute.", "too-many-calls", caller, waiting.seconds)


def count_refused(work: Work, caller: Caller) -> bool:
    """
    Count a call that was refused, and was therefore not counted: that was rolled back with it. Say whether there is
    room for the rows that it leaves (I10).

    Whoever has a token that is good no more uses up nothing of what the client may ask with the others.
    """
    if caller.refused:
        return lockout.count_call(work, caller.token_id, REFUSALS_PER_MINUTE) is None
    return lockout.count_call(work, caller.client_id, PER_MINUTE) is None


def judge(work: Work, caller: Caller, trail: Trail) -> None:
    """
    Ask the organization's rules of access whether a call may come from there and at this time; note that in *trail*.

    Raises:
        Refused: a rule denies it.
    """
    access = contextual.judge_client(work, RequestKind.PROVISIONING, organization_id=caller.organization_id)
    trail.context[recording.KEY] = access.recorded
    if access.denied is not None:
        trail.decision, trail.rule = contextual.DENIED, access.denied.rule
        raise Refused(403, "A rule of the organization takes no call from here, or not at this time.", "denied", caller)


def answer(work: Work, caller: Caller, request: Request) -> Answer:
    """
    Return what is answered to a call.

    Raises:
        IdpError: it is refused.
    """
    if request.method not in _READS and caller.stopped:
        raise Refused(
            503,
            "Provisioning was stopped, since it took much away at once. An administrator lets it go on.",
            "client-stopped",
            caller,
            3600,
        )
    role = HeldRole(PROVISIONING_CLIENT, caller.organization_id)
    actor = Actor(ACTOR, caller.client_id, caller.name, caller.organization_id, (role,))
    as_itself = replace(work, actor=actor)
    client = work.tx.session.get_one(ProvisioningClient, (caller.organization_id, caller.client_id))
    asked = _asked(request)
    if request.place not in _RESOURCES:
        return _discovered(request)
    if request.place == "users":
        return _users(as_itself, client, request, asked)
    return _groups(as_itself, client, request, asked)


def _asked(request: Request) -> asking.Asked:
    if request.method != SEARCH:
        return asking.read(request.query)
    return asking.read(asking.of_document(documents.read(request.body, request.content_type)))


def _users(work: Work, client: ProvisioningClient, request: Request, asked: asking.Asked) -> Answer:
    base, id_, versions = request.base, request.id, request.versions
    if request.method in _READS:
        return users.read(work, client, id_, asked, versions, base) if id_ else users.search(work, client, asked, base)
    if request.method == "DELETE":
        return users.delete(work, client, id_, versions)
    document = documents.read(request.body, request.content_type)
    if request.method == "POST":
        return users.create(work, client, document, asked, base)
    act = users.replace if request.method == "PUT" else users.change
    return act(work, client, id_, document, asked, versions, base)


def _groups(work: Work, client: ProvisioningClient, request: Request, asked: asking.Asked) -> Answer:
    base, id_, versions = request.base, request.id, request.versions
    if request.method in _READS:
        return (
            groups.read(work, client, id_, asked, versions, base) if id_ else groups.search(work, client, asked, base)
        )
    if request.method == "DELETE":
        return groups.delete(work, client, id_, versions)
    document = documents.read(request.body, request.content_type)
    if request.method == "POST":
        return groups.create(work, client, document, asked, base)
    act = groups.replace if request.method == "PUT" else groups.change
    return act(work, client, id_, document, asked, versions, base)


def _discovered(request: Request) -> Answer:
    if request.place == "config":
        return Answer(200, discovery.config(request.base))
    found = discovery.schemas(request.base) if request.place == "schemas" else discovery.resource_types(request.base)
    if not request.id:
        if request.query.get("filter"):  # RFC 7644 section 4: refused, so that nobody takes all for what was asked for
            raise ScimError(403, "", "These are not filtered.", code="no-filter-here")
        return Answer(200, discovery.listed(found))
    for one in found:
        if one["id"].lower() == request.id.lower():
            return Answer(200, one)
    raise NotFound("There is no such thing here.")
