"""Adding an OpenID Connect application: by the kind of application it is, or by its client metadata."""

import json
from typing import Any

from flask import Blueprint, Response, g, request

from idp.base import placeholders
from idp.base.errors import Forbidden, Invalid
from idp.base.work import Work
from idp.oidc import clients, from_template, metadata, sector_list, templates
from idp.oidc.claims import ADDRESS, EMAIL, GROUPS, OFFLINE_ACCESS, OPENID, PHONE, PROFILE
from idp.policy.permissions import Permission
from idp.web import context, shown_once
from idp.web.console import metadata_given, outside
from idp.web.console.application_adding import site_to_add_to, sites_to_add_to
from idp.web.console.application_page import PLACE, application_of, application_page, loopback
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_application_adding_client", __name__, url_prefix="/admin/applications")

WEB, SCRIPTS, NATIVE, DEVICE, SERVICE = "web", "scripts", "native", "device", "service"
SCOPES = (OPENID, PROFILE, EMAIL, GROUPS, ADDRESS, PHONE, OFFLINE_ACCESS)
_BY_DEFAULT = (OPENID, PROFILE, EMAIL)
_SECRET = "client-secret"  # noqa: S105 (a purpose, not a secret)


@pages.get("/new/oidc")
@administrator
@at_desk
def ask(work: Work, desk: Desk) -> Response:
    """Ask what kind of application it is and where answers go."""
    return console_page(
        work,
        desk,
        "console/applications/new/oidc.html",
        place=PLACE,
        sites=sites_to_add_to(work, desk),
        scopes=SCOPES,
        by_default=_BY_DEFAULT,
    )


@pages.post("/new/oidc")
@administrator
def register() -> Response:
    """Register a client; the list that its sector names is read before."""
    try:
        asked = _asked()
        g.asked, g.sector_uris, g.fault = asked, _sector_uris(asked), None
    except Invalid as error:
        g.fault = error
    return _register()


@at_desk(again=ask)
def _register(work: Work, desk: Desk) -> Response:
    if g.fault is not None:
        raise g.fault
    site = site_to_add_to(work, desk)
    application, _client, secret = clients.create(
        work,
        site.slug,
        g.asked,
        first_party=request.form.get("first_party") == "on",
        sector_uris=g.sector_uris,
        base_url=context.settings().base_url,
        allow_http_loopback=loopback(),
    )
    answer = redirect("console_application_adding_client.made", application_id=application.id, guided="1")
    return show_secret(answer, desk, application.id, secret, work)


@pages.get("/new/oidc/template/<name>")
@administrator
@at_desk
def ask_for_template(work: Work, desk: Desk, name: str) -> Response:
    """Ask for what a template wants to know, and show what the examples would make."""
    vendor = templates.find(name)
    examples = {field.name: field.example for field in vendor.fields}
    return console_page(
        work,
        desk,
        "console/applications/new/client_template.html",
        place=PLACE,
        sites=sites_to_add_to(work, desk),
        vendor=vendor,
        redirect_uris=[placeholders.fill(uri, examples) for uri in vendor.redirect_uris],
        notes=[placeholders.fill(note, examples) for note in vendor.notes],
    )


@pages.post("/new/oidc/template/<name>")
@administrator
@at_desk(again=ask_for_template)
def register_template(work: Work, desk: Desk, name: str) -> Response:
    """Register the application of a template; its secret is shown once."""
    site = site_to_add_to(work, desk)
    template = templates.find(name)
    answers = {one.name: request.form.get(f"field-{one.name}", "").strip() for one in template.fields}
    application, _client, secret = from_template.register_from_template(
        work,
        site.slug,
        template,
        answers,
        name=request.form.get("name", "").strip() or None,
        first_party=request.form.get("first_party") == "on",
        base_url=context.settings().base_url,
        allow_http_loopback=loopback(),
    )
    answer = redirect("console_application_adding_client.made", application_id=application.id, guided="1")
    return show_secret(answer, desk, application.id, secret, work)


@pages.get("/<application_id>/made")
@administrator
@at_desk
def made(work: Work, desk: Desk, application_id: str) -> Response:
    """Show the identifiers of a client, and its secret if it was made just now: this once."""
    application = application_of(work, desk, application_id)
    client = clients.of_application(work, application)
    shown = shown_once.shown(_SECRET, f"{desk.session.id}:{application.id}", work.now)
    return application_page(
        work,
        desk,
        "made",
        application,
        "",
        client_id=client.client_id,
        has_secret=bool(client.secret_hash),
        secret=shown[0] if shown else "",
    )


def show_secret(answer: Response, desk: Desk, application_id: str, secret: str | None, work: Work) -> Response:
    """Let the page after *answer* show a client's *secret*, once, to whoever made it."""
    if secret is None:
        return answer
    return shown_once.show(answer, _SECRET, f"{desk.session.id}:{application_id}", (secret,), work.now)


def _asked() -> dict[str, Any]:
    text = request.form.get("json", "").strip()
    if text:
        return read_json(text)
    kind = request.form.get("type", WEB)
    scope = [one for one in SCOPES if one in request.form.getlist("scope")]
    more = request.form.get("more_scopes", "").split()
    asked: dict[str, Any] = {
        "client_name": request.form.get("name", "").strip(),
        "redirect_uris": list(metadata_given.lines("redirect_uris")),
        "post_logout_redirect_uris": list(metadata_given.lines("post_logout_redirect_uris")),
        "scope": " ".join([*scope, *more]),
    }
    grants = [metadata.AUTHORIZATION_CODE] + ([metadata.REFRESH_TOKEN] if OFFLINE_ACCESS in scope else [])
    if kind == WEB:
        asked["grant_types"] = grants
    elif kind in (SCRIPTS, NATIVE):
        asked |= {"grant_types": grants, "token_endpoint_auth_method": metadata.NONE}
        asked["application_type"] = metadata.NATIVE if kind == NATIVE else metadata.WEB
    elif kind == DEVICE:
        devices = [metadata.DEVICE_CODE] + ([metadata.REFRESH_TOKEN] if OFFLINE_ACCESS in scope else [])
        asked |= {"grant_types": devices, "response_types": [], "token_endpoint_auth_method": metadata.NONE}
    elif kind == SERVICE:
        asked |= {"grant_types": [metadata.CLIENT_CREDENTIALS], "response_types": [], "scope": " ".join(more)}
    else:
        raise Invalid("Say what kind of application it is.", field="type")
    return {name: value for name, value in asked.items() if value or name in ("client_name", "response_types")}


def read_json(text: str) -> dict[str, Any]:
    """
    Return the client metadata (RFC 7591) that *text* is.

    Raises:
        Invalid: it is no JSON object.
    """
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("The client metadata is not JSON.", field="json", cause=type(error).__name__) from error
    if not isinstance(asked, dict):
        raise Invalid("The client metadata is not a JSON object.", field="json")
    return asked


def _sector_uris(asked: dict[str, Any]) -> tuple[str, ...] | None:
    if not asked.get("sector_identifier_uri"):
        return None

    def check(_work: Work, desk: Desk) -> None:
        if not desk.may(Permission.APPLICATION_CREATE, site_id=request.form.get("site") or None):
            raise Forbidden("You may not do this.", cause="no application:create here: nothing was fetched")

    outside.at_work(check)
    return sectors_of(asked)


def sectors_of(asked: dict[str, Any]) -> tuple[str, ...] | None:
    """Return what is listed at the ``sector_identifier_uri`` of *asked*; call it while no transaction is open."""
    with context.aside():
        return sector_list.read(asked, allowed=context.settings().egress.allow_addresses, http_loopback=loopback())
