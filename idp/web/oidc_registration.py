"""What clients call to register themselves below ``/sites/<slug>/oauth2``: URL in, one call, JSON out. No decisions."""

from collections.abc import Callable, Collection
from typing import Any

from flask import Blueprint, Response, request

from idp.audit.attempts import Trail
from idp.base.work import Work
from idp.oidc.errors import InvalidClientMetadata
from idp.oidc.provider import Provider
from idp.oidc.registration import manage
from idp.oidc.registration import register as register_
from idp.oidc.registration.sector import SectorWanted
from idp.web import context
from idp.web.context import open_work
from idp.web.errors import TELL
from idp.web.oidc_io import BELOW, NO_STORE, get_json, in_json, json_answer, provider_at, told
from idp.web.security import protocol

pages = Blueprint("oidc_registration", __name__)

Call = Callable[[Work, Provider, Trail, Collection[str] | None], dict[str, Any] | SectorWanted | None]


@pages.post(f"{BELOW}/oauth2/register")
@protocol
def register(slug: str) -> Response:
    """The client registration endpoint (RFC 7591 section 3)."""

    def call(work: Work, of: Provider, trail: Trail, sector_uris: Collection[str] | None) -> Any:
        register_.check_offered(of)
        return register_.answer(work, of, _body(), _authorization(), context.settings(), trail, sector_uris)

    return _answered(slug, register_.KIND, call, 201)


@pages.get(f"{BELOW}/oauth2/register/<client_id>")
@protocol
def read(slug: str, client_id: str) -> Response:
    """The client configuration endpoint (RFC 7592 section 2.1)."""

    def call(work: Work, of: Provider, trail: Trail, _: Collection[str] | None) -> Any:
        return manage.read(work, of, client_id, _authorization(), trail)

    return _answered(slug, manage.KIND, call)


@pages.put(f"{BELOW}/oauth2/register/<client_id>")
@protocol
def change(slug: str, client_id: str) -> Response:
    """The same, to replace everything (RFC 7592 section 2.2)."""

    def call(work: Work, of: Provider, trail: Trail, sector_uris: Collection[str] | None) -> Any:
        register_.check_offered(of)
        return manage.change(work, of, client_id, _body(), _authorization(), context.settings(), trail, sector_uris)

    return _answered(slug, manage.KIND, call)


@pages.delete(f"{BELOW}/oauth2/register/<client_id>")
@protocol
def delete(slug: str, client_id: str) -> Response:
    """The same, to end the registration (RFC 7592 section 2.3)."""

    def call(work: Work, of: Provider, trail: Trail, _: Collection[str] | None) -> Any:
        manage.delete(work, of, client_id, _authorization(), trail)

    return _answered(slug, manage.KIND, call)


def _answered(slug: str, kind: str, call: Call, status: int = 200) -> Response:
    """Call once; and once more, in a new transaction, where the list of a sector had to be read in between."""
    trail = Trail(kind=kind)

    def answer() -> Response:
        with open_work(person=False) as work:
            found = call(work, provider_at(work, slug, trail), trail, None)
        if isinstance(found, SectorWanted):
            loopback = context.settings().development.allow_http_loopback_applications
            with context.aside():
                sector_uris = found.read(get_json, allow_http_loopback=loopback)
            trail.steps.clear()
            with open_work(person=False) as work:
                found = call(work, provider_at(work, slug, trail), trail, sector_uris)
        if not isinstance(found, dict):
            return Response(status=204, headers=NO_STORE)
        return json_answer(found, status)

    return in_json(trail, answer)


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
