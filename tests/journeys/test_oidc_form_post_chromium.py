"""O29, Q4: in a real browser the form of Form Post Response Mode posts itself, exactly, and runs nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlencode

import pytest

from tests.journeys.oidc import PASSWORD, running
from tests.oidc.support import ANN, request
from tests.support import chromium

__all__ = ["running"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.journey,
    pytest.mark.skipif(chromium.executable() is None, reason=chromium.MISSING),
]

STATE = "\"><script>alert(1)</script><img src=x onerror='alert(2)'> a+b%20c&amp;ü€"


@contextmanager
def application() -> Iterator[tuple[str, list[dict]]]:
    """An application on another host that keeps what is posted to it."""
    got: list[dict] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            got.append({"fields": {k: v[0] for k, v in parse_qs(body).items()}, "origin": self.headers["Origin"]})
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Arrived</title>")

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/callback", got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_o29_the_answer_arrives_as_it_was_meant(running, scripts):
    with application() as (callback, got), chromium.launched() as browser:
        client = running.register(redirect_uris=[callback], allow_http_loopback=True)
        tab = browser.new_context(java_script_enabled=scripts).new_page()
        alarms: list[str] = []
        tab.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
        tab.on("console", lambda message: alarms.append(message.text) if "violates" in message.text else None)
        asked = request(client, redirect_uri=callback, response_mode="form_post", state=STATE)
        tab.goto(f"{running.address}/sites/acme/oauth2/authorize?{urlencode(asked)}")
        tab.fill("input[name=username]", ANN)
        tab.fill("input[name=password]", PASSWORD)
        tab.click("main form button[type=submit]")
        if not scripts:
            tab.click("text=Continue")
        tab.wait_for_url(callback)

    assert alarms == []
    assert got[0]["fields"]["state"] == STATE
    assert got[0]["origin"] == running.address
    assert running.redeem(client, got[0]["fields"]["code"], redirect_uri=callback).status_code == 200
