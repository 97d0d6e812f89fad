"""The authorization request, read once and frozen (RFC 6749 section 4.1.1, OpenID Connect Core 3.1.2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from idp.base.texts import phrase
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.oidc import metadata, scopes
from idp.oidc.api_facts import NO_APIS, SiteApis
from idp.oidc.authorize.identify import well_formed
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import InvalidRequest
from idp.oidc.parameters import MAY_REPEAT, Parameters
from idp.oidc.provider import Provider


@quickly_made
@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    """
    What the client asks for, in its own words. None: it did not say. The checks give the words their meaning.

    ``apis`` are those that it can speak of, ``api_scopes`` the scopes of APIs that are granted to the client.
    """

    provider: Provider
    client: ClientFacts
    redirect_uri: str
    response_type: str | None = None
    response_mode: str | None = None
    scope: str | None = None
    nonce: str | None = None
    prompt: str | None = None
    max_age: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    claims: str | None = None
    acr_values: str | None = None
    login_hint: str | None = None
    id_token_hint: str | None = None
    ui_locales: str | None = None
    registration: str | None = None
    dpop_jkt: str | None = None
    resources: tuple[str, ...] = ()
    apis: SiteApis = NO_APIS
    api_scopes: frozenset[str] = frozenset()


_NO_PARAMETER = ("provider", "client", "resources", "apis", "api_scopes")
NAMES = tuple(name for name in AuthorizeRequest.__dataclass_fields__ if name not in _NO_PARAMETER)
ASKED = (*NAMES, "client_id", "state", "resource")
"""The parameters that mean something to us; all others are ignored (RFC 6749 section 3.1)."""
KEPT = (*ASKED, "request", "request_uri")
"""Those, and what they may come in (see `arrival`)."""


def kept(parameters: Parameters) -> dict[str, Any]:
    """Return of *parameters*, as JSON values, what a request is judged by when it is taken up again by `again`."""
    return {
        name: list(parameters.all(name)) if name in MAY_REPEAT else parameters.values[name]
        for name in KEPT
        if name in parameters.values
    }


def again(stored: Mapping[str, Any]) -> Parameters:
    """Return the parameters that `kept` kept."""
    lists = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
    values = {name: value for name, value in stored.items() if isinstance(value, str)}
    return Parameters({**values, **{name: of[0] for name, of in lists.items() if of}}, lists=lists)


def parse(work: Work, provider: Provider, client: ClientFacts, parameters: Parameters) -> AuthorizeRequest:
    """
    Raises:
        InvalidRequest: a parameter is repeated, or one that is handed back has control characters.
    """
    if parameters.repeated:
        raise InvalidRequest(
            "A parameter is repeated.",
            cause=phrase("repeated: %(all)s", all=", ".join(sorted(parameters.repeated))[:200]),
        )
    for name in ("state", "nonce"):
        if not well_formed(parameters.get(name) or ""):
            raise InvalidRequest(phrase("The %(name)s has control characters.", name=name))
    values = {name: parameters.get(name) for name in NAMES}
    request = AuthorizeRequest(provider, client, resources=parameters.all("resource"), **values)  # type: ignore[arg-type]
    return with_apis(work, request)


def with_apis(work: Work, request: AuthorizeRequest) -> AuthorizeRequest:
    """Return *request* with the APIs that it speaks of, as they and their grants to the client stand now."""
    try:
        asked = metadata.scopes(request.scope or "")
    except ValueError:
        return request  # the check of the scope says so
    apis = scopes.apis_for(work, request.client, asked, request.resources)
    if apis is NO_APIS:
        return request
    granted = frozenset() if apis.by_scope.keys().isdisjoint(asked) else scopes.granted(work, request.client)
    return replace(request, apis=apis, api_scopes=granted)
