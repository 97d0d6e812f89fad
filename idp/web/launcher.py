"""The launcher: the applications that a person may open; and the question whose people one belongs to."""

import unicodedata
import zlib
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from idp.base.work import Work
from idp.directory import launcher_arrangements, organizations, rights, sites
from idp.directory.launcher_arrangements import Launcher
from idp.directory.sites import SiteFacts
from idp.policy.launcher import Kind
from idp.signon import notices, recent
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

    id: str
    name: str
    launch_url: str
    host: str
    hue: str
    note: str
    picture_id: str | None
    favourite: bool
    is_bookmark: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    """Tiles under one heading; ``site`` where it is that of a site. ``extra``: they have their place elsewhere."""

    kind: str
    name: str
    tiles: tuple[Tile, ...]
    site: SiteFacts | None = None
    extra: bool = False


@pages.get("/")
@signed_in
def index() -> Response:
    """Show the applications that this person may open; with ``q``, those whose name holds its words."""
    query = request.args.get("q", "")[:_LONGEST_QUERY].strip()
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("launcher.index")
        own = launcher_arrangements.of_account(work, session.organization_id, session.account_id)
        every = [*([] if query else _extras(work, session, own)), *shelves(own)]
        organization = organizations.by_id(work, session.organization_id)
        return page(
            "launcher/index.html",
            organization_name=organization.name,
            account_name=session.name,
            administers=administers(work, session),
            notices=notices.unseen(work, session.organization_id, session.account_id),
            shelves=[found for shelf in every if (found := _holding(shelf, query)).tiles],
            accents=sorted({shelf.site.slug: shelf.site for shelf in every if shelf.site}.items()),
            searchable=bool(own.openable),
            query=query,
            support_contact=sites.support_contact(work, session.organization_id),
        )


@pages.post("/favourites")
@signed_in
def favour() -> Response:
    """Make an application a favourite (``add``), or no longer one (``remove``)."""
    application_id = request.form.get("add") or request.form.get("remove", "")
    with open_work() as work:
        session = context.current_session(work)
        if session is not None:
            launcher_arrangements.set_favourite(
                work,
                session.organization_id,
                session.account_id,
                application_id[:_LONGEST_QUERY],
                favourite="add" in request.form,
            )
    return redirect("launcher.index", _anchor=application_id[:_LONGEST_QUERY])


@pages.post("/opened")
@signed_in
def opened() -> Response:
    """Note that a bookmark is opened: the script of the page says so as the browser goes there."""
    with open_work() as work:
        session = context.current_session(work)
        if session is not None:
            launcher_arrangements.note_opened(
                work, session.organization_id, session.account_id, request.form.get("application", "")[:_LONGEST_QUERY]
            )
    return Response(status=204)


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


def administers(work: Work, session: CurrentSession) -> bool:
    """Say whether somebody administers anything, so that the bar leads to it."""
    return bool(rights.roles_of(work, session.organization_id, session.account_id))


def shelves(own: Launcher) -> list[Shelf]:
    """Return the sections of a launcher with their tiles, the empty ones too."""
    found = []
    for section in own.sections:
        site = own.sites[section.name] if section.kind is Kind.SITE else None
        tiles = tuple(tile(own, application_id) for application_id in section.applications)
        found.append(Shelf(section.kind, section.name if site is None else site.name, tiles, site))
    return found


def _extras(work: Work, session: CurrentSession, own: Launcher) -> list[Shelf]:
    used = recent.applications(work, session.organization_id, session.account_id, own.opened)
    latest = tuple(tile(own, one) for one in used if one in own.openable)
    favourites = tuple(tile(own, one) for one in own.favourites)
    return [
        Shelf("favourites", "", favourites, extra=True),
        Shelf("recent", "", latest if len(own.openable) > len(latest) else (), extra=True),
    ]


def tile(own: Launcher, application_id: str) -> Tile:
    """Return the tile of an application that may be opened."""
    application = own.openable[application_id]
    address = urlsplit(application.launch_url)
    is_ours = not address.scheme and not address.netloc and address.path.startswith("/")
    may_link = is_ours or (address.scheme in ("https", "http") and bool(address.hostname))
    ours = urlsplit(context.settings().base_url).hostname
    host = address.hostname or ""
    return Tile(
        id=application.id,
        name=application.name,
        launch_url=application.launch_url if may_link else "",
        host="" if is_ours or host == ours else host,
        hue=hue(application.name),
        note=application.note,
        picture_id=application.picture_id,
        favourite=application.id in own.favourites,
        is_bookmark=application.protocol == "bookmark",
    )


def _holding(shelf: Shelf, query: str) -> Shelf:
    words = _folded(query).split()
    return replace(
        shelf,
        tiles=tuple(t for t in shelf.tiles if all(word in _folded(f"{t.name} {t.host} {t.note}") for word in words)),
    )


def _folded(text: str) -> str:
    """Return *text* for comparing: without accents, in small letters; the script in the page does the same."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold()
