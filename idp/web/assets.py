"""Small files that are made, not stored: a site's accent, robots.txt, the icon at its old address."""

from flask import Blueprint, Response, abort, send_from_directory

from idp.directory import pictures, sites
from idp.web.accent import rule
from idp.web.context import open_work
from idp.web.render import STATIC
from idp.web.security import public

pages = Blueprint("assets", __name__)


@pages.get("/sites/<slug>/accent.css")
@public
def accent(slug: str) -> Response:
    """Return the stylesheet with the accent of a site; the address changes with the colour."""
    with open_work() as work:
        site = sites.facts(work, slug)
    if site is None:
        abort(404)
    response = Response(rule(site.slug, site.accent), mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@pages.get("/pictures/<picture_id>.png")
@public
def picture(picture_id: str) -> Response:
    """Return a logo: a PNG of our own making, under a name that never shows another one (threats T12)."""
    with open_work(person=False) as work:
        content = pictures.content(work, picture_id)
    if content is None:
        abort(404)
    response = Response(content, mimetype="image/png")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@pages.get("/robots.txt")
@public
def robots() -> Response:
    """Ask search engines to stay outside."""
    response = Response("User-agent: *\nDisallow: /\n", mimetype="text/plain")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@pages.get("/favicon.ico")
@public
def favicon() -> Response:
    """Return our mark to browsers that ask for an icon without being told of one."""
    response = send_from_directory(STATIC, "favicon.svg", mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
