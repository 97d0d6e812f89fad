"""What clients call below ``/sites/<slug>/oauth2``: URL in, one call, JSON out. No decisions."""

from flask import Blueprint, Response, request

from idp.audit.attempts import Trail
from idp.base.work import Work
from idp.oidc import answer, introspect, par, proof_keys, revoke, userinfo
from idp.oidc.device import asking
from idp.oidc.errors import InvalidDpopProof, OAuthError, UseDpopNonce
from idp.oidc.parameters import NO_PARAMETERS
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import Wanted
from idp.oidc.token import endpoint
from idp.oidc.token.exchange import Denied
from idp.oidc.userinfo import Presented
from idp.web import context
from idp.web.context import open_work
from idp.web.errors import TELL
from idp.web.oidc_io import (
    BELOW,
    NO_STORE,
    fetches_client_keys,
    for_clients,
    form,
    give_nonce,
    is_form,
    json_answer,
    jwt_answer,
    let_scripts_read,
    nonce_wanted,
    oauth_error,
    provider_at,
    read,
    token_refused,
    told,
)
from idp.web.security import protocol

pages = Blueprint("oidc_clients", __name__)

_WITH_PROOFS = frozenset({"oidc_clients.token", "oidc_clients.userinfo_", "oidc_clients.par_"})
_FOR_SCRIPTS = frozenset({"oidc_clients.token", "oidc_clients.userinfo_", "oidc_clients.revoke_", "oidc_clients.par_"})


@pages.post(f"{BELOW}/oauth2/token")
@protocol
@for_clients(endpoint.KIND)
def token(of: Provider, trail: Trail, work: Work) -> Response | Wanted:
    """The token endpoint (RFC 6749 section 3.2)."""
    found = endpoint.answer(work, of, form(), request.headers.get("Authorization"), trail, request.headers.get("DPoP"))
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


@pages.post(f"{BELOW}/oauth2/par")
@protocol
@for_clients(par.KIND)
def par_(of: Provider, trail: Trail, work: Work) -> Response | Wanted:
    """Pushed authorization requests (RFC 9126)."""
    found = par.answer(
        work,
        of,
        form(),
        request.headers.get("Authorization"),
        trail,
        proof=request.headers.get("DPoP"),
        count=context.count_beginning,
    )
    if isinstance(found, Wanted):
        return found
    return oauth_error(found.error, trail) if isinstance(found, Denied) else json_answer(found, 201)


@pages.route(f"{BELOW}/oauth2/userinfo", methods=["GET", "POST"])
@protocol
@fetches_client_keys
def userinfo_(slug: str) -> Response:
    """UserInfo (OpenID Connect Core section 5.3)."""
    trail = Trail(kind="oidc.userinfo")
    sent: Presented | None = None
    try:
        body = form() if request.method == "POST" and is_form() else NO_PARAMETERS
        sent = userinfo.presented(
            request.headers.get("Authorization"),
            read(request.query_string),
            body,
            method=request.method,
            proof=request.headers.get("DPoP"),
        )
        with open_work(person=False) as work:
            of = provider_at(work, slug, trail)
            if sent is not None:
                found = userinfo.answer(work, of, sent)
                return jwt_answer(found) if isinstance(found, str) else json_answer(found)
        return _challenged(Response(status=401, headers=NO_STORE), f'realm="{of.issuer}"')
    except UseDpopNonce as error:
        return _challenged(nonce_wanted(error, 401), f'error="{error.error}"', userinfo.DPOP)
    except OAuthError as error:
        context.save_refusal(trail, error, token_refused(trail, error))
        return _refused(error, trail, userinfo.BEARER if sent is None else sent.scheme)


def _refused(error: OAuthError, trail: Trail, scheme: str) -> Response:
    """A refusal in the words of the scheme that was tried (RFC 6750 section 3, RFC 9449 section 7.1)."""
    response = oauth_error(error, trail)
    if error.error == InvalidDpopProof.error:
        response.status_code = 401
    scope = ', scope="openid"' if response.status_code == 403 else ""
    said = f'error="{error.error}", error_description="{answer.described(error, trail.id)}"{scope}'
    return _challenged(response, said, scheme)


def _challenged(response: Response, said: str, scheme: str = userinfo.BEARER) -> Response:
    """Name both schemes, with what there is to say of the one (RFC 9110 section 11.6.1, RFC 9449 section 7.2)."""
    algorithms = f'algs="{" ".join(proof_keys.ALGORITHMS)}"'
    bound = scheme == userinfo.DPOP
    response.headers.pop("WWW-Authenticate", None)
    response.headers.add("WWW-Authenticate", f"{scheme} {said}, {algorithms}" if bound else f"{scheme} {said}")
    response.headers.add("WWW-Authenticate", userinfo.BEARER if bound else f"{userinfo.DPOP} {algorithms}")
    return response


TELL.update(
    dict.fromkeys(
        (
            f"oidc_clients.{view}"
            for view in ("token", "device_authorization", "revoke_", "introspect_", "par_", "userinfo_")
        ),
        told,
    )
)


@pages.after_request
def _cors(response: Response) -> Response:
    return let_scripts_read(response) if request.endpoint in _FOR_SCRIPTS else response


@pages.after_request
def _nonce(response: Response) -> Response:
    return give_nonce(response) if request.endpoint in _WITH_PROOFS else response
