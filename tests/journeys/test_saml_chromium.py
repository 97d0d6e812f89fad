"""In a real browser the page that carries an answer sends itself, exactly, and runs nothing else (X16, X17, I3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

import pytest

from idp.base import clock
from tests.journeys.saml import provider
from tests.support import chromium
from tests.support.saml_world import ANN
from tests.support.service_provider import ServiceProvider, consumer, encoded, stamp

__all__ = ["provider"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.journey,
    pytest.mark.skipif(chromium.executable() is None, reason=chromium.MISSING),
]

STATES = [
    "\"><script>alert(1)</script><img src=x onerror='alert(2)'> a+b%20c&amp;ü€",
    "javascript:alert(1)",
    "</form><form action=//evil.example><input type=submit>",
]


class Arrived(list):
    """What was posted to the application."""

    origin = ""
    entity = ""


@contextmanager
def application(form: str = "", then: str = "") -> Iterator[Arrived]:
    """An application on another host: keeps what is posted to /acs; shows *form* at /; goes on to *then*."""
    got = Arrived()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, form or "<title>Arrived</title>")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            got.append(({k: v[0] for k, v in parse_qs(body).items()}, self.headers["Origin"]))
            self._send(303 if then else 200, "<title>Arrived</title>", then)

        def _send(self, status: int, body: str, location: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(b"<!doctype html>" + body.encode())

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    got.origin = f"http://localhost:{server.server_port}"
    try:
        yield got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def registered(provider, got: Arrived) -> ServiceProvider:
    sp = ServiceProvider(entity_id=f"{got.origin}/metadata", acs=f"{got.origin}/acs", idp=provider.saml)
    provider.register(sp, sp.metadata(consumers=consumer(sp.acs), slo=" "))
    return sp


@contextmanager
def tab_of(provider, *, scripts: bool = True):
    """A page of a browser in which Ann is signed in, and everything that went wrong in it."""
    with chromium.launched() as browser:
        context = browser.new_context(java_script_enabled=scripts)
        token = provider.browser(ANN).token
        context.add_cookies([{"name": "ostiary_session", "value": token, "url": provider.address, "sameSite": "Lax"}])
        tab = context.new_page()
        alarms: list[str] = []
        tab.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
        tab.on("console", lambda message: alarms.append(message.text) if "violates" in message.text else None)
        yield tab, alarms


def request(sp: ServiceProvider) -> str:
    return sp.authn_request(IssueInstant=stamp(clock.now()))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_x17_what_is_carried_arrives_octet_by_octet(provider, scripts):
    with application() as got, tab_of(provider, scripts=scripts) as (tab, alarms):
        sp = registered(provider, got)
        for state in STATES:
            tab.goto(f"{provider.saml}/sso?{sp.query(request(sp), state)}")
            if not scripts:
                tab.click("text=Continue")
            tab.wait_for_url(sp.acs)

    assert alarms == []
    assert [fields["RelayState"] for fields, _ in got] == STATES
    assert all("SAMLResponse" in fields for fields, _ in got)
    assert {origin for _, origin in got} == {provider.address}


def test_x17_what_came_by_a_form_arrives_octet_by_octet_too(provider):
    """X17: the other binding; the state waits in a row of ours while the browser goes from page to page."""
    with application() as got:
        sp = registered(provider, got)
        with tab_of(provider) as (tab, alarms):
            for state in STATES:
                form = (
                    f'<form method="post" action="{provider.saml}/sso">'
                    f'<input name="SAMLRequest" value="{encoded(request(sp))}">'
                    f'<input name="RelayState" value="{escape(state)}"><button>Go</button></form>'
                )
                with application(form) as start:
                    tab.goto(start.origin)
                    tab.click("button")
                    tab.wait_for_url(sp.acs)

    assert alarms == []
    assert [fields["RelayState"] for fields, _ in got] == STATES


def test_i3_a_form_of_another_site_finds_the_session_of_this_browser(provider):
    """I3: the cookie is Lax and does not come with the POST; it comes with the GET behind it."""
    with application() as got:
        sp = registered(provider, got)
        form = (
            f'<form method="post" action="{provider.saml}/sso"><input name="SAMLRequest" value="{encoded(request(sp))}">'
            '<input name="RelayState" value="posted"><button>Go</button></form>'
        )
        with application(form) as start, tab_of(provider) as (tab, alarms):
            tab.goto(start.origin)
            tab.click("button")
            tab.wait_for_url(sp.acs)

    assert alarms == []
    assert got[0][0]["RelayState"] == "posted"


def test_an_application_may_lead_on_to_another_host_of_its_own(provider):
    """Browsers hold the redirects behind a form to its form-action; most large applications have such a redirect."""
    with application() as home, application(then=home.origin.replace("localhost", "127.0.0.1") + "/home") as got:
        sp = registered(provider, got)
        with tab_of(provider) as (tab, alarms):
            tab.goto(f"{provider.saml}/sso?{sp.query(request(sp))}")
            tab.wait_for_url("**/home")

    assert alarms == []
    assert len(got) == 1


def test_the_back_button_does_not_meet_a_used_request(provider):
    with application() as got, tab_of(provider) as (tab, alarms):
        sp = registered(provider, got)
        tab.goto(got.origin)
        tab.goto(f"{provider.saml}/sso?{sp.query(request(sp))}")
        tab.wait_for_url(sp.acs)
        tab.go_back()
        assert tab.url == got.origin + "/"

    assert alarms == []
