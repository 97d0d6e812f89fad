"""Finding anything in the organization by a few letters: a page, and the same as a fragment while one types."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request, url_for

from idp.base.work import Work
from idp.directory import queries, roles, search
from idp.directory.search import Hit
from idp.directory.search_words import fits
from idp.oidc import apis
from idp.policy.permissions import Permission
from idp.web import context
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.render import page
from idp.web.security import administrator

pages = Blueprint("console_search", __name__, url_prefix="/admin/search")

_PAGES = {
    "account": ("console_accounts.show", "account_id"),
    "group": ("console_groups.show", "group_id"),
    "application": ("console_applications.show", "application_id"),
    "domain": ("console_domains.show", "domain_id"),
    "site": ("console_sites.show", "slug"),
    "attempt": ("console_attempts.show", "attempt_id"),
    "role": ("console_roles.show", "role_key"),
    "api": ("console_sites.show", "slug"),
}
"""Where each kind is shown: its endpoint, and what the address calls its id. An API is shown at its site."""

_LIVE, _FULL = 4, 20


@dataclass(frozen=True, slots=True)
class Found:
    """A hit, and the address of its page (empty: there is none)."""

    hit: Hit
    address: str


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """Show what every word of ``q`` begins a word of; with ``live`` only the list, without the page around it."""
    asked = request.args.get("q", "").strip()[: search.LONGEST_QUESTION]
    live = "live" in request.args
    limit = _LIVE if live else _FULL
    hits = search.find(work, desk.organization.id, asked, limit) if asked else []
    hits += _further(work, desk, asked, limit) if asked else []
    found = [Found(hit, _address(hit)) for hit in hits]
    if live:
        return page("console/search/_hits.html", found=found, asked=asked)
    return console_page(work, desk, "console/search/index.html", place="search", found=found, asked=asked)


def _further(work: Work, desk: Desk, asked: str, limit: int) -> list[Hit]:
    """What an organization has few of is looked through: roles, and the APIs of its sites."""
    found: list[Hit] = []
    if desk.may_anywhere(Permission.ROLE_READ):
        every = roles.roles(work, organization_id=desk.organization.id)
        found += [Hit("role", one.key, one.name) for one in every if fits(asked, one.name, one.key)][:limit]
    if desk.may_anywhere(Permission.API_READ):
        known = apis.listed(work, organization_id=desk.organization.id)
        slugs = {one.id: one.slug for one in queries.sites(work, organization_id=desk.organization.id)} if known else {}
        found += [
            Hit("api", slugs.get(one.site_id, ""), one.name, one.identifier)
            for one in known
            if fits(asked, one.name, one.identifier)
        ][:limit]
    return found


def _address(hit: Hit) -> str:
    endpoint, name = _PAGES[hit.kind]
    if context.view_of(endpoint) is None or not hit.id:
        return ""
    values: dict[str, Any] = {"slug": hit.detail} if hit.kind == "site" else {name: hit.id}
    return url_for(endpoint, **values) if all(context.takes(endpoint, one) for one in values) else ""
