"""Gathers what is registered of a client, with `work`, as the checks look at it. Changes nothing."""

from collections.abc import Sequence
from datetime import timedelta
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func, select

from idp.audit.attempts import SUCCEEDED
from idp.audit.models import Attempt
from idp.base.differences import nearest
from idp.base.work import Work
from idp.directory import access_words, queries, sites
from idp.directory.models import Application, Organization, Site
from idp.oidc import clients, metadata
from idp.oidc.checking.access import UNUSED_DAYS
from idp.oidc.checking.appearance import skeleton
from idp.oidc.checking.subjects import Here, Neighbour, OtherSite, Registered, ScopeOfApi
from idp.oidc.models import Api, ApiScope, ApiScopeGrant, Client
from idp.policy.permissions import Permission

MOST_SHOWN = 10
_MOST_COMPARED = 20_000
_ALIKE = 0.85
_TO_CLIENT = "application"
_LOOPBACK = ("http://127.0.0.1", "http://[::1]", "http://localhost")


def here(work: Work, site: Site | None, *, base_url: str, http_loopback: bool) -> Here:
    """Return our side of what is looked at; without a *site*, what is known where none was."""
    others = tuple(
        OtherSite(one.slug, sites.issuer(base_url, one.slug))
        for one in queries.sites(work)
        if site is None or one.id != site.id
    )
    if site is None:
        return Here("", "", others=others, http_loopback=http_loopback)
    organization = work.tx.session.get(Organization, site.organization_id)
    return Here(
        site=site.slug,
        issuer=sites.issuer(base_url, site.slug),
        site_name=site.name,
        organization="" if organization is None else organization.name,
        others=others,
        pkce_for_public_clients_only=site.pkce_for_public_clients_only,
        fetch_request_objects=site.fetch_request_objects,
        assertions_for_token_endpoint=site.assertions_for_token_endpoint,
        http_loopback=http_loopback,
        grants_access=access_words.who_gives(work, site.organization_id),
    )


def registered(work: Work, application: Application, client: Client) -> Registered:
    """Return what is registered of an application that the actor has been given."""
    return Registered(
        application_id=application.id,
        name=application.name,
        client_id=client.client_id,
        registration=client.registration,
        created_at=client.created_at,
        secret_made=client.secret_made_at or client.created_at,
        has_secret=bool(client.secret_hash),
        disabled=application.disabled_at is not None,
        first_party=application.first_party,
        pkce_required=client.pkce_required,
        self_registered=client.self_registered,
        open_to=access_words.open_to(work, application),
        used=_used(work, application),
        apis=_apis(work, client),
        same_redirect_uris=_same_redirect_uris(work, application, client),
        same_name=_same_name(work, application),
    )


def at_site(work: Work, site: Site, client_id: str) -> Registered | None:
    """Return the client of that id at *site*, None where there is none that the actor may see."""
    application = clients.find_application(work, client_id)
    if application is None or (application.organization_id, application.site_id) != (site.organization_id, site.id):
        return None
    return registered(work, application, clients.of_application(work, application))


def sites_with(work: Work, client_id: str, *, but: str) -> tuple[str, ...]:
    """Return the other sites, of those that the actor may see, at which *client_id* is registered."""
    application = clients.find_application(work, client_id)
    if application is None or application.site_id == but:
        return ()
    return tuple(one.slug for one in queries.sites(work) if one.id == application.site_id)


def was_deleted(work: Work, site: Site, client_id: str) -> bool:
    """Say whether a client of that id was registered at *site*, and deleted."""
    query = (
        queries.visible(work, Application, Permission.APPLICATION_READ)
        .join(Client, _half_of())
        .where(Client.client_id == client_id, Client.site_id == site.id, Application.deleted_at.is_not(None))
    )
    return work.tx.session.scalar(query) is not None


def almost(work: Work, site: Site, client_id: str) -> str:
    """Return the client id of *site* that is almost *client_id*, empty where there is none."""
    query = (
        queries.visible(work, Application, Permission.APPLICATION_READ)
        .join(Client, _half_of())
        .where(Client.site_id == site.id, Application.deleted_at.is_(None))
        .with_only_columns(Client.client_id)
        .limit(_MOST_COMPARED)
    )
    known: Sequence[str] = list(work.tx.session.scalars(query))
    found = nearest(client_id.strip(), known)
    alike = SequenceMatcher(None, found.casefold(), client_id.strip().casefold(), autojunk=False).ratio()
    return found if found and alike >= _ALIKE else ""


def _used(work: Work, application: Application) -> bool:
    query = (
        select(Attempt.id)
        .where(
            Attempt.organization_id == application.organization_id,
            Attempt.application_id == application.id,
            Attempt.at >= work.now - timedelta(days=UNUSED_DAYS),
            Attempt.outcome == SUCCEEDED,
        )
        .limit(1)
    )
    return work.tx.session.scalar(query) is not None


def _apis(work: Work, client: Client) -> tuple[ScopeOfApi, ...]:
    scopes = metadata.scopes(client.registration["scope"])
    query = (
        select(ApiScope.id, ApiScope.name, Api.name.label("api"), ApiScope.api_id, Api.token_seconds)
        .join(Api, and_(Api.organization_id == ApiScope.organization_id, Api.id == ApiScope.api_id))
        .where(
            ApiScope.organization_id == client.organization_id,
            ApiScope.site_id == client.site_id,
            ApiScope.name.in_(scopes),
            Api.disabled_at.is_(None),
        )
        .order_by(ApiScope.name)
    )
    return tuple(_scope(work, client, row) for row in work.tx.session.execute(query))


def _scope(work: Work, client: Client, row: Any) -> ScopeOfApi:
    query = select(ApiScopeGrant.subject_kind, ApiScopeGrant.subject_id).where(
        ApiScopeGrant.organization_id == client.organization_id,
        ApiScopeGrant.scope_id == row.id,
        ApiScopeGrant.valid_from <= work.now,
        ApiScopeGrant.valid_to.is_(None) | (ApiScopeGrant.valid_to > work.now),
    )
    held = [(one.subject_kind, one.subject_id) for one in work.tx.session.execute(query)]
    return ScopeOfApi(
        name=row.name,
        api=row.api,
        api_id=row.api_id,
        token_seconds=row.token_seconds,
        for_client=(_TO_CLIENT, client.application_id) in held,
        for_people=tuple(sorted({kind for kind, _ in held if kind != _TO_CLIENT})),
    )


def _same_redirect_uris(work: Work, application: Application, client: Client) -> tuple[Neighbour, ...]:
    """Loopback is passed over: what listens on a person's machine has no address of its own."""
    found: list[Neighbour] = []
    for uri in client.registration["redirect_uris"]:
        if uri.startswith(_LOOPBACK) or len(found) >= MOST_SHOWN:
            continue
        query = (
            queries.visible(work, Application, Permission.APPLICATION_READ)
            .join(Client, _half_of())
            .where(
                Application.organization_id == application.organization_id,
                Application.id != application.id,
                Application.deleted_at.is_(None),
                cast(Client.registration, Text).contains(f'"{uri}"', autoescape=True),
            )
            .order_by(Application.name, Application.id)
            .with_only_columns(Application.id, Application.name, Application.first_party, Client.registration)
            .limit(MOST_SHOWN)
        )
        found += [
            Neighbour(row.name, row.id, uri, row.first_party and application.first_party)
            for row in work.tx.session.execute(query)
            if uri in row.registration["redirect_uris"]
        ]
    return tuple(found[:MOST_SHOWN])


def _same_name(work: Work, application: Application) -> tuple[Neighbour, ...]:
    own = skeleton(application.name)
    query = (
        queries.visible(work, Application, Permission.APPLICATION_READ)
        .where(
            Application.organization_id == application.organization_id,
            Application.id != application.id,
            Application.deleted_at.is_(None),
            func.length(Application.name).between(1, 4 * len(application.name) + 4),
        )
        .with_only_columns(Application.id, Application.name)
        .limit(_MOST_COMPARED)
    )
    named = work.tx.session.execute(query)
    return tuple(Neighbour(row.name, row.id) for row in named if own and skeleton(row.name) == own)[:MOST_SHOWN]


def _half_of() -> ColumnElement[bool]:
    return and_(Client.organization_id == Application.organization_id, Client.application_id == Application.id)
