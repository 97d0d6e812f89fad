"""The composition root: settings → database, Flask, every door. The only file that knows all."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, abort, request

from idp.base import clock, logging, schema
from idp.base.db import Database
from idp.base.errors import Unavailable
from idp.base.places import Places
from idp.keyring import installation, wrapping
from idp.settings import Settings, default_path, load
from idp.signon import breached
from idp.web import (
    access_log,
    account,
    account_data,
    account_devices,
    account_email,
    account_passkeys,
    account_tokens,
    arranging,
    assets,
    blocked,
    connection,
    context,
    device,
    email_code,
    errors,
    health,
    join,
    languages,
    launcher,
    new_password,
    not_me,
    oidc,
    oidc_clients,
    oidc_documents,
    oidc_logout,
    oidc_registration,
    oidc_session,
    own_pages,
    own_requests,
    putting_off,
    recover,
    render,
    saml,
    saml_logout,
    scim,
    security,
    signin,
    signin_pass,
    signout,
    why,
)
from idp.web.at_once import AtOnce
from idp.web.console import access_lists as console_access_lists
from idp.web.console import access_paths as console_access_paths
from idp.web.console import access_policies as console_access
from idp.web.console import access_rules as console_access_rules
from idp.web.console import (
    account_actions,
    api_scopes,
    application_access,
    application_adding,
    application_adding_client,
    application_aggregate,
    application_checks,
    application_client,
    application_provisioning,
    application_saml,
    application_saml_further,
    application_test,
    application_vendor,
    claim_lists,
    entrance,
    home,
    registration_tokens,
    site_protocols,
    site_tabs,
)
from idp.web.console import accounts as console_accounts
from idp.web.console import apis as console_apis
from idp.web.console import applications as console_applications
from idp.web.console import attempts as console_attempts
from idp.web.console import audit as console_audit
from idp.web.console import authentication_policies as console_policies
from idp.web.console import bookmarks as console_bookmarks
from idp.web.console import bulk as console_bulk
from idp.web.console import bulk_objects as console_bulk_objects
from idp.web.console import domains as console_domains
from idp.web.console import group_lists as console_group_lists
from idp.web.console import group_rules as console_group_rules
from idp.web.console import groups as console_groups
from idp.web.console import imports as console_imports
from idp.web.console import insights as console_insights
from idp.web.console import invitations as console_invitations
from idp.web.console import joining as console_joining
from idp.web.console import keys as console_keys
from idp.web.console import layouts as console_layouts
from idp.web.console import organization as console_organization
from idp.web.console import provisioning as console_provisioning
from idp.web.console import provisioning_targets as console_provisioning_targets
from idp.web.console import requests as console_requests
from idp.web.console import roles as console_roles
from idp.web.console import runs as console_runs
from idp.web.console import search as console_search
from idp.web.console import sites as console_sites
from idp.web.console import tokens as console_tokens
from idp.web.console import what_if as console_what_if
from idp.web.console import who_may as console_who_may
from idp.web.console import zones as console_zones
from idp.web.door import LONGEST_BODY, Door
from idp.web.kept_documents import KeptDocuments
from idp.web.security import Entrance

_FORM_PARTS = 100
_SECOND_STEPS = (email_code,)  # they put their pages beside the others of signing in
_CONSOLE = (
    home,
    console_search,
    console_runs,
    console_who_may,
    console_bulk,
    console_bulk_objects,
    console_accounts,
    console_organization,
    console_sites,
    site_tabs,
    site_protocols,
    registration_tokens,
    console_roles,
    account_actions,
    console_domains,
    claim_lists,
    console_bookmarks,
    console_layouts,
    console_attempts,
    console_audit,
    console_policies,
    console_access,
    console_access_lists,
    console_access_rules,
    console_what_if,
    console_insights,
    console_zones,
    console_applications,
    application_adding,
    application_adding_client,
    application_aggregate,
    application_access,
    application_checks,
    application_client,
    application_provisioning,
    console_provisioning_targets,
    application_saml,
    application_saml_further,
    application_test,
    application_vendor,
    console_keys,
    console_groups,
    console_group_lists,
    console_group_rules,
    console_access_paths,
    console_invitations,
    console_imports,
    console_joining,
    console_requests,
    console_provisioning,
    console_tokens,
    console_apis,
    api_scopes,
)
_OIDC = (oidc, oidc_clients, oidc_documents, oidc_logout, oidc_registration, oidc_session)


def create(settings: Settings, *, database: Database | None = None, clock: Callable[[], datetime] = clock.now) -> Flask:
    """
    Return the application for *settings*.

    Args:
        database: what to use in place of the one that the settings name.
        clock: what to ask for the time.

    Raises:
        KeyFault: the wrapping keys cannot be used.
        PlacesFault: a file of places cannot be used.
        BlocklistFault: the list of breached passwords cannot be used.
        RuntimeError: a route does not state who may call it.
    """
    if database is None:
        database = Database(settings.database.url, wrapping.load(settings.keys.directory))
    breached.choose(settings.passwords.blocklist)
    breached.current()
    app = Door("idp.web", static_folder=str(render.STATIC), static_url_path="/static", template_folder=None)
    public = urlsplit(settings.base_url)
    app.public_address = (public.scheme, public.netloc)
    app.config.update(
        MAX_CONTENT_LENGTH=LONGEST_BODY,
        MAX_FORM_PARTS=_FORM_PARTS,
        MAX_FORM_MEMORY_SIZE=LONGEST_BODY,
        TRUSTED_HOSTS=None,
    )
    places = Places(settings.places.city_file, settings.places.asn_file)
    installation = context.Installation(settings, database, clock, places)
    context.install(app, installation)
    app.kept = KeptDocuments(installation)
    app.at_once = AtOnce(app, installation)
    access_log.install(app)
    blocked.install(app)
    app.before_request(_refuse_encoded_bodies)
    app.uploads = {**console_imports.UPLOADS, **claim_lists.UPLOADS}
    app.uploads_below = scim.UPLOADS_BELOW
    app.before_request(partial(_let_files_in, app))
    security.install(
        app,
        {
            security.SIGNED_IN: Entrance(own_pages.is_open, own_pages.ask_to_sign_in),
            security.ADMINISTRATOR: Entrance(entrance.is_open, entrance.ask),
        },
    )
    render.install(app, settings)
    languages.install(app)
    errors.install(app)
    for door in (
        signin,
        signin_pass,
        putting_off,
        account_devices,
        connection,
        signout,
        launcher,
        arranging,
        account,
        account_data,
        new_password,
        recover,
        join,
        own_requests,
        account_email,
        not_me,
        assets,
        saml,
        saml_logout,
        *_OIDC,
        scim,
        device,
        health,
        account_passkeys,
        account_tokens,
        languages,
        why,
        *_CONSOLE,
    ):
        app.register_blueprint(door.pages)
    app.after_request(_cache_static)
    security.check_guards(app)
    _announce(settings)
    return app


def serve_factory() -> Flask:
    """
    Return the application for the configuration file that the environment names (for WSGI servers).

    Raises:
        SettingsError: the configuration cannot be used.
        KeyFault: the wrapping keys cannot be used, or are not those of the database.
        PlacesFault: a file of places cannot be used.
        SchemaFault: the database's schema does not fit this version.
        BlocklistFault: the list of breached passwords cannot be used.
    """
    settings = load(default_path())
    logging.configure(settings.log.level)
    database = Database(settings.database.url, wrapping.load(settings.keys.directory))
    try:
        schema.check(database)
        installation.check(database)
    except (wrapping.KeyFault, schema.SchemaFault):
        raise
    except Unavailable as error:  # it may come back; /readyz says so, and every page
        structlog.get_logger("idp").warning("the database does not answer", cause=error.cause)
    database.dispose()  # a server that forks later must not share a connection
    return create(settings, database=database)


def _announce(settings: Settings) -> None:
    """Name loudly every setting that loosens something."""
    log = structlog.get_logger("idp")
    if settings.development.allow_http_loopback_applications:
        log.warning(
            "DEVELOPMENT SETTING: applications at plain http on loopback are accepted",
            setting="development.allow_http_loopback_applications",
        )
    if settings.egress.allow_addresses:
        log.warning(
            "LOOSENED SETTING: calls to these private addresses are allowed",
            setting="egress.allow_addresses",
            addresses=settings.egress.allow_addresses,
        )
    if settings.throttling != type(settings.throttling)():
        log.warning("CHANGED SETTING: throttling numbers are not the recommended ones", setting="throttling")
    if not settings.secure:
        log.warning(
            "DEVELOPMENT ADDRESS: plain http on loopback; cookies are neither Secure nor __Host-", setting="base_url"
        )


def _refuse_encoded_bodies() -> None:
    if request.headers.get("Content-Encoding", "identity") != "identity":
        abort(415)


def _let_files_in(app: Door) -> None:
    """Where a page takes files, a body may be as long as they are (the door has read it by now)."""
    longest = app.longest_body(request.path)
    if longest > LONGEST_BODY:
        request.max_content_length = longest
        request.max_form_memory_size = 4 * LONGEST_BODY  # what comes of a file at once is counted as if it were a field


def _cache_static(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code == 200 and "v" in request.args:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers.pop("Vary", None)
    return response
