"""
A SAML sign-on by redirect that a session answers at once, before Flask does anything for the request.

It is what people's browsers send all day: a live session, an application that it may open, nothing to ask. What is
decided is decided where it always is (`saml.answering`), in one transaction. Whatever is not plainly that case is left
to Flask, from its beginning and with nothing written: no session, a question to the person, a refusal, a zone of the
block list.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog
from flask import Flask
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.sansio.http import parse_cookie

from idp.audit.attempts import Trail
from idp.base import clock
from idp.base.errors import IdpError
from idp.base.ids import is_token, new_id
from idp.base.work import ANONYMOUS, Work
from idp.directory import blocklist
from idp.directory.sites import SiteFacts
from idp.saml import answering, bindings
from idp.saml.answering import Answer
from idp.saml.requests import place_at
from idp.signon import session as session_
from idp.web import access_log, carrying, context, languages, security
from idp.web.context import Installation
from idp.web.render import LANGUAGE_COOKIE
from idp.web.saml import SIGN_ON

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_BEFORE, _AFTER = "/sites/", "/saml/sso"
_ROUTE = "/sites/<slug>/saml/sso"
_NO_BODY = frozenset({"", "0"})

log = structlog.get_logger("idp.web")


class _ForFlask(Exception):
    """This request is not plainly one that is answered at once; nothing that was done for it may stay."""


class AtOnce:
    """What answers such sign-ons at one installation, in place of *app*."""

    def __init__(self, app: Flask, installation: Installation) -> None:
        settings = installation.settings
        self._app, self._installation = app, installation
        self._base_url, self._secure = settings.base_url, settings.secure
        self._overlay = settings.paths.templates_overlay
        self._session_cookie, self._browser_cookie, self._devices_cookie = context.cookie_names(settings)

    def answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes] | None:
        """Answer the request if a session does so at once; None: Flask has to."""
        slug = _slug(environ)
        if not slug:
            return None
        began = clock.monotonic()
        cookies = cookies_of(environ)
        token, browser = cookies.get(self._session_cookie, ""), cookies.get(self._browser_cookie, "")
        if not is_token(token, session_.TOKEN) or not context.is_browser(browser):
            return None
        request_id = new_id("req")
        try:
            origin = context.origin_of(environ, self._installation, request_id, cookies.get(self._devices_cookie, ""))
            language = languages.preferred(cookies.get(LANGUAGE_COOKIE, ""), environ)
            with self._installation.database.transaction() as tx:
                work = Work(tx, ANONYMOUS, self._installation.clock(), origin)
                outcome, site = self._signed_on(work, slug, token, browser, environ.get("QUERY_STRING", ""))
                body = carrying.filled(outcome, self._page(outcome, site, language, environ))
        except (_ForFlask, IdpError):
            return None
        except Exception:  # a mistake in the program: Flask meets it again, and answers with a page of ours
            log.warning("not answered at once", request_id=request_id, exc_info=True)
            return None
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
        headers += security.headers_in_a_sign_on(carrying.form_actions(outcome), secure=self._secure)
        headers.append(("X-Request-Id", request_id))
        start_response("200 OK", headers)
        access_log.write("GET", _ROUTE, 200, began, ip=origin.ip, request_id=request_id)
        return [body]

    def _page(self, outcome: Answer, site: SiteFacts, language: str, environ: "WSGIEnvironment") -> tuple[bytes, ...]:
        """Return what is around the values of the page that carries the answer; the first of its kind is rendered."""
        kind = carrying.kind_of(outcome, site, self._overlay, language)
        parts = carrying.kept(kind)
        if parts is None:
            with self._app.request_context(environ):
                parts = carrying.rendered(kind)
        return parts

    def _signed_on(self, work: Work, slug: str, token: str, browser: str, query: str) -> tuple[Answer, SiteFacts]:
        """
        Return the answer, and the site that gives it.

        Raises:
            _ForFlask: it takes more than this.
            IdpError: it is refused, or the database does not answer.
        """
        place = place_at(work, self._base_url, slug)
        if place is None or place.site.organization_id in blocklist.organizations(work.tx):
            raise _ForFlask
        session = session_.find(work, token)
        if session is None:
            raise _ForFlask
        session_.touch(work, session)
        trail = Trail(kind=SIGN_ON, organization_id=place.site.organization_id, site_id=place.site.id)
        incoming = bindings.from_query(query.encode("latin-1"))
        outcome = answering.by_redirect(
            context.acting(work, session), place, incoming, current=session, browser=browser, trail=trail
        )
        if not isinstance(outcome, Answer) or trail.outcome != "succeeded":
            raise _ForFlask
        return outcome, place.site


def cookies_of(environ: "WSGIEnvironment") -> Mapping[str, str]:
    """Return the cookies that came, the first of each name, as Werkzeug reads them."""
    header = environ.get("HTTP_COOKIE", "")
    if '"' in header:
        return parse_cookie(header, ImmutableMultiDict)
    found: dict[str, str] = {}
    for part in header.split(";"):
        name, _, value = part.partition("=")
        found.setdefault(name.strip(" \t"), value.strip(" \t"))
    return found


def _slug(environ: "WSGIEnvironment") -> str:
    """Return the site whose single sign-on service is asked by redirect; empty where it is not plainly that."""
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] != "GET" or not path.startswith(_BEFORE) or not path.endswith(_AFTER):
        return ""
    slug: str = path[len(_BEFORE) : -len(_AFTER)]
    if "HTTP_COOKIE" not in environ or "HTTP_CONTENT_ENCODING" in environ or environ.get("SCRIPT_NAME"):
        return ""
    return slug if environ.get("CONTENT_LENGTH", "") in _NO_BODY else ""
