"""Small files that are made, not stored: a site's accent, robots.txt, the icon at its old address."""

from flask import Blueprint, Response, abort, send_from_directory

from idp.directory import sites
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
