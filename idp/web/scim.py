"""Where other directories write into ours, below ``/scim/v2`` (RFC 7644): URL in, one call, JSON out. No decisions."""

import structlog
from flask import Blueprint, Response, request
from orjson import dumps

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import ProvisioningRefused
from idp.audit.log import record
from idp.base.errors import IdpError
from idp.provisioning import calls, clients
from idp.provisioning.braking import BrakeReached
from idp.provisioning.calls import Call
from idp.provisioning.groups import NameTaken
from idp.provisioning.scim import errors, server
from idp.provisioning.scim.answers import Answer
from idp.provisioning.scim.asking import Versions
from idp.provisioning.scim.server import Refused, Request
from idp.provisioning.tokens import Caller
from idp.web import context
from idp.web.context import open_work
from idp.web.errors import TELL_BELOW
from idp.web.security import protocol

pages = Blueprint("scim", __name__, url_prefix="/scim/v2")

JSON = "application/scim+json"
UPLOADS_BELOW = {"/scim/v2/": 1024 * 1024}
"""How long a body may be: directories send the members of a group as a whole."""
_NO_STORE = {"Cache-Control": "no-store"}
_ALL = ("GET", "POST", "PUT", "PATCH", "DELETE")

log = structlog.get_logger("idp.web")


@pages.route("/Users", methods=["GET", "POST"])
@protocol
def users() -> Response:
    """Users: to look for them, to make one."""
    return _answered("users")


@pages.post("/Users/.search")
@protocol
def search_users() -> Response:
    """Users, looked for by a body (RFC 7644 section 3.4.3)."""
    return _answered("users", search=True)


@pages.post("/Groups/.search")
@protocol
def search_groups() -> Response:
    """Groups, looked for by a body."""
    return _answered("groups", search=True)


@pages.route("/Users/<id_>", methods=["GET", "PUT", "PATCH", "DELETE"])
@protocol
def user(id_: str) -> Response:
    """A user."""
    return _answered("users", id_)


@pages.route("/Groups", methods=["GET", "POST"])
@protocol
def groups() -> Response:
    """Groups: to look for them, to make one."""
    return _answered("groups")


@pages.route("/Groups/<id_>", methods=["GET", "PUT", "PATCH", "DELETE"])
@protocol
def group(id_: str) -> Response:
    """A group."""
    return _answered("groups", id_)


@pages.get("/ServiceProviderConfig")
@protocol
def config() -> Response:
    """What this server is able to do."""
    return _answered("config")


@pages.get("/ResourceTypes")
@protocol
def resource_types() -> Response:
    """The kinds of resources."""
    return _answered("resource-types")


@pages.get("/ResourceTypes/<id_>")
@protocol
def resource_type(id_: str) -> Response:
    """A kind of resources."""
    return _answered("resource-types", id_)


@pages.get("/Schemas")
@protocol
def schemas() -> Response:
    """What is kept of each kind."""
    return _answered("schemas")


@pages.get("/Schemas/<id_>")
@protocol
def schema(id_: str) -> Response:
    """What is kept of one kind."""
    return _answered("schemas", id_)


@pages.route("/.search", methods=["POST"])
@pages.route("/Bulk", methods=["POST"])
@pages.route("/Me", methods=list(_ALL))
@protocol
def not_offered() -> Response:
    """What SCIM knows and this server does not do (RFC 7644 sections 3.7, 3.11)."""
    return _error(501, "", "This is not offered here.", "")


def _answered(place: str, id_: str = "", *, search: bool = False) -> Response:
    trail = Trail(kind=f"scim.{place}")
    caller: Caller | None = None
    try:
        with open_work(person=False) as work:
            caller = server.authenticate(work, request.headers.get("Authorization"))
            trail.organization_id = caller.organization_id
            trail.passed("client", client=caller.name)
            server.count(work, caller)
            server.judge(work, caller, trail)
            found = server.answer(work, caller, _request(place, id_, search=search))
            trail.passed("call", method=request.method, about=found.target_id, notes=list(found.notes))
            trail.succeeded()
            attempts.save(work, trail)
            calls.note(work, caller, _call(trail, id_, found.status, "; ".join(found.notes), found.target_id))
    except IdpError as error:
        known = error.caller if isinstance(error, Refused) and error.caller is not None else caller
        return _refused(trail, known, id_, error)
    return _written(found)


def _refused(trail: Trail, caller: Caller | None, id_: str, error: IdpError) -> Response:
    """Write down what was rolled back, stop a client whose brake says so, and tell why."""
    status, scim_type = errors.told(error)
    event = ProvisioningRefused(
        organization_id=trail.organization_id,
        target_id="" if caller is None else caller.client_id,
        attempt_id=trail.id,
        code=error.code,
    )
    if caller is None:
        context.save_refusal(trail, error, event)
    elif status != 429:  # what came too often has a line in the log, and no rows
        trail.organization_id = caller.organization_id
        trail.refused(error, "call")
        said = error.message if error.cause == error.message else f"{error.message} ({error.cause})"
        with open_work(person=False) as work:
            if server.count_refused(work, caller):
                attempts.save(work, trail)
                about = error.group_id if isinstance(error, NameTaken) else id_
                calls.note(work, caller, _call(trail, id_, status, said, about))
                if status in (401, 403):
                    record(work, event)
            if isinstance(error, BrakeReached):
                clients.stop(work, caller.organization_id, caller.client_id, error.brake, members=error.members)
    log.info("refused", reference=trail.id, kind=trail.kind, code=error.code, cause=error.cause)
    detail = f"{error.message} {error.advice}".strip()
    response = _error(status, scim_type, detail, trail.id)
    waits = getattr(error, "retry_after", 0) or (5 if status == 503 else 0)
    if waits:
        response.headers["Retry-After"] = str(waits)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if error.code != "no-token" else "Bearer"
    return response


def _request(place: str, id_: str, *, search: bool) -> Request:
    return Request(
        method="SEARCH" if search else request.method,
        place=place,
        id=id_,
        query=request.args,
        content_type=request.mimetype,
        body=request.get_data() if request.method in ("POST", "PUT", "PATCH") else b"",
        versions=Versions(request.headers.get("If-Match", ""), request.headers.get("If-None-Match", "")),
        base=f"{context.settings().base_url}{pages.url_prefix}",
    )


def _call(trail: Trail, id_: str, status: int, said: str, target_id: str) -> Call:
    what = request.path.removeprefix(str(pages.url_prefix)).removesuffix(f"/{id_}" if id_ else "")
    asked = request.args.get("filter", "")
    return Call(trail.id, request.method, f"{what}?{asked}" if asked else what, target_id, status, said)


def _written(found: Answer) -> Response:
    response = Response(
        b"" if found.body is None else dumps(found.body),
        found.status,
        mimetype=JSON,
        headers=_NO_STORE,
    )
    if found.etag:
        response.headers["ETag"] = found.etag
    if found.location:
        response.headers["Content-Location" if found.status != 201 else "Location"] = found.location
    return response


def _error(status: int, scim_type: str, detail: str, reference: str) -> Response:
    said = f"{detail} (Reference: {reference})" if reference else detail
    return Response(dumps(errors.body(status, scim_type, said)), status, mimetype=JSON, headers=_NO_STORE)


def _told(error: IdpError, status: int, reference: str) -> Response:
    return _error(status, "", error.message, reference)


TELL_BELOW[f"{pages.url_prefix}/"] = _told
