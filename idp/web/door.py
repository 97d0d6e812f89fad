"""
Flask, without what this product has no use for: every request saves the price of it.

No view is a coroutine, nothing is kept in Flask's signed cookie session, no address is built from the
Host header (threats I1, D20), and almost every answer is there as a whole, which servers send in one
piece if it is handed over as a list.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_BODYLESS = frozenset({204, 304})
_LENGTH = frozenset({"content-length"})
_SPECIAL = frozenset({"location", "content-location"}) | _LENGTH


class NoSession(SessionInterface):
    """There is no session of Flask's: `signon.session` has the only ones (threats D12)."""

    def __init__(self) -> None:
        self._none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        """Return the one session that holds nothing and takes nothing."""
        return self._none

    def is_null_session(self, obj: object) -> bool:
        """Say that there is nothing to be saved, whatever *obj* is."""
        return True


class Answer(Response):
    """A response that is handed to the server as a list of bytes where it is whole."""

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer as Werkzeug does; in one piece where neither method, status nor headers ask for more."""
        whole = self.response
        headers = self.headers.to_wsgi_list()
        special = {name.lower() for name, _ in headers} & _SPECIAL
        if (
            special - _LENGTH
            or not isinstance(whole, list)
            or self.status_code in _BODYLESS
            or environ["REQUEST_METHOD"] == "HEAD"
            or self.direct_passthrough
            or self._on_close
        ):
            return super().__call__(environ, start_response)
        body = [part.encode() if isinstance(part, str) else part for part in whole]
        if not special:
            headers.append(("Content-Length", str(sum(map(len, body)))))
        start_response(self.status, headers)
        return body


class Door(Flask):
    """
    The Flask application of the web door.

    ``public_address`` is the scheme and the host of the configured base URL; what Werkzeug makes an
    absolute address of (a redirect to the canonical form of a path) is made of them.
    """

    response_class = Answer
    session_interface = NoSession()
    public_address = ("http", "localhost")

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return *func*, which is no coroutine; Flask looks anew at every call."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what finds the view of *request*; neither its Host nor its port plays a part."""
        if request is None:
            return None
        environ, (scheme, host) = request.environ, self.public_address
        return MapAdapter(
            self.url_map,
            host,
            _text(environ.get("SCRIPT_NAME") or "/"),
            "",
            scheme,
            _text(environ["PATH_INFO"]),
            environ["REQUEST_METHOD"],
            _text(environ.get("QUERY_STRING", "")),
        )


def _text(octets: str) -> str:
    """WSGI hands octets over as Latin-1 (PEP 3333); addresses are UTF-8."""
    return octets if octets.isascii() else octets.encode("latin-1").decode("utf-8", "replace")
