"""
The language of a page: what the person has chosen, else what the browser prefers of those that there are.

The choice is kept in a cookie, for who is not signed in yet, and with the account.
"""

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from babel.dates import format_datetime
from flask import Blueprint, Flask, Response, g, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header

from idp.base import catalogues
from idp.base.catalogues import ENGLISH, LANGUAGES
from idp.base.texts import said
from idp.signon import own_language
from idp.web import context
from idp.web.render import LANGUAGE_COOKIE, redirect_to_path
from idp.web.security import PROTOCOL, public

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

pages = Blueprint("languages", __name__)

_A_YEAR = 365 * 24 * 3600
_LONGEST_KEPT = 200


def install(app: Flask) -> None:
    """Let the pages of *app* speak the language of their reader."""
    environment = app.jinja_env
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters["said"] = in_words
    environment.filters["at_length"] = at_length
    environment.globals["translate"] = gettext
    app.context_processor(_known_to_pages)


def current() -> str:
    """Return the language of this request, one of `LANGUAGES`."""
    chosen: str | None = g.get("language")
    if chosen is None:
        chosen = g.language = preferred(request.cookies.get(LANGUAGE_COOKIE, ""), request.environ)
    return chosen


def preferred(cookie: str, environ: "WSGIEnvironment") -> str:
    """Return the language for a browser with that *cookie* of languages: the chosen one, else what it prefers."""
    if cookie in LANGUAGES:
        return cookie
    accepted = environ.get("HTTP_ACCEPT_LANGUAGE", "")
    return (_best if len(accepted) <= _LONGEST_KEPT else _best.__wrapped__)(accepted)


@lru_cache(maxsize=256)
def _best(accepted: str) -> str:
    """Return the best of our languages for an Accept-Language (RFC 9110 section 12.5.4)."""
    return parse_accept_header(accepted, LanguageAccept).best_match(LANGUAGES, ENGLISH) or ENGLISH


def gettext(words: str, **values: object) -> str:
    """Return *words* in the language of this request, *values* filled in where ``%(name)s`` stands."""
    translated = catalogues.catalogue(current()).translate(words)
    return translated % values if values else translated


def ngettext(one: str, several: str, number: int) -> str:
    """Return the words for *number* things in the language of this request."""
    return catalogues.catalogue(current()).translate_counted(one, several, number)


def in_words(text: str) -> str:
    """Return *text*, a sentence with values or without, in the language of this request."""
    return said(text, gettext, ngettext)


def at_length(at: datetime) -> str:
    """Return a moment as a sentence says it, in UTC."""
    return f"{format_datetime(at, 'd MMMM yyyy, HH:mm', locale=current())} UTC"


@pages.post("/language")
@public
def choose() -> Response:
    """Keep the language that was chosen, and go back to the page that it was chosen on."""
    wanted = request.form.get("language", "")
    answer = redirect_to_path(_way_back(request.form.get("back", "")))
    if wanted not in LANGUAGES:
        return answer
    with context.open_work() as work:
        session = context.current_session(work)
        if session is not None:
            own_language.choose(work, session, wanted)
    answer.set_cookie(
        LANGUAGE_COOKIE,
        wanted,
        path="/",
        max_age=_A_YEAR,
        secure=context.settings().secure,
        httponly=True,
        samesite="Lax",
    )
    return answer


def _way_back(path: str) -> str:
    """Return *path* where it is one of our pages; else our front page."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path or len(path) > 2000 or not path.isprintable():
        return "/"
    try:
        context.endpoint_of(path.partition("?")[0])
    except HTTPException:
        return "/"
    return path


def _known_to_pages() -> dict[str, object]:
    language = current()
    return {
        "page_language": language,
        "page_direction": "rtl" if catalogues.is_right_to_left(language) else "ltr",
        "page_languages": [(one, catalogues.own_name(one)) for one in LANGUAGES],
        "way_back": _here(),
        "may_choose_language": _may_choose(),
    }


def _may_choose() -> bool:
    """
    Not on what a protocol posts; nor where a form came without this browser's cookie, perhaps from another site: the
    menu's form would make a new one in its place, and end the sign-on that it is tied to (A14).
    """
    guard = getattr(context.current_view(), "guard", PROTOCOL)
    return guard != PROTOCOL and (request.method == "GET" or context.known_browser() is not None)


def _here() -> str:
    """Return the address of this page, to come back to, without what was asked of it: that may be anybody's, and long."""
    guard = getattr(context.current_view(), "guard", PROTOCOL)
    return request.path if request.method == "GET" and guard != PROTOCOL else "/"
