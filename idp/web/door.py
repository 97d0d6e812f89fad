"""
Flask, without what this product has no use for: every request saves the price of it.

No view is a coroutine, nothing is kept in Flask's signed cookie session, no address is built from the
Host header (threats I1, D20), and almost every answer is there as a whole, which servers send in one
piece if it is handed over as a list.

A body is read before anything else is done for its request: whoever sends it slowly holds a thread of
the server, and nothing that others wait for (I8).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from queue import SimpleQueue
from threading import BoundedSemaphore, Lock, local
from typing import IO, TYPE_CHECKING, Any

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import MapAdapter
from werkzeug.sansio.http import parse_cookie
from werkzeug.utils import cached_property

from idp.base.errors import Unavailable
from idp.web.routes import Route

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIEnvironment

    from idp.web.at_once import AtOnce
    from idp.web.kept_documents import KeptDocuments

LONGEST_BODY = 64 * 1024
_UPLOADS_AT_ONCE = 4  # files are held in memory while they arrive, before anybody is known to be allowed
_BODIES_AT_ONCE = 224  # the other threads are for requests without one: pages, sign-on by redirect, health
_WORK_AT_ONCE = 8  # no more than the database has connections for
_ASIDE_AT_ONCE = 64  # of all threads, so that even if all of these hang most are left for others
_ASIDE_OF_ONE = 16  # network: whoever registers addresses that hang waits for them in places of their own
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

    def add_constants(self, headers: Iterable[tuple[str, str]]) -> None:
        """Add *headers* whose values are our own: Werkzeug does not look at each for the end of a line."""
        self.headers._list.extend(headers)

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


class Asked(Request):
    """A request whose files stay in memory, where the door has read them to: nothing is put on a disk."""

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies that came, read from the one header that servers make of them (PEP 3333)."""
        return parse_cookie(self.environ.get("HTTP_COOKIE"), ImmutableMultiDict)  # type: ignore[return-value]

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()


class Door(Flask):
    """
    The Flask application of the web door.

    ``public_address`` is the scheme and the host of the configured base URL; what Werkzeug makes an
    absolute address of (a redirect to the canonical form of a path) is made of them. ``kept`` and ``at_once`` answer
    some requests before Flask is asked. ``uploads`` are the paths that take files, and how long a body may be there;
    ``uploads_below`` the same of every path that begins so.
    """

    request_class = Asked
    response_class = Answer
    url_rule_class = Route
    session_interface = NoSession()
    public_address = ("http", "localhost")
    kept: "KeptDocuments | None" = None
    at_once: "AtOnce | None" = None

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.uploads: dict[str, int] = {}
        self.uploads_below: dict[str, int] = {}
        self._reading = BoundedSemaphore(_BODIES_AT_ONCE)
        self._uploading = BoundedSemaphore(_UPLOADS_AT_ONCE)
        self._working = places(_WORK_AT_ONCE)
        self._aside = BoundedSemaphore(_ASIDE_AT_ONCE)
        self._aside_of: Counter[str] = Counter()
        self._counting = Lock()
        self._here = local()

    def wsgi_app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Read the body if there is one, then answer; at most so many at a time of each. What is known needs no place."""
        if self.kept is not None:
            known = self.kept.answer(environ, start_response)
            if known is not None:
                return known
        if environ.get("CONTENT_LENGTH", "0") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ:
            if not self._reading.acquire(blocking=False):
                start_response("503 Service Unavailable", [*_BUSY])
                return [b"Too many requests are being sent at this moment. Try again in a few seconds.\n"]
            try:
                if not self._read(environ):
                    start_response("503 Service Unavailable", [*_BUSY])
                    return [b"Too many files are being sent at this moment. Try again in a few seconds.\n"]
            finally:
                self._reading.release()
        self._working.get()
        self._here.works = True
        try:
            answered = None if self.at_once is None else self.at_once.answer(environ, start_response)
            if answered is not None:
                return answered
            if self.kept is not None:
                start_response = self.kept.noting(environ, start_response)
            return super().wsgi_app(environ, start_response)
        finally:
            self._here.works = False
            self._working.put(None)

    def longest_body(self, path: str) -> int:
        """Return how many bytes a body may have that is sent to *path*."""
        below = (longest for begin, longest in self.uploads_below.items() if path.startswith(begin))
        return self.uploads.get(path) or next(below, LONGEST_BODY)

    def _read(self, environ: "WSGIEnvironment") -> bool:
        """Read the body; False: it is a file, and as many as there may be are arriving."""
        longest = self.longest_body(environ.get("PATH_INFO", ""))
        announced = environ.get("CONTENT_LENGTH", "")
        if longest == LONGEST_BODY or (announced.isdecimal() and int(announced) <= LONGEST_BODY):
            _read_body(environ, LONGEST_BODY)
            return True
        if not self._uploading.acquire(blocking=False):
            return False
        try:
            _read_body(environ, longest)
        finally:
            self._uploading.release()
        return True

    @contextmanager
    def aside(self, network: str) -> Iterator[None]:
        """
        Let others work while this request waits for somebody outside, who may hang (I8, X29).

        Call it while no transaction is open.

        Args:
            network: from which the request comes; one has some of the places only.

        Raises:
            Unavailable: too many wait already.
        """
        with self._place_of(network):
            works = getattr(self._here, "works", False)  # not so where no request is being answered
            try:
                if works:
                    self._working.put(None)
                yield
            finally:
                if works:
                    self._working.get()

    @contextmanager
    def _place_of(self, network: str) -> Iterator[None]:
        with self._counting:
            if self._aside_of[network] >= _ASIDE_OF_ONE or not self._aside.acquire(blocking=False):
                raise Unavailable(
                    "Too many wait for other systems at this moment.", cause="no place left to wait aside"
                )
            self._aside_of[network] += 1
        try:
            yield
        finally:
            with self._counting:
                self._aside_of[network] -= 1
                self._aside_of += Counter()  # forgets whoever waits no more
                self._aside.release()

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


_BUSY = (
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Retry-After", "5"),
)


def places(many: int) -> "SimpleQueue[None]":
    """Return so many places: taken by ``get``, which waits for one, and given back by ``put`` (a semaphore in C)."""
    free: SimpleQueue[None] = SimpleQueue()
    for _ in range(many):
        free.put(None)
    return free


def _read_body(environ: "WSGIEnvironment", longest: int) -> None:
    """Put the body itself in the place of its stream; one that is too long is left to be refused by its length."""
    announced = environ.get("CONTENT_LENGTH", "")
    if announced.isascii() and announced.isdecimal():
        body = _octets(environ["wsgi.input"], int(announced)) if int(announced) <= longest else b""
    else:
        body = _octets(environ["wsgi.input"], longest + 1)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)  # Werkzeug would take it for a length that is not known
    environ["wsgi.input"] = BytesIO(body)


def _octets(stream: "InputStream", most: int) -> bytes:
    """Return what *stream* still holds, *most* octets at most; a read may bring less than it was asked for."""
    parts = []
    while most > 0 and (part := stream.read(most)):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _text(octets: str) -> str:
    """WSGI hands octets over as Latin-1 (PEP 3333); addresses are UTF-8."""
    return octets if octets.isascii() else octets.encode("latin-1").decode("utf-8", "replace")
