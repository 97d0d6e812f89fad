"""A running identity provider for journeys with SAML service providers that are not ours, in real time."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from lxml import html
from werkzeug.serving import WSGIRequestHandler, make_server

from idp import app as app_
from idp.base import clock, schema
from idp.base.db import Database
from idp.settings import resolve
from idp.signon.factors import totp
from tests.support.saml_world import PASSWORD, SECRET, World, fill


class _Quiet(WSGIRequestHandler):
    """Says nothing about the requests that it serves."""

    def log_request(self, code="-", size="-") -> None:
        pass


@contextmanager
def _served(app, port: int) -> Iterator[None]:
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Provider(World):
    """Acme, served at ``address``; ``saml`` is where its SAML begins."""

    address: str
    saml: str

    def metadata(self) -> str:
        answer = httpx.get(f"{self.saml}/metadata", timeout=30)
        assert answer.status_code == 200
        return answer.text


@pytest.fixture(scope="module")
def provider(tmp_path_factory, vault) -> Iterator[Provider]:
    """A server at the address that its settings name."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder: Path = tmp_path_factory.mktemp("saml-journey")
    url = f"sqlite:///{folder}/ostiary.db"
    database = Database(url, vault)
    schema.migrate(database)
    address = f"http://127.0.0.1:{port}"
    values = {
        "base_url": address,
        "database": {"url": url},
        "development": {"allow_http_loopback_applications": True},
    }
    app = app_.create(resolve(values, folder), database=database)
    made = Provider(app, database, now=clock.now())
    made.address, made.saml = address, f"{address}/sites/acme/saml"
    with made.work() as work:
        fill(work)
    with _served(app, port):
        yield made
    database.dispose()


class Browser:
    """A browser without scripts that walks from an application to us and back."""

    def __init__(self, provider: Provider) -> None:
        self.http = httpx.Client(timeout=30)
        self.provider = provider
        self.asked: list[str] = []

    def walk(self, address: str, email: str) -> dict[str, str]:
        """Open *address*, sign in where asked; return the form that leaves for the application, with its ``action``."""
        return self._go_on(self.http.get(address), email)

    def post(self, address: str, form: dict[str, str], email: str) -> dict[str, str]:
        """Send the application's own form to us, as a page of another site does: without our cookies."""
        answer = httpx.post(address, data=form, timeout=30)
        assert answer.status_code == 303, answer.text
        return self._go_on(self.http.get(str(answer.url.join(answer.headers["Location"]))), email)

    def leave(self, address: str) -> str:
        """Open *address*; return where it sends us that is not ours."""
        answer = self.http.get(address)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def _go_on(self, answer: httpx.Response, email: str) -> dict[str, str]:
        while True:
            if answer.status_code == 303:
                answer = self.http.get(str(answer.url.join(answer.headers["Location"])))
                continue
            assert answer.status_code == 200, answer.text
            page = html.fromstring(answer.text)
            if page.xpath("//form[@id='carry']"):
                form = page.xpath("//form[@id='carry']")[0]
                return {"action": form.get("action")} | {i.get("name"): i.get("value") for i in form.xpath(".//input")}
            form = page.xpath("//main//form")[0]
            values = {i.get("name"): i.get("value", "") for i in form.xpath(".//input[@name]")}
            if "otp" in values:
                values["otp"] = pyotp.TOTP(totp.spelled(SECRET)).now()
            else:
                values |= {"username": email, "password": PASSWORD}
            self.asked.append("code" if "otp" in values else "password")
            answer = self.http.post(str(answer.url.join(form.get("action"))), data=values)


def query_of(address: str) -> dict[str, str]:
    """Return the query of *address*."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
