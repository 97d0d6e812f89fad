"""What clients call to register themselves below ``/sites/<slug>/oauth2``: URL in, one call, JSON out. No decisions."""

from flask import Blueprint, Response, request

from idp.audit.attempts import Trail
from idp.base.work import Work
from idp.oidc.errors import InvalidClientMetadata
from idp.oidc.provider import Provider
from idp.oidc.registration import manage
from idp.oidc.registration import register as register_
from idp.oidc.remote_keys import Wanted
from idp.web import context
from idp.web.errors import TELL
from idp.web.oidc_io import BELOW, NO_STORE, for_clients, json_answer, told
from idp.web.security import protocol

pages = Blueprint("oidc_registration", __name__)


@pages.post(f"{BELOW}/oauth2/register")
@protocol
@for_clients(register_.KIND)
def register(of: Provider, trail: Trail, work: Work) -> Response | Wanted:
    """The client registration endpoint (RFC 7591 section 3)."""
    register_.check_offered(of)
    return json_answer(register_.answer(work, of, _body(), _authorization(), context.settings(), trail), 201)


@pages.get(f"{BELOW}/oauth2/register/<client_id>")
@protocol
@for_clients(manage.KIND)
def read(of: Provider, trail: Trail, work: Work) -> Response | Wanted:
    """The client configuration endpoint (RFC 7592 section 2.1)."""
    return json_answer(manage.read(work, of, _client_id(), _authorization(), trail))


@pages.put(f"{BELOW}/oauth2/register/<client_id>")
@protocol
@for_clients(manage.KIND)
def change(of: Provider, trail: Trail, work: Work) -> Response | Wanted:
    """The same, to replace everything (RFC 7592 section 2.2)."""
    register_.check_offered(of)
    return json_answer(manage.change(work, of, _client_id(), _body(), _authorization(), context.settings(), trail))


@pages.delete(f"{BELOW}/oauth2/register/<client_id>")
@protocol
@for_clients(manage.KIND)
def delete(of: Provider, trail: Trail, work: Work) -> Response | Wanted:
    """The same, to end the registration (RFC 7592 section 2.3)."""
    manage.delete(work, of, _client_id(), _authorization(), trail)
    return Response(status=204, headers=NO_STORE)


def _client_id() -> str:
    return str((request.view_args or {})["client_id"])


def _authorization() -> str | None:
    return request.headers.get("Authorization")


def _body() -> bytes:
    if request.mimetype != "application/json":
        raise InvalidClientMetadata("The body must be of the type application/json.")
    return request.get_data()


TELL.update(dict.fromkeys((f"oidc_registration.{view}" for view in ("register", "read", "change", "delete")), told))


@pages.after_request
def _challenge(response: Response) -> Response:
    """A token is asked for, or asked for again (RFC 6750 section 3)."""
    if response.status_code == 401:
        sent = "Authorization" in request.headers
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if sent else "Bearer"
    return response
