"""The device authorization endpoint: a device asks to be let in, and is told what to show (RFC 8628 sections 3.1, 3.2)."""

from typing import Any
from urllib.parse import urlencode

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.log import plain
from idp.base.work import Work
from idp.oidc.authorize import resource, scope
from idp.oidc.authorize.request import AuthorizeRequest, with_apis
from idp.oidc.client_facts import ClientFacts
from idp.oidc.device import device_codes, user_codes
from idp.oidc.errors import OAuthError, UnauthorizedClient
from idp.oidc.metadata import DEVICE_CODE
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import Wanted
from idp.oidc.token.endpoint import as_client, authenticated, refused
from idp.oidc.token.exchange import Denied

KIND = "oidc.device"
PATH = "/device"
"""Where people type the code in: one page for the installation, so that it is short."""
_LONGEST_AGENT = 256


def answer(
    work: Work, provider: Provider, sent: Parameters, authorization: str | None, trail: Trail, *, base_url: str
) -> dict[str, Any] | Denied | Wanted:
    """
    Return the codes of a device that asks, and where its person is to go.

    Args:
        base_url: of this installation.

    Raises:
        OAuthError: the client did not prove who it is.
    """
    client = authenticated(work, provider, sent, authorization, trail)
    if isinstance(client, Wanted):
        return client
    work = as_client(work, client)
    try:
        request = _request(work, provider, client, sent)
    except OAuthError as error:
        refused(work, client, error, trail)
        return Denied(error)
    trail.passed("request", scope=request.scope)
    attempts.save(work, trail)
    agent = plain(work.origin.user_agent)[:_LONGEST_AGENT]
    asked = {
        "client_id": client.client_id,
        "scope": request.scope,
        "resource": list(request.resources),
        "attempt_id": trail.id,
    }
    device_code, user_code = device_codes.keep(work, client, asked, ip=work.origin.ip, agent=agent)
    shown = user_codes.shown(user_code)
    address = base_url + PATH
    return {
        "device_code": device_code,
        "user_code": shown,
        "verification_uri": address,
        "verification_uri_complete": f"{address}?{urlencode({'user_code': shown})}",
        "expires_in": int(device_codes.LIVES.total_seconds()),
        "interval": device_codes.INTERVAL,
    }


def again(work: Work, provider: Provider, client: ClientFacts, asked: dict[str, Any]) -> AuthorizeRequest:
    """Return the request that a device has *asked*, as it was kept."""
    resources = tuple(asked["resource"])
    return with_apis(
        work, AuthorizeRequest(provider, client, redirect_uri="", scope=asked["scope"], resources=resources)
    )


def _request(work: Work, provider: Provider, client: ClientFacts, sent: Parameters) -> AuthorizeRequest:
    """
    Raises:
        UnauthorizedClient: the client is not registered for devices.
        InvalidScope, InvalidTarget: as at the authorization endpoint.
    """
    if DEVICE_CODE not in client.grant_types:
        raise UnauthorizedClient("The client is not registered for devices.")
    request = with_apis(
        work,
        AuthorizeRequest(provider, client, redirect_uri="", scope=sent.get("scope"), resources=sent.all("resource")),
    )
    scope.check(request)
    resource.check(request)
    return request
