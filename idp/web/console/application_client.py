"""How an OpenID Connect application is registered: everything of it can be changed; its secret is shown once."""

from typing import Any

from flask import Blueprint, Response, g, request

from idp.base.errors import IdpError, Invalid
from idp.base.work import Work
from idp.oidc import clients, metadata, signing
from idp.oidc.checking import examination
from idp.oidc.registration import changing
from idp.web import context
from idp.web.console import lists, metadata_given, outside
from idp.web.console.application_adding_client import read_json, sectors_of, show_secret
from idp.web.console.application_page import application_of, application_page, loopback
from idp.web.console.desk import Desk, at_desk, done, fresh
from idp.web.languages import gettext as _
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_application_client", __name__, url_prefix="/admin/applications/<application_id>/client")

_HOME = "console_application_client.index"
_TEXTS = (
    *("scope", "token_endpoint_auth_method", "application_type", "jwks_uri", "client_uri", "policy_uri", "tos_uri"),
    *("initiate_login_uri", "backchannel_logout_uri", "frontchannel_logout_uri"),
    *("id_token_signed_response_alg", "access_token_signed_response_alg", "userinfo_signed_response_alg"),
)
_FLAGS = ("require_pushed_authorization_requests", "require_signed_request_object", "dpop_bound_access_tokens")
_ADDRESSES = ("redirect_uris", "post_logout_redirect_uris")
_LISTS = ("grant_types", "response_types")


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk, application_id: str) -> Response:
    """Show how the client is registered, and what is weak in that."""
    application = application_of(work, desk, application_id)
    client = clients.of_application(work, application)
    examined = examination.of_application(
        work, application, base_url=context.settings().base_url, http_loopback=loopback()
    )
    return application_page(
        work,
        desk,
        "client",
        application,
        "protocol",
        client=client,
        registration=client.registration,
        grant_types=metadata.GRANT_TYPES,
        response_types=metadata.RESPONSE_TYPES,
        methods=metadata.AUTHENTICATION_METHODS,
        algorithms=signing.algorithms(work, client.organization_id, client.site_id),
        has_secret=bool(client.secret_hash),
        examined=examined,
    )


@pages.post("")
@administrator
def save(application_id: str) -> Response:
    """Change its registration; the list that its sector names is read before."""
    g.fault = g.sector_uris = None
    g.changes = {}
    try:
        g.changes = _changes()
        held = outside.at_work(lambda work, desk: _registration(work, desk, application_id))
        g.changes = {
            name: value
            for name, value in g.changes.items()
            if name not in _FLAGS or value is not False or held.get(name)  # off already, or never said
        }
        g.sector_uris = sectors_of(changing.merged(held, g.changes))
    except Invalid as error:
        g.fault = error
    return _save(application_id=application_id)


@at_desk(again=index)
@fresh
def _save(work: Work, desk: Desk, application_id: str) -> Response:
    if g.fault is not None:
        fault: IdpError = g.fault
        raise fault
    application = application_of(work, desk, application_id)
    form_is_whole = "json" not in request.form
    edited = clients.edit(
        work,
        application.id,
        g.changes,
        if_version=lists.version(),
        pkce_required=request.form.get("pkce") == "on" if form_is_whole else None,
        first_party=request.form.get("first_party") == "on" if form_is_whole else None,
        sector_uris=g.sector_uris,
        base_url=context.settings().base_url,
        allow_http_loopback=loopback(),
    )
    if edited.secret is not None:
        answer = redirect("console_application_adding_client.made", application_id=application.id)
        return show_secret(answer, desk, application.id, edited.secret, work)
    changed = ", ".join(edited.after)
    words = _("Saved: %(what)s.", what=changed) if changed else _("Nothing changed: it is so already.")
    return done(work, desk, words, _HOME, application_id=application.id)


@pages.get("/secret")
@administrator
@at_desk
def ask_for_secret(work: Work, desk: Desk, application_id: str) -> Response:
    """Say what happens when the secret is replaced."""
    application = application_of(work, desk, application_id)
    client = clients.of_application(work, application)
    return application_page(work, desk, "secret", application, "", client=client)


@pages.post("/secret")
@administrator
@at_desk(again=ask_for_secret)
@fresh
def replace_secret(work: Work, desk: Desk, application_id: str) -> Response:
    """Give it a new secret; the former one ends at once."""
    application = application_of(work, desk, application_id)
    _application, _client, secret = clients.rotate_secret(work, application.id, if_version=lists.version())
    answer = redirect("console_application_adding_client.made", application_id=application.id)
    return show_secret(answer, desk, application.id, secret, work)


def _registration(work: Work, desk: Desk, application_id: str) -> dict[str, Any]:
    return clients.of_application(work, application_of(work, desk, application_id)).registration


def _changes() -> dict[str, Any]:
    form = request.form
    if "json" in form:
        return read_json(form["json"])
    changes: dict[str, Any] = {name: form[name].strip() or None for name in _TEXTS if name in form}
    changes |= {name: form.get(name) == "on" for name in _FLAGS}
    changes |= {name: list(metadata_given.lines(name)) for name in _ADDRESSES if name in form}
    changes |= {name: form.getlist(name) for name in _LISTS}
    return changes
