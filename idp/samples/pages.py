"""What both samples share: pages in the product's dress, who is signed in, and a small server."""

import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, make_response, redirect, render_template, request, send_from_directory
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server

import idp

_STATIC = Path(idp.__file__).parent / "web" / "static"
_MOST = 1000
_CSP = "default-src 'none'; style-src 'self'; img-src 'self'; form-action *; base-uri 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Visit:
    """
    Somebody who is signed in: what the identity provider told, and what signing out needs.

    ``facts`` are about the sign-in itself; ``attributes`` about the person.
    """

    name: str
    facts: Mapping[str, str]
    attributes: Mapping[str, tuple[str, ...]]
    for_sign_out: Mapping[str, Any] = field(default_factory=dict)


class Visits:
    """Who is signed in, by a random cookie. In memory: a restart signs everybody out."""

    def __init__(self, cookie: str, address: str) -> None:
        self._cookie, self._secure = cookie, address.startswith("https:")
        self._known: OrderedDict[str, Visit] = OrderedDict()

    def current(self) -> Visit | None:
        """Return the visit of the browser that sent this request."""
        return self._known.get(request.cookies.get(self._cookie, ""))

    def begin(self, visit: Visit) -> Response:
        """Remember *visit* and go to the front page."""
        token = secrets.token_urlsafe(32)
        self._known[token] = visit
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        response = make_response(redirect("/", 303))
        response.set_cookie(self._cookie, token, httponly=True, samesite="Lax", secure=self._secure)
        return response

    def end_where(self, meant: Callable[[Visit], bool]) -> int:
        """Forget every visit that is *meant*, in whichever browser; return how many there were."""
        ended = [token for token, visit in list(self._known.items()) if meant(visit)]
        for token in ended:
            self._known.pop(token, None)
        return len(ended)

    def end(self, response: Response) -> Response:
        """Forget the visit of this browser."""
        self._known.pop(request.cookies.get(self._cookie, ""), None)
        response.delete_cookie(self._cookie, httponly=True, samesite="Lax", secure=self._secure)
        return response


class Refused(Exception):
    """Signing in did not work; the text is for the person who reads the sample's page."""


def application(name: str, protocol: str) -> Flask:
    """Return a Flask application with the pages of a sample called *name*."""
    app = Flask(name, root_path=str(Path(__file__).parent), static_folder=None, template_folder="templates")
    app.config["MAX_CONTENT_LENGTH"] = 512 * 1024
    app.jinja_env.globals.update(application_name=name, protocol=protocol)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.get("/static/<path:file>")
    def static(file: str) -> Response:
        return send_from_directory(_STATIC, file)

    @app.get("/livez")
    def livez() -> str:
        return "ok\n"

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _CSP
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        return problem(str(error))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        return problem(error.description or "", error.code or 500)

    return app


def problem(words: str, status: int = 400) -> Response:
    """Return the page for somebody who could not be signed in."""
    return make_response(render_template("problem.html", words=words), status)


def front(visit: Visit | None) -> str:
    """Return the front page: what was told of whoever is signed in, or the button to sign in."""
    return render_template("visit.html", visit=visit) if visit else render_template("welcome.html")


def serve(app: Flask, address: str) -> None:
    """Serve *app* at *address* until interrupted. Enough for a test application, on one machine."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    parts = urlsplit(address)
    server = make_server(parts.hostname or "localhost", parts.port or 80, app, threaded=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
