"""
A client registers itself (RFC 7591 section 3, OpenID Connect Dynamic Client Registration 1.0 section 3).

Off unless the site says otherwise. What such a client may have is said in `restrictions`; nobody may
open it unless the site opens such clients to everyone.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.errors import NotFound
from idp.base.ids import new_token
from idp.base.texts import phrase
from idp.base.work import Actor, HeldRole, Work
from idp.directory.models import Application, Site
from idp.directory.sites import OFF, TOKEN
from idp.oidc import clients, sectors
from idp.oidc.errors import InvalidToken, TooManyRegistrations
from idp.oidc.models import Client
from idp.oidc.provider import Provider
from idp.oidc.registration import bearer, document, initial_tokens, response, restrictions, sector
from idp.oidc.registration.initial_tokens import Used
from idp.oidc.registration.sector import SectorWanted
from idp.policy.permissions import CLIENT_REGISTRATION
from idp.settings import Settings
from idp.signon import lockout

KIND = "oidc.registration"
REGISTRATION_TOKEN = "rat"  # noqa: S105 (the kind of a token, not a token)


def answer(
    work: Work,
    provider: Provider,
    body: bytes,
    authorization: str | None,
    settings: Settings,
    trail: Trail,
    sector_uris: Collection[str] | None = None,
) -> dict[str, Any] | SectorWanted:
    """
    Register the client that *body* describes; return the client information response, or that its sector's
    list must be read first: then nothing was done but to count it.

    Args:
        sector_uris: that list, where it was read.

    Raises:
        NotFound: clients do not register themselves at this site.
        InvalidToken: an initial access token is needed, or the one that was sent is not good.
        TooManyRegistrations: this network, or the site, has had enough of them.
        OAuthError: what is asked for cannot be registered (section 3.2.2).
    """
    check_offered(provider)
    token = bearer.presented(authorization)
    _check_token(work, provider, token)
    asked = document.read(body)
    loopback = settings.development.allow_http_loopback_applications
    registration = restrictions.read(provider.site, asked, allow_http_loopback=loopback)
    wanted = sector.wanted(registration, sector_uris)
    if token is None and (wanted is not None or sectors.FIELD not in registration):
        count(work, settings)
    if wanted is not None:
        return wanted
    used = None if token is None else _used(work, provider, token)
    _check_room(work, provider, settings.throttling.registered_clients_per_site)
    own_token = new_token(REGISTRATION_TOKEN)
    application, client, secret = restrictions.in_their_words(
        clients.create,
        _as_program(work, provider, used),
        provider.site.slug,
        registration,
        sector_uris=sector_uris,
        everyone=provider.site.registered_clients_open_to_everyone,
        base_url=settings.base_url,
        allow_http_loopback=loopback,
        registration_token=own_token,
    )
    trail.application_id = application.id
    trail.passed("registered", client_id=client.client_id)
    trail.succeeded()
    attempts.save(work, trail)
    return response.of(provider, client, own_token, secret)


def check_offered(provider: Provider) -> None:
    """
    Raises:
        NotFound: clients do not register themselves at this site.
    """
    if provider.site.client_registration == OFF:
        raise NotFound("There is no page at this address.", cause="client registration is off at this site")


def _check_token(work: Work, provider: Provider, token: str | None) -> None:
    """A token that is sent must be good, also where none is needed: it spares the throttle and says who it was."""
    if token is None and provider.site.client_registration != TOKEN:
        return
    if token is None or not initial_tokens.is_good(work, provider, token):
        raise InvalidToken(cause="no initial access token that is good at this site")


def _used(work: Work, provider: Provider, token: str) -> Used:
    used = initial_tokens.use(work, provider, token)
    if used is None:
        raise InvalidToken(cause="the initial access token was used up at the same moment")
    return used


def count(work: Work, settings: Settings) -> None:
    """
    Count what somebody makes us keep, or makes us call, whom nobody knows.

    Raises:
        TooManyRegistrations: this network has had enough of that within the hour.
    """
    waiting = lockout.count_registration(work, settings.throttling)
    if waiting is not None:
        raise TooManyRegistrations(
            "Too many clients were registered from your network.",
            cause=phrase(
                "more than %(registrations_per_hour)s registrations within an hour",
                registrations_per_hour=settings.throttling.registrations_per_hour,
            ),
            retry_after=waiting.seconds,
        )


def _check_room(work: Work, provider: Provider, most: int) -> None:
    """Registrations of one site wait for each other here, so that the bound is one (rows of SQLite always do)."""
    of_site = (Site.organization_id == provider.organization_id, Site.id == provider.site_id)
    work.tx.session.execute(select(Site.id).where(*of_site).with_for_update())
    held = (
        select(func.count())
        .select_from(Client)
        .join(
            Application,
            (Application.organization_id == Client.organization_id) & (Application.id == Client.application_id),
        )
        .where(
            Client.organization_id == provider.organization_id,
            Client.site_id == provider.site_id,
            Client.self_registered.is_(True),
            Application.deleted_at.is_(None),
        )
    )
    if (work.tx.session.scalar(held) or 0) >= most:
        raise TooManyRegistrations(
            "This site takes no more clients that register themselves.",
            cause=phrase("throttling.registered_clients_per_site (%(most)s) is reached", most=most),
            retry_after=3600,
        )


def _as_program(work: Work, provider: Provider, used: Used | None) -> Work:
    name = "a client that registers itself" if used is None else f"registration token “{used.name}”"
    roles = (HeldRole(CLIENT_REGISTRATION, provider.organization_id),)
    actor = Actor("client", "" if used is None else used.id, name, provider.organization_id, roles)
    return replace(work, actor=actor)
