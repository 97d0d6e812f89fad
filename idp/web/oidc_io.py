"""How OAuth and OpenID Connect are read from HTTP and written to it; shared by the doors of that protocol."""

from collections.abc import Callable, Collection, Mapping
from functools import partial, wraps
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from flask import Response, request

from idp.audit.attempts import Trail, kept
from idp.audit.events import TokenRefused
from idp.base import egress
from idp.base.errors import Conflict, IdpError, NotFound, PageError, Unavailable
from idp.base.work import Work
from idp.directory import sites
from idp.oidc import answer, client_facts, dpop_nonces, parameters, provider, remote_keys
from idp.oidc.authorize import request_uri
from idp.oidc.authorize.request_uri import Brought, ObjectWanted
from idp.oidc.errors import InvalidRequest, OAuthError, TemporarilyUnavailable, UseDpopNonce
from idp.oidc.parameters import Parameters, Unreadable
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import KeysWanted, Wanted
from idp.web import context
from idp.web.context import open_work
from idp.web.render import redirect_to_path

BELOW = "/sites/<slug>"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FORM = "application/x-www-form-urlencoded"

View = Callable[..., Response]


def provider_at(work: Work, slug: str, trail: Trail | None = None) -> Provider:
    """Return the provider of the site *slug*, noted in *trail*; raise `NotFound` where there is none."""
    found = provider.at(work, context.settings().base_url, slug)
    if found is None:
        raise NotFound("There is no site at this address.")
    if trail is not None:
        trail.organization_id, trail.site_id = found.organization_id, found.site_id
    return found


def came_without_cookies() -> bool:
    """
    A POST from another site carries no cookies of ours (SameSite=Lax), a GET that the browser
    is sent on to does: there the session counts and the browser is bound.
    """
    return request.method == "POST" and context.known_browser() is None


def sent_on(address: str, slug: str, values: Mapping[str, str | list[str]], repeated: Collection[str]) -> Response:
    """
    Send the browser on to *address* below the site *slug* by GET; what came twice comes twice there, too.

    So nothing is judged that is not what came, and whatever stands in the place of a slug stays there.
    """
    query = [*values.items(), *((name, "") for name in values if name in repeated)]
    return redirect_to_path(f"/sites/{quote(slug, safe='')}/oauth2/{address}?{urlencode(query, doseq=True)}")


def browser_parameters() -> Parameters:
    """Return what a browser brought, in the address or in a form; raise `PageError` for what cannot be read."""
    if request.method != "GET" and not (is_form() and not request.query_string):
        raise PageError("The application sent something that is not a form.", code="unreadable-request")
    try:
        return parameters.read(request.query_string if request.method == "GET" else request.get_data())
    except Unreadable as error:
        raise PageError(
            "The application sent something that could not be read.",
            code="unreadable-request",
            advice="Go back to the application and try again from there.",
            cause=str(error),
        ) from error


def is_form() -> bool:
    """Say whether the body is a form."""
    return request.content_type == _FORM or request.mimetype == _FORM


def form() -> Parameters:
    """Return the parameters of the body; raise `InvalidRequest` for one that is no form, or beside a query."""
    if not is_form():
        raise InvalidRequest("The body must be of the type application/x-www-form-urlencoded.")
    if request.query_string:
        raise InvalidRequest("Parameters belong into the body.")
    return read(request.get_data())


def read(raw: bytes) -> Parameters:
    """Return the parameters that *raw* holds; raise `InvalidRequest` for what cannot be read."""
    try:
        return parameters.read(raw)
    except Unreadable as error:
        raise InvalidRequest(str(error)) from error


def json_answer(body: dict[str, Any], status: int = 200) -> Response:
    """Return *body* as JSON that nobody may store (RFC 6749 section 5.1)."""
    return Response(orjson.dumps(body), status, mimetype="application/json", headers=NO_STORE)


def jwt_answer(token: str) -> Response:
    """Return *token* as an answer that nobody may store (OpenID Connect Core section 5.3.2)."""
    return Response(token, mimetype="application/jwt", headers=NO_STORE)


def oauth_error(error: OAuthError, trail: Trail) -> Response:
    """Return *error* in the words of RFC 6749 section 5.2, with the attempt's reference."""
    said = {"error": error.error, "error_description": answer.described(error, trail.id)}
    response = json_answer(said, error.status)
    if error.status == 401 and "Authorization" in request.headers:
        response.headers["WWW-Authenticate"] = 'Basic realm="Ostiary"'
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def nonce_wanted(error: UseDpopNonce, status: int = 400) -> Response:
    """Ask for a proof with the nonce that `give_nonce` gives (RFC 9449 section 8); there is no attempt to refer to."""
    return json_answer({"error": error.error, "error_description": error.description}, status)


def give_nonce(response: Response) -> Response:
    """Tell whoever sends proofs which nonce to use from now on (RFC 9449 section 8.2), in every answer."""
    if "DPoP" in request.headers and response.status_code != 404:
        shared = context.installation()
        of = sites.issuer(shared.settings.base_url, str((request.view_args or {})["slug"]))
        response.headers["DPoP-Nonce"] = dpop_nonces.current(shared.database.vault, of, shared.clock())
    return response


# What clients call


def for_clients(kind: str) -> Callable[[Callable[[Provider, Trail, Work], Response | Wanted]], View]:
    """
    Answer a client in JSON, whatever happens: the view gets provider, trail and work.

    A view that returns `Wanted` is called again, in a new transaction, once the keys were fetched.
    """

    def made(view: Callable[[Provider, Trail, Work], Response | Wanted]) -> View:
        @wraps(view)
        def answered(slug: str) -> Response:
            trail = Trail(kind=kind)
            return in_json(trail, lambda: _asked(view, slug, trail))

        return answered

    return made


def in_json(trail: Trail, answer: Callable[[], Response]) -> Response:
    """Return what *answer* returns; what it raises is recorded with *trail* and told in JSON."""
    try:
        return answer()
    except UseDpopNonce as error:
        return nonce_wanted(error)
    except OAuthError as error:
        context.save_refusal(trail, error, token_refused(trail, error))
        return oauth_error(error, trail)
    except (Unavailable, Conflict) as error:
        trail.refused(error)
        return oauth_error(TemporarilyUnavailable("It cannot be answered just now."), trail)


def _asked(view: Callable[[Provider, Trail, Work], Response | Wanted], slug: str, trail: Trail) -> Response:
    def once(_: Brought) -> Response:
        with open_work(person=False) as work:
            found = view(provider_at(work, slug, trail), trail, work)
            if isinstance(found, Wanted):
                raise Missing(found)
        return found

    return bringing(trail, once)


# What must be fetched from a client before it can be answered


class Missing(Exception):
    """
    Something has to be fetched first. Raised inside of a transaction to give it up: nothing that was
    used up on the way (an assertion, a pushed request) may be missing when the request is judged again.
    """

    def __init__(self, wanted: Wanted | ObjectWanted) -> None:
        super().__init__(wanted.address)
        self.wanted = wanted


def bringing(trail: Trail, once: Callable[[Brought], Response]) -> Response:
    """
    Return what *once* answers; where it raises `Missing` or `KeysWanted`, fetch that and ask again.

    Raises:
        Unavailable: it wanted more than the keys and the request object of one client.
    """
    brought: Brought = {}
    begun = len(trail.steps)
    for _ in range(3):
        try:
            return once(brought)
        except (Missing, KeysWanted) as missing:
            wanted = missing.wanted
        del trail.steps[begun:]
        with context.aside():
            cause = _fetch(wanted, brought)
        if cause:
            code = "client-keys-unreadable" if isinstance(wanted, Wanted) else "request-object-unreadable"
            step = "client-keys" if isinstance(wanted, Wanted) else "request-object"
            trail.steps.append({"step": step, "state": "failed", "code": code, **kept(cause)})
            begun = len(trail.steps)
    raise Unavailable("It cannot be answered just now.", cause="what the client publishes changed while it was read")


def fetches_client_keys(view: View) -> View:
    """Call a view again, in a new transaction, once the keys have been fetched that it said are wanted."""

    @wraps(view)
    def answered(*args: Any, **kwargs: Any) -> Response:
        try:
            return view(*args, **kwargs)
        except KeysWanted as asked:
            with context.aside():
                _fetch(asked.wanted, {})
        return view(*args, **kwargs)

    return answered


def _fetch(wanted: Wanted | ObjectWanted, brought: Brought) -> str:
    if isinstance(wanted, Wanted):
        return remote_keys.fetch(wanted, get_json)
    return request_uri.fetch(wanted, partial(_get, request_uri.LONGEST_BYTES, request_uri.ACCEPT), brought)


def get_json(address: str) -> bytes:
    """Return what is at *address*, which a client has registered; call it while no transaction is open (O18)."""
    return _get(remote_keys.LONGEST_BYTES, "application/json", address)


def _get(most_bytes: int, accept: str, address: str) -> bytes:
    of = context.settings()
    return egress.fetch(
        address,
        allowed=of.egress.allow_addresses,
        most_bytes=most_bytes,
        http_loopback=of.development.allow_http_loopback_applications,
        accept=accept,
    )


def token_refused(trail: Trail, error: OAuthError) -> TokenRefused:
    """Return the event that a request of *trail* was refused."""
    return TokenRefused(
        organization_id=trail.organization_id,
        target_id=trail.application_id or "",
        attempt_id=trail.id,
        code=error.error,
    )


def told(error: IdpError, status: int, reference: str) -> Response:
    """What HTTP refuses (method, size) is told in JSON as well, as RFC 6749 section 5.2 has it."""
    said = {"error": InvalidRequest.error, "error_description": f"{error.message} Reference: {reference}"}
    return json_answer(said, status)


def let_scripts_read(response: Response) -> Response:
    """
    Cross-origin reading (CORS) by scripts of public clients from their registered origins, no
    credentials; at the addresses that such clients call, nowhere else.
    """
    response.headers["Vary"] = "Origin"
    response.headers.setdefault("Cache-Control", "no-store")
    origin = request.headers.get("Origin")
    if origin is None or not _is_known_origin(origin):
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = "WWW-Authenticate, DPoP-Nonce"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, DPoP"
        response.headers["Access-Control-Max-Age"] = "600"
    return response


def _is_known_origin(origin: str) -> bool:
    try:
        with open_work(person=False) as work:
            of = provider_at(work, str((request.view_args or {})["slug"]))
            return client_facts.knows_origin(work, of.organization_id, of.site_id, origin)
    except IdpError:
        return False
