"""ADR 28: an application that signs on in a pop-up window gets its answer there, through the window's opener."""

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

HOME = b"""<!doctype html><title>Home</title><script>
window.addEventListener("message", event => {
  if (event.origin === location.origin) document.title = event.data;
});</script>"""
CALLBACK = b"""<!doctype html><title>Callback</title><script>
document.title = window.opener ? "opener" : "alone";
if (window.opener) window.opener.postMessage(location.search, location.origin);</script>"""


@contextmanager
def application() -> Iterator[str]:
    """An application on another host, with a page that listens and one that tells its opener."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(CALLBACK if self.path.startswith("/callback") else HOME)

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_answer_reaches_the_page_that_opened_the_window(running):
    with application() as address, chromium.launched() as browser:
        callback = f"{address}/callback"
        client = running.register(redirect_uris=[callback], allow_http_loopback=True)
        asked = request(client, redirect_uri=callback)
        home = browser.new_context().new_page()
        home.goto(address)
        with home.expect_popup() as opened:
            home.evaluate(
                "at => { window.open(at) }", f"{running.address}/sites/acme/oauth2/authorize?{urlencode(asked)}"
            )
        tab = opened.value
        tab.fill("input[name=username]", ANN)
        tab.fill("input[name=password]", "wrong at first")
        tab.click("main form button[type=submit]")
        tab.fill("input[name=password]", PASSWORD)
        tab.click("main form button[type=submit]")
        home.wait_for_function("document.title.startsWith('?')", timeout=10000)
        told = {name: values[0] for name, values in parse_qs(home.title().lstrip("?")).items()}

    assert told["state"] == asked["state"]
    assert running.redeem(client, told["code"], redirect_uri=callback).status_code == 200


def test_our_own_pages_lose_whoever_opened_them(running):
    """The launcher in a pop-up of somebody else: that page has no hold on it."""
    with application() as address, chromium.launched() as browser:
        home = browser.new_context().new_page()
        home.goto(address)
        with home.expect_popup() as opened:
            home.evaluate("at => { window.held = window.open(at) }", f"{running.address}/signout/done")
        opened.value.wait_for_load_state()

        assert opened.value.evaluate("window.opener === null")
        home.wait_for_function("window.held.closed", timeout=10000)
