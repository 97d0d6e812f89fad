"""OAuth and OpenID Connect below ``/sites/<slug>``: URL in, one call, answer out. No decisions."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, make_response, request

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import TokenRefused
from idp.base import egress
from idp.base.errors import Conflict, IdpError, NotFound, PageError, Unavailable
from idp.base.work import Work
from idp.oidc import (
    addresses,
    answer,
    clients,
    discovery,
    introspect,
    logout,
    parameters,
    provider,
    remote_keys,
    revoke,
    userinfo,
)
from idp.oidc.authorize import respond
from idp.oidc.authorize.request import KEPT
from idp.oidc.discovery import Document
from idp.oidc.errors import InvalidRequest, OAuthError, TemporarilyUnavailable
from idp.oidc.parameters import NO_PARAMETERS, Parameters, Unreadable
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import Wanted
from idp.oidc.token import endpoint
from idp.oidc.token.exchange import Denied
from idp.signon import logout as signon_logout
from idp.signon.door import Interact
from idp.signon.logout import Attended, Starter
from idp.signon.pending import SignOnLost
from idp.web import context, signout, telling
from idp.web.context import open_work
from idp.web.errors import TELL, page_for
from idp.web.render import page, redirect, redirect_to_path
from idp.web.security import acts, allow_form_action, protocol, public

pages = Blueprint("oidc", __name__)

_FORM = "application/x-www-form-urlencoded"
_BELOW = "/sites/<slug>"
_FOR_SCRIPTS = frozenset(
    {"oidc.token", "oidc.userinfo_", "oidc.revoke_", "oidc.jwks", "oidc.discovery_", "oidc.rfc8414"}
)
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

View = Callable[..., Response]


# Sign-on


@pages.route(f"{_BELOW}/oauth2/authorize", methods=["GET", "POST"])
@protocol
@acts
def authorize(slug: str) -> Response:
    """The authorization endpoint (RFC 6749 section 3.1)."""
    trail = Trail(kind=respond.KIND)
    try:
        sent = _browser_parameters()
        if _came_without_cookies():
            kept = urlencode({name: value for name, value in sent.values.items() if name in KEPT})
            return redirect_to_path(f"/sites/{slug}/oauth2/authorize?{kept}")
        with open_work() as work:
            of = _provider(work, slug, trail)
            context.count_beginning(work)
            found = respond.begin(
                work,
                of,
                sent,
                session=context.current_session(work),
                browser=context.browser(),
                trail=trail,
            )
            if isinstance(found, Interact):
                return redirect("signin.dispatch", handle=found.handle)
    except PageError as error:
        context.save_refusal(trail, error)
        return page_for(error, trail.id)
    return _leave(of, found)


@pages.get(f"{_BELOW}/oauth2/resume/<handle>")
@protocol
@acts
def resume(slug: str, handle: str) -> Response:
    """Where a sign-on comes back to when the person is done."""
    trail = Trail(kind=respond.KIND)
    try:
        with open_work() as work:
            of = _provider(work, slug, trail)
            found = respond.resume(
                work,
                of,
                handle,
                session=context.current_session(work),
                browser=context.browser(),
            )
    except SignOnLost:
        raise  # its own page offers to begin anew
    except PageError as error:
        context.save_refusal(trail, error)
        return page_for(error, trail.id)
    return _leave(of, found)


def _leave(of: Provider, found: answer.Answer) -> Response:
    """Send an answer to where it was proven to belong."""
    if isinstance(found, answer.Redirect):
        response = make_response("", 303)  # RFC 9700 section 4.12
        response.headers["Location"] = found.url
        response.headers["Cache-Control"] = "no-store"
        return response
    allow_form_action(found.origin)
    return page(
        "oidc/form_post.html", site=of.site, application=found.application, action=found.action, fields=found.fields
    )


# What clients call


def _for_clients(kind: str) -> Callable[[Callable[[Provider, Trail, Work], Response | Wanted]], View]:
    """
    Answer a client in JSON, whatever happens: the view gets provider, trail and work.

    A view that returns `Wanted` is called again, in a new transaction, once the keys were fetched.
    """

    def made(view: Callable[[Provider, Trail, Work], Response | Wanted]) -> View:
        @wraps(view)
        def answered(slug: str) -> Response:
            trail = Trail(kind=kind)
            try:
                return _asked(view, slug, trail)
            except OAuthError as error:
                context.save_refusal(trail, error, _token_refused(trail, error))
                return _oauth_error(error, trail)
            except (Unavailable, Conflict) as error:
                trail.refused(error)
                return _oauth_error(TemporarilyUnavailable("It cannot be answered just now."), trail)

        return answered

    return made


def _asked(view: Callable[[Provider, Trail, Work], Response | Wanted], slug: str, trail: Trail) -> Response:
    for _ in range(2):
        with open_work(person=False) as work:
            found = view(_provider(work, slug, trail), trail, work)
        if not isinstance(found, Wanted):
            return found
        with context.aside():
            cause = remote_keys.fetch(found, _get)
        if cause:
            trail.steps.append(
                {"step": "client-keys", "state": "failed", "code": "client-keys-unreadable", "cause": cause}
            )
    raise Unavailable("It cannot be answered just now.", cause="the client's keys changed while they were read")


def _get(address: str) -> bytes:
    of = context.settings()
    return egress.fetch(
        address,
        allowed=of.egress.allow_addresses,
        most_bytes=remote_keys.LONGEST_BYTES,
        http_loopback=of.development.allow_http_loopback_applications,
        accept="application/json",
    )


def _token_refused(trail: Trail, error: OAuthError) -> TokenRefused:
    return TokenRefused(
        organization_id=trail.organization_id,
        target_id=trail.application_id or "",
        attempt_id=trail.id,
        code=error.error,
    )


@pages.post(f"{_BELOW}/oauth2/token")
@protocol
@_for_clients(endpoint.KIND)
def token(of: Provider, trail: Trail, work: Work) -> Response | Wanted:
    """The token endpoint (RFC 6749 section 3.2)."""
    found = endpoint.answer(work, of, _form(), request.headers.get("Authorization"), trail)
    if isinstance(found, Wanted):
        return found
    return _oauth_error(found.error, trail) if isinstance(found, Denied) else _json(found.body)


@pages.post(f"{_BELOW}/oauth2/revoke")
@protocol
@_for_clients(revoke.KIND)
def revoke_(of: Provider, trail: Trail, work: Work) -> Response | Wanted:
    """Token revocation (RFC 7009)."""
    found = revoke.answer(work, of, _form(), request.headers.get("Authorization"), trail)
    if isinstance(found, Wanted):
        return found
    return _oauth_error(found.error, trail) if found is not None else Response(status=200, headers=_NO_STORE)


@pages.post(f"{_BELOW}/oauth2/introspect")
@protocol
@_for_clients(introspect.KIND)
def introspect_(of: Provider, trail: Trail, work: Work) -> Response | Wanted:
    """Token introspection (RFC 7662)."""
    found = introspect.answer(work, of, _form(), request.headers.get("Authorization"), trail)
    if isinstance(found, Wanted):
        return found
    return _oauth_error(found.error, trail) if isinstance(found, Denied) else _json(found)


@pages.route(f"{_BELOW}/oauth2/userinfo", methods=["GET", "POST"])
@protocol
def userinfo_(slug: str) -> Response:
    """UserInfo (OpenID Connect Core section 5.3)."""
    trail = Trail(kind="oidc.userinfo")
    try:
        form = _form() if request.method == "POST" and _is_form() else NO_PARAMETERS
        query = _read(request.query_string)
        sent = userinfo.presented(request.headers.get("Authorization"), query, form)
        with open_work() as work:
            of = _provider(work, slug, trail)
            if sent is not None:
                return _json(userinfo.answer(work, of, sent))
        return _bearer_challenge(of)
    except OAuthError as error:
        context.save_refusal(trail, error, _token_refused(trail, error))
        return _bearer_error(error, trail)


def _bearer_challenge(of: Provider) -> Response:
    """Whoever shows no token learns only what is asked for (RFC 6750 section 3.1)."""
    return Response(status=401, headers={**_NO_STORE, "WWW-Authenticate": f'Bearer realm="{of.issuer}"'})


def _bearer_error(error: OAuthError, trail: Trail) -> Response:
    response = _oauth_error(error, trail)
    scope = ', scope="openid"' if response.status_code == 403 else ""
    response.headers["WWW-Authenticate"] = (
        f'Bearer error="{error.error}", error_description="{answer.described(error, trail.id)}"{scope}'
    )
    return response


# What anybody may read


@pages.get(f"{_BELOW}/.well-known/openid-configuration")
@protocol
def discovery_(slug: str) -> Response:
    """Discovery (OpenID Connect Discovery 1.0 section 4)."""
    with open_work() as work:
        return _document(discovery.metadata_document(_provider(work, slug)))


@pages.get("/.well-known/oauth-authorization-server/sites/<slug>")
@protocol
def rfc8414(slug: str) -> Response:
    """The same, at the address that RFC 8414 section 3.1 makes of the issuer."""
    with open_work() as work:
        return _document(discovery.metadata_document(_provider(work, slug)))


@pages.get(f"{_BELOW}/oauth2/jwks")
@protocol
def jwks(slug: str) -> Response:
    """The public keys (RFC 7517)."""
    with open_work() as work:
        return _document(discovery.keys_document(work, _provider(work, slug)))


def _document(found: Document) -> Response:
    headers = {"ETag": f'"{found.etag}"', "Cache-Control": f"public, max-age={found.max_age}"}
    if request.if_none_match.contains(found.etag):
        return Response(status=304, headers=headers)
    return Response(found.body, headers=headers, mimetype="application/json")


# Logout


@pages.route(f"{_BELOW}/oauth2/logout", methods=["GET", "POST"])
@protocol
@acts
def end_session(slug: str) -> Response:
    """RP-Initiated Logout 1.0 section 2: at once, or after asking the person."""
    trail = Trail(kind=logout.KIND)
    try:
        sent = _browser_parameters()
        if _came_without_cookies():
            return redirect_to_path(f"/sites/{slug}/oauth2/logout?{urlencode(sent.values)}")
        return _logout(slug, sent, trail, asked=False)
    except PageError as error:
        context.save_refusal(trail, error)
        return page_for(error, trail.id)


@pages.post(f"{_BELOW}/oauth2/logout/confirm")
@public
def logout_confirmed(slug: str) -> Response:
    """The person said yes."""
    trail = Trail(kind=logout.KIND)
    try:
        sent = Parameters({name: request.form[name] for name in logout.KEPT if name in request.form})
        return _logout(slug, sent, trail, asked=True)
    except PageError as error:
        context.save_refusal(trail, error)
        return page_for(error, trail.id)


def _logout(slug: str, sent: Parameters, trail: Trail, *, asked: bool) -> Response:
    with open_work() as work:
        of = _provider(work, slug, trail)
        session = context.current_session(work)
        if session is not None and session.organization_id != of.organization_id:
            session = None  # another organization's is none of this provider's business
        wanted = logout.read(work, of, sent, session)
        if session is None:
            return _go_on(wanted) if wanted.return_to is not None else redirect("signout.done")
        if not (wanted.certain or asked):
            return _ask(of, wanted, session.email)
        started = signon_logout.start(
            work,
            telling.tellers(),
            session.organization_id,
            {session.id: session.account_id},
            because="signed out by an application",
            attended=Attended(context.browser()),
            starter=_starter(slug, wanted),
        )
        trail.application_id = wanted.client.application_id if wanted.client is not None else None
        trail.account_id = session.account_id
        trail.passed("session", session_id=session.id, asked=asked)
        trail.succeeded()
        attempts.save(work, trail)
    context.drop_session()
    if wanted.return_to is None:
        return signout.go_on(started)
    telling.at_once(started)
    with open_work() as work:
        if not signon_logout.is_complete(work, started):
            return redirect("signout.steps", handle=started.handle)
    return _go_on(wanted)


@pages.get(f"{_BELOW}/oauth2/logout/done/<handle>")
@protocol
@acts
def logout_done(slug: str, handle: str) -> Response:
    """Go back to the application that started a logout, once the others have been told."""
    trail = Trail(kind=logout.KIND)
    try:
        with open_work() as work:
            of = _provider(work, slug, trail)
            resumed = signon_logout.resume(work, handle, context.browser(), request.path.rpartition("/")[0])
            if resumed is None:
                return redirect("signout.steps", handle=handle)
            return _leave_to(logout.again(work, of, resumed.protocol_state))
    except PageError as error:
        context.save_refusal(trail, error)
        return page_for(error, trail.id)


def _starter(slug: str, wanted: logout.LogoutRequest) -> Starter | None:
    if wanted.client is None:
        return None
    return Starter(
        wanted.client.application_id,
        resume_url=f"/sites/{slug}/oauth2/logout/done" if wanted.return_to is not None else "",
        protocol_state=logout.keep(wanted),
        proven=wanted.certain,
    )


def _ask(of: Provider, wanted: logout.LogoutRequest, email: str) -> Response:
    if wanted.return_to is not None:
        allow_form_action(addresses.origin(wanted.return_to.redirect_uri))
    return page(
        "oidc/logout.html",
        site=of.site,
        organization_name=of.site.organization_name,
        application=wanted.client.name if wanted.client is not None else "",
        email=email,
        kept=wanted.kept,
    )


def _go_on(wanted: logout.LogoutRequest) -> Response:
    assert wanted.return_to is not None
    return _leave_to(wanted.return_to)


def _leave_to(return_to: logout.ReturnTo) -> Response:
    response = make_response("", 303)
    response.headers["Location"] = return_to.url
    response.headers["Cache-Control"] = "no-store"
    return response


# In and out


def _provider(work: Work, slug: str, trail: Trail | None = None) -> Provider:
    found = provider.at(work, context.settings().base_url, slug)
    if found is None:
        raise NotFound("There is no site at this address.")
    if trail is not None:
        trail.organization_id, trail.site_id = found.organization_id, found.site_id
    return found


def _came_without_cookies() -> bool:
    """
    A POST from another site carries no cookies of ours (SameSite=Lax), a GET that the browser
    is sent on to does: there the session counts and the browser is bound.
    """
    return request.method == "POST" and context.known_browser() is None


def _browser_parameters() -> Parameters:
    is_form = _is_form() and not request.query_string
    if request.method != "GET" and not is_form:
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


def _is_form() -> bool:
    return request.content_type == _FORM or request.mimetype == _FORM


def _form() -> Parameters:
    if not _is_form():
        raise InvalidRequest("The body must be of the type application/x-www-form-urlencoded.")
    if request.query_string:
        raise InvalidRequest("Parameters belong into the body.")
    return _read(request.get_data())


def _read(raw: bytes) -> Parameters:
    try:
        return parameters.read(raw)
    except Unreadable as error:
        raise InvalidRequest(str(error)) from error


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, mimetype="application/json", headers=_NO_STORE)


def _oauth_error(error: OAuthError, trail: Trail) -> Response:
    said = {"error": error.error, "error_description": answer.described(error, trail.id)}
    response = _json(said, error.status)
    if error.status == 401 and "Authorization" in request.headers:
        response.headers["WWW-Authenticate"] = 'Basic realm="Ostiary"'
    if error.status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _told(error: IdpError, status: int, reference: str) -> Response:
    """What HTTP refuses (method, size) is told in JSON as well, as RFC 6749 section 5.2 has it."""
    said = {"error": InvalidRequest.error, "error_description": f"{error.message} Reference: {reference}"}
    return _json(said, status)


TELL.update(dict.fromkeys(("oidc.token", "oidc.revoke_", "oidc.introspect_", "oidc.userinfo_"), _told))


@pages.after_request
def _let_scripts_read(response: Response) -> Response:
    """
    Cross-origin reading (CORS) by scripts of public clients from their registered origins, no
    credentials; at the addresses that such clients call, nowhere else.
    """
    if request.endpoint not in _FOR_SCRIPTS:
        return response
    response.headers["Vary"] = "Origin"
    response.headers.setdefault("Cache-Control", "no-store")
    origin = request.headers.get("Origin")
    if origin is None or not _is_known_origin(origin):
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = "WWW-Authenticate"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response.headers["Access-Control-Max-Age"] = "600"
    return response


def _is_known_origin(origin: str) -> bool:
    try:
        with open_work() as work:
            of = _provider(work, str((request.view_args or {})["slug"]))
            return clients.knows_origin(work, of.organization_id, of.site_id, origin)
    except IdpError:
        return False
