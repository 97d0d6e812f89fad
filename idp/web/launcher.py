"""The launcher: the applications that a person may open, per site; and the question whose people one belongs to."""

import unicodedata
import zlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from idp.base.work import Work
from idp.directory import access, organizations, sites
from idp.directory.models import Application
from idp.directory.sites import SiteFacts
from idp.signon import notices
from idp.signon.session import CurrentSession
from idp.web import context, own_pages
from idp.web.context import open_work
from idp.web.render import page, redirect
from idp.web.security import public, signed_in

pages = Blueprint("launcher", __name__)

_HUES = 8
_LONGEST_QUERY = 100
_REMEMBERED = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Tile:
    """An application as the launcher shows it. Without ``launch_url`` it is started from its own side."""

    name: str
    launch_url: str
    host: str
    hue: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The tiles of one site."""

    site: SiteFacts
    tiles: tuple[Tile, ...]


@pages.get("/")
@signed_in
def index() -> Response:
    """Show the applications that this person may open; with ``q``, those whose name holds its words."""
    query = request.args.get("q", "")[:_LONGEST_QUERY].strip()
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("launcher.index")
        every = _shelves(work, session)
        organization = organizations.by_id(work, session.organization_id)
        return page(
            "launcher/index.html",
            organization_name=organization.name,
            account_name=session.name,
            notices=notices.unseen(work, session.organization_id, session.account_id),
            shelves=[found for shelf in every if (found := _holding(shelf, query)).tiles],
            searchable=bool(every),
            query=query,
            support_contact=sites.support_contact(work, session.organization_id),
        )


@pages.get("/organization")
@public
def organization() -> Response:
    """Ask for the short name of the organization, where there are several."""
    with open_work() as work:
        if organizations.only_one(work) is not None:
            return redirect("launcher.index")
        return page("signin/organization.html", organization="", problem=None)


@pages.post("/organization")
@public
def choose_organization() -> Response:
    """Remember the organization in this browser, and begin to sign in."""
    slug = request.form.get("organization", "").strip().casefold()[:64]
    with open_work() as work:
        chosen = organizations.by_slug(work, slug) if slug else None
        if chosen is None:
            problem = {"code": "unknown-organization"}
            return page("signin/organization.html", 422, organization=slug, problem=problem)
        response = own_pages.begin(work, chosen, own_pages.LAUNCHER)
    response.set_cookie(
        own_pages.ORGANIZATION_COOKIE,
        slug,
        path="/",
        max_age=_REMEMBERED,
        secure=context.settings().secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def hue(name: str) -> str:
    """Return the class of the colour that an application of that *name* has on every page."""
    return f"hue-{zlib.crc32(name.encode()) % _HUES}"


def _shelves(work: Work, session: CurrentSession) -> list[Shelf]:
    found: dict[str, list[Tile]] = {}
    for application in access.openable(work, session.organization_id, session.account_id):
        found.setdefault(application.site_id, []).append(_tile(application))
    named = ((sites.facts_by_id(work, session.organization_id, site_id), tiles) for site_id, tiles in found.items())
    shelves = [Shelf(site, tuple(tiles)) for site, tiles in named if site is not None]
    return sorted(shelves, key=lambda shelf: (shelf.site.name.casefold(), shelf.site.slug))


def _tile(application: Application) -> Tile:
    address = urlsplit(application.launch_url)
    is_ours = not address.scheme and not address.netloc and address.path.startswith("/")
    may_link = is_ours or (address.scheme in ("https", "http") and bool(address.hostname))
    ours = urlsplit(context.settings().base_url).hostname
    host = address.hostname or ""
    return Tile(
        name=application.name,
        launch_url=application.launch_url if may_link else "",
        host="" if is_ours or host == ours else host,
        hue=hue(application.name),
    )


def _holding(shelf: Shelf, query: str) -> Shelf:
    words = _folded(query).split()
    return Shelf(
        shelf.site, tuple(t for t in shelf.tiles if all(word in _folded(t.name + " " + t.host) for word in words))
    )


def _folded(text: str) -> str:
    """Return *text* for comparing: without accents, in small letters; the script in the page does the same."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold()
