"""Finding anything in the organization by a few letters: a page, and the same as a fragment while one types."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request, url_for

from idp.base.work import Work
from idp.directory import search
from idp.directory.search import Hit
from idp.oidc import finding
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
    "api": ("console_apis.show", "api_id"),
}
"""Where each kind is shown: its endpoint, and what the address calls its id."""

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
    found = [Found(hit, _address(hit)) for hit in finding.find(work, desk.organization.id, asked, limit)]
    if live:
        return page("console/search/_hits.html", found=found, asked=asked)
    return console_page(work, desk, "console/search/index.html", place="search", found=found, asked=asked)


def _address(hit: Hit) -> str:
    endpoint, name = _PAGES[hit.kind]
    if context.view_of(endpoint) is None or not hit.id:
        return ""
    values: dict[str, Any] = {"slug": hit.detail} if hit.kind == "site" else {name: hit.id}
    return url_for(endpoint, **values) if all(context.takes(endpoint, one) for one in values) else ""
