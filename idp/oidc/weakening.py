"""Which applications a change of what their site asks of them weakens: said before it is made, and by whom it was made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select

from idp.base.work import Work
from idp.directory import application_names, sites
from idp.directory.models import Application, Site
from idp.oidc import metadata
from idp.oidc.models import Client

LOOSER: Mapping[str, Any] = {
    "client_registration": sites.OPEN,
    "registered_clients_open_to_everyone": True,
    "registered_clients_may_be_legacy": True,
    "pkce_for_public_clients_only": True,
    "assertions_for_token_endpoint": True,
    "sign_metadata": False,
}
"""What loosens: a setting of a site, and what it becomes."""
SHOWN = 20
_SAML = "saml"
_OF_LATER_ONES = ("client_registration", "registered_clients_open_to_everyone")
"""These count for clients that register from then on: none that is there changes."""


@dataclass(frozen=True, slots=True)
class Weakened:
    """How many applications a change weakens, and the names of the first of them that this actor may see."""

    count: int
    names: tuple[str, ...] = ()


def by_change(work: Work, site: Site, asked: Mapping[str, Any]) -> dict[str, Weakened]:
    """
    Return what each setting that is looser in *asked* than at *site* weakens; a setting that is not looser is not in it.

    Args:
        site: one that the actor has been given.
        asked: settings by their names in `Site`; None, or none: it stays.
    """
    looser = [name for name, value in LOOSER.items() if asked.get(name) == value != getattr(site, name)]
    clients = _clients(work, site) if {*looser} - {*_OF_LATER_ONES, "sign_metadata"} else []
    return {name: _named(work, site, _weakened(work, site, name, clients)) for name in looser}


@dataclass(frozen=True, slots=True)
class _AtSite:
    application_id: str
    pkce_required: bool
    self_registered: bool
    registration: Mapping[str, Any]


def _weakened(work: Work, site: Site, name: str, clients: list[_AtSite]) -> list[str]:
    if name in _OF_LATER_ONES:
        return []
    if name == "sign_metadata":
        query = select(Application.id).where(
            Application.organization_id == site.organization_id,
            Application.site_id == site.id,
            Application.protocol == _SAML,
            Application.deleted_at.is_(None),
        )
        return list(work.tx.session.scalars(query))
    return [one.application_id for one in clients if _counts_for(name, one)]


def _counts_for(name: str, client: _AtSite) -> bool:
    method = client.registration.get("token_endpoint_auth_method")
    if name == "registered_clients_may_be_legacy":
        return client.self_registered
    if name == "assertions_for_token_endpoint":
        return method == metadata.PRIVATE_KEY_JWT
    by_code = any("code" in one.split() for one in client.registration.get("response_types") or ())
    return client.pkce_required and method != metadata.NONE and by_code


def _clients(work: Work, site: Site) -> list[_AtSite]:
    query = (
        select(Client.application_id, Client.pkce_required, Client.self_registered, Client.registration)
        .join(
            Application,
            and_(Application.organization_id == Client.organization_id, Application.id == Client.application_id),
        )
        .where(
            Application.organization_id == site.organization_id,
            Application.site_id == site.id,
            Application.deleted_at.is_(None),
        )
    )
    return [_AtSite(*row) for row in work.tx.session.execute(query)]


def _named(work: Work, site: Site, ids: list[str]) -> Weakened:
    names = sorted(application_names.named(work, site.organization_id, ids).values(), key=str.casefold)
    return Weakened(len(ids), tuple(names[:SHOWN]))
