"""Clients of a running server that send octets as they are told to, and remember cookies: like the test client of an application."""

import http.client
import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from werkzeug.datastructures import Headers
from werkzeug.http import parse_cookie

from tests.support.schemas import messages_in, validate

_CANNOT_BE_SENT = re.compile(r"[^!-~]|#")


@dataclass(frozen=True)
class Answer:
    """What a server answered. Whatever SAML is in it has been held against the schemas."""

    status_code: int
    headers: Headers
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


@dataclass
class Client:
    """One browser, or whoever has no cookies."""

    base_url: str
    cookies: dict[str, str] = field(default_factory=dict)

    def set_cookie(self, name: str, value: str) -> None:
        self.cookies[name] = value

    def get(self, path: str, query_string: str = "") -> Answer:
        """GET; what cannot stand in an address at all is escaped."""
        whole = f"{path}?{query_string}" if query_string else path
        return self._asked("GET", _CANNOT_BE_SENT.sub(lambda found: quote(found[0].encode("latin-1")), whole))

    def post(self, path: str, data: bytes | dict[str, str], content_type: str = "") -> Answer:
        """POST octets of that type, or a form of ours."""
        if isinstance(data, dict):
            data = "&".join(f"{name}={quote(value, safe='')}" for name, value in data.items()).encode()
        return self._asked("POST", path, data, content_type or "application/x-www-form-urlencoded")

    def _asked(self, method: str, path: str, body: bytes | None = None, content_type: str = "") -> Answer:
        headers = {"Content-Type": content_type} if content_type else {}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection(urlsplit(self.base_url).netloc, timeout=60)
        try:
            connection.request(method, path, body, headers)
            got = connection.getresponse()
            answer = Answer(got.status, Headers(got.getheaders()), got.read())
        finally:
            connection.close()
        for line in answer.headers.getlist("Set-Cookie"):
            self.cookies.update(parse_cookie(line.partition(";")[0]))
        for message in messages_in({name.lower(): value for name, value in answer.headers}, answer.data):
            validate(message)
        return answer


@dataclass(frozen=True)
class Served:
    """A running server, where a test of an application looks for the application."""

    base_url: str

    def test_client(self) -> Client:
        return Client(self.base_url)
