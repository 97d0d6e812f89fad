"""
The documents that relying parties read all day, answered before Flask does anything for the request.

Nothing here knows what such an answer looks like: its headers are those that Flask gave the last time,
and the document is that of `discovery`, as this process remembers the site and its keys (a second at
most). Whatever is not plainly the same request again is left to Flask: another method, an origin, a
site that is not remembered.
"""

from typing import TYPE_CHECKING, Any

from idp.base import clock
from idp.base.db import NotRemembered, Recollection
from idp.base.ids import new_id
from idp.base.work import ANONYMOUS, Origin, Work
from idp.directory import blocklist
from idp.oidc import provider
from idp.web import access_log
from idp.web.context import Installation, ip_of
from idp.web.oidc_documents import OF_SITE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Headers = list[tuple[str, str]]

_BEFORE = "/sites/"
_MOST = 4096
_BY_FLASK_ONLY = frozenset({"HTTP_ORIGIN", "HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING"})
_OF_ONE_REQUEST = "x-request-id"


class KeptDocuments:
    """What is known of earlier answers: for an address and a status, the headers, and which document they were of."""

    def __init__(self, installation: Installation) -> None:
        self._base_url = installation.settings.base_url
        self._hops = installation.settings.proxy.trusted_hops
        self._clock = installation.clock
        self._remembered = Recollection(installation.database)
        self._headers: dict[tuple[str, str], tuple[str, Headers]] = {}

    def answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes] | None:
        """Answer the request if its answer is known; None: Flask has to."""
        path = environ["PATH_INFO"]
        slug, kind = _parts(environ, path)
        if kind not in OF_SITE:
            return None
        began = clock.monotonic()
        try:
            work = Work(self._remembered, ANONYMOUS, self._clock(), Origin("web"))
            of = provider.at(work, self._base_url, slug)
            if of is None or of.organization_id in blocklist.organizations(self._remembered):
                return None  # Flask looks whether the request comes from a zone of the block list
            found = OF_SITE[kind](work, of)
        except NotRemembered:
            return None
        if found is None:
            return None
        etag = f'"{found.etag}"'
        asked = environ.get("HTTP_IF_NONE_MATCH", "")
        if asked == "*" or "," in asked:
            return None
        # A proxy that compresses weakens the tag; the comparison is a weak one (RFC 9110 section 13.1.2).
        status = "304 NOT MODIFIED" if asked.removeprefix("W/") == etag else "200 OK"
        known = self._headers.get((path, status))
        if known is None or known[0] != etag:
            return None
        request_id = new_id("req")
        start_response(status, [*known[1], ("X-Request-Id", request_id)])
        ip = ip_of(environ, self._hops)
        access_log.write("GET", f"/sites/<slug>/{kind}", int(status[:3]), began, ip=ip, request_id=request_id)
        return [found.body] if status == "200 OK" else []

    def noting(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> "StartResponse":
        """Return what starts Flask's answer, and notes its headers where the same request may come again."""
        path = environ["PATH_INFO"]
        if _parts(environ, path)[1] not in OF_SITE:
            return start_response

        def noted(status: str, headers: Headers, *more: Any) -> Any:
            etag = next((value for name, value in headers if name.lower() == "etag"), None)
            if etag is not None and status in ("200 OK", "304 NOT MODIFIED"):
                if len(self._headers) >= _MOST:
                    self._headers.clear()
                self._headers[path, status] = etag, [one for one in headers if one[0].lower() != _OF_ONE_REQUEST]
            return start_response(status, headers, *more)

        return noted


def _parts(environ: "WSGIEnvironment", path: str) -> tuple[str, str]:
    """Return the site and what of it is asked for; empty where it is not plainly one of the documents."""
    if environ["REQUEST_METHOD"] != "GET" or not path.startswith(_BEFORE):
        return "", ""
    slug, _, kind = path[len(_BEFORE) :].partition("/")
    if kind not in OF_SITE or environ.get("QUERY_STRING") or _BY_FLASK_ONLY & environ.keys():
        return "", ""
    return slug, kind if environ.get("CONTENT_LENGTH", "0") in ("", "0") else ""
