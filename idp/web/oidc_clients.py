"""What clients call below ``/sites/<slug>/oauth2``: URL in, one call, JSON out. No decisions."""

from flask import Blueprint, Response, request

from idp.audit.attempts import Trail
from idp.base.work import Work
from idp.oidc import answer, introspect, revoke, userinfo
from idp.oidc.device import asking
from idp.oidc.errors import OAuthError
from idp.oidc.parameters import NO_PARAMETERS
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import Wanted
from idp.oidc.token import endpoint
from idp.oidc.token.exchange import Denied
from idp.web import context
from idp.web.context import open_work
from idp.web.errors import TELL
from idp.web.oidc_io import (
    BELOW,
    NO_STORE,
    for_clients,
    form,
    is_form,
    json_answer,
    let_scripts_read,
    oauth_error,
    provider_at,
    read,
    token_refused,
    told,
)
from idp.web.security import protocol

pages = Blueprint("oidc_clients", __name__)

_FOR_SCRIPTS = frozenset({"oidc_clients.token", "oidc_clients.userinfo_", "oidc_clients.revoke_"})


@pages.post(f"{BELOW}/oauth2/token")
@protocol
@for_clients(endpoint.KIND)
def token(of: Provider, trail: Trail, work: Work) -> Response | Wanted:
    """The token endpoint (RFC 6749 section 3.2)."""
    found = endpoint.answer(work, of, form(), request.headers.get("Authorization"), trail)
    if isinstance(found, Wanted):
        return found
    return oauth_error(found.error, trail) if isinstance(found, Denied) else json_answer(found.body)


@pages.post(f"{BELOW}/oauth2/device_authorization")
@protocol
@for_clients(asking.KIND)
def device_authorization(of: Provider, trail: Trail, work: Work) -> Response | Wanted:
    """The device authorization endpoint (RFC 8628 section 3.1). What costs a row is counted by network (I10)."""
    context.count_beginning(work)
    base_url = context.settings().base_url
    found = asking.answer(work, of, form(), request.headers.get("Authorization"), trail, base_url=base_url)
    if isinstance(found, Wanted):
        return found
    return oauth_error(found.error, trail) if isinstance(found, Denied) else json_answer(found)


@pages.post(f"{BELOW}/oauth2/revoke")
@protocol
@for_clients(revoke.KIND)
def revoke_(of: Provider, trail: Trail, work: Work) -> Response | Wanted:
    """Token revocation (RFC 7009)."""
    found = revoke.answer(work, of, form(), request.headers.get("Authorization"), trail)
    if isinstance(found, Wanted):
        return found
    return oauth_error(found.error, trail) if found is not None else Response(status=200, headers=NO_STORE)


@pages.post(f"{BELOW}/oauth2/introspect")
@protocol
@for_clients(introspect.KIND)
def introspect_(of: Provider, trail: Trail, work: Work) -> Response | Wanted:
    """Token introspection (RFC 7662)."""
    found = introspect.answer(work, of, form(), request.headers.get("Authorization"), trail)
    if isinstance(found, Wanted):
        return found
    return oauth_error(found.error, trail) if isinstance(found, Denied) else json_answer(found)


@pages.route(f"{BELOW}/oauth2/userinfo", methods=["GET", "POST"])
@protocol
def userinfo_(slug: str) -> Response:
    """UserInfo (OpenID Connect Core section 5.3)."""
    trail = Trail(kind="oidc.userinfo")
    try:
        body = form() if request.method == "POST" and is_form() else NO_PARAMETERS
        query = read(request.query_string)
        sent = userinfo.presented(request.headers.get("Authorization"), query, body)
        with open_work() as work:
            of = provider_at(work, slug, trail)
            if sent is not None:
                return json_answer(userinfo.answer(work, of, sent))
        return _bearer_challenge(of)
    except OAuthError as error:
        context.save_refusal(trail, error, token_refused(trail, error))
        return _bearer_error(error, trail)


def _bearer_challenge(of: Provider) -> Response:
    """Whoever shows no token learns only what is asked for (RFC 6750 section 3.1)."""
    return Response(status=401, headers={**NO_STORE, "WWW-Authenticate": f'Bearer realm="{of.issuer}"'})


def _bearer_error(error: OAuthError, trail: Trail) -> Response:
    response = oauth_error(error, trail)
    scope = ', scope="openid"' if response.status_code == 403 else ""
    response.headers["WWW-Authenticate"] = (
        f'Bearer error="{error.error}", error_description="{answer.described(error, trail.id)}"{scope}'
    )
    return response


TELL.update(
    dict.fromkeys(
        (f"oidc_clients.{view}" for view in ("token", "device_authorization", "revoke_", "introspect_", "userinfo_")),
        told,
    )
)


@pages.after_request
def _cors(response: Response) -> Response:
    return let_scripts_read(response) if request.endpoint in _FOR_SCRIPTS else response
