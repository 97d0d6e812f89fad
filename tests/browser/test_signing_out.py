"""Signing out in a real browser: applications on another site answer, refuse to answer, and are visited in turn."""

import base64
import zlib
from contextlib import contextmanager
from threading import Thread

import pytest
from flask import Flask, redirect, request
from lxml import etree
from werkzeug.serving import make_server

from idp.base import clock
from idp.oidc import clients
from idp.saml import names
from idp.signon import session
from tests.journeys.saml import _Quiet, provider
from tests.saml import logouts
from tests.support.deployed import free_port
from tests.support.peers import logout_response
from tests.support.relying_party import RelyingParty
from tests.support.saml_world import ANN
from tests.support.service_provider import ServiceProvider, encoded, pair, stamp

__all__ = ["provider"]

_FORM = (
    '<form method="post" action="{action}"><input type="hidden" name="SAMLResponse" value="{value}">'
    "<button>Back</button></form>"
)


class Application:
    """A service provider with a server of its own, at ``localhost``: another site than 127.0.0.1."""

    def __init__(self, provider, name: str, binding: str, *, answers: bool = True) -> None:
        self.port, self.answers, self.visits = free_port(), answers, 0
        self.address = f"http://localhost:{self.port}"
        self.sp = ServiceProvider(
            entity_id=f"https://{name}.example/metadata",
            acs=f"{self.address}/acs",
            slo=logouts.service(binding, f"{self.address}/slo"),
            idp=provider.saml,
            pair=pair(name),
        )
        logouts.register(provider, self.sp, name=name)
        self.app = Flask(name)
        self.app.add_url_rule("/slo", view_func=self._slo, methods=["GET", "POST"])

    def _slo(self):
        self.visits += 1
        if not self.answers:
            return "<h1>Nothing happens here</h1>"
        if request.method == "GET":
            xml = zlib.decompress(base64.b64decode(request.args["SAMLRequest"]), -15)
            return redirect(f"{self.sp.idp}/slo?{self._answer(xml)}", 302)
        response = self._response(base64.b64decode(request.form["SAMLRequest"]))
        form = _FORM.format(action=f"{self.sp.idp}/slo", value=encoded(self.sp.enveloped(response)))
        return form + "<script>document.forms[0].submit()</script>"

    def _response(self, xml: bytes) -> str:
        asked = etree.fromstring(xml)
        assert asked.find(f"{{{names.SAML}}}NameID") is not None
        return logout_response(self.sp, asked.get("ID"), IssueInstant=stamp(clock.now()))

    def _answer(self, xml: bytes) -> str:
        query = self.sp.query(self._response(xml)).replace("SAMLRequest=", "SAMLResponse=", 1)
        return logouts.signed(self.sp, query)

    @contextmanager
    def served(self):
        server = make_server("127.0.0.1", self.port, self.app, threaded=True, request_handler=_Quiet)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def tab(provider, chrome, complaints):
    """Return a function that opens a tab of Ann's, who is signed in; *options* are Playwright's for a context."""
    opened = []

    def start(**options):
        context = chrome.new_context(reduced_motion="reduce", **options)
        session = provider.browser(ANN)
        context.add_cookies([{"name": "ostiary_session", "value": session.token, "url": provider.address}])
        opened.append(context)
        made = context.new_page()
        complaints.listen(made)
        made.signed_in = session
        return made

    yield start
    for context in opened:
        context.close()


def sign_on(provider, tab, application: Application) -> None:
    """Let Ann's session have the application among those that took part."""
    sp = application.sp
    bare = provider.app.test_client()
    bare.set_cookie("ostiary_session", tab.signed_in.token)
    query = sp.query(sp.authn_request(IssueInstant=stamp(clock.now())))
    assert bare.get(f"/sites/acme/saml/sso?{query}").status_code == 200


def states(tab) -> dict[str, str]:
    rows = tab.locator(".told li").all()
    return {row.locator("b").inner_text(): row.locator(".badge").inner_text().strip() for row in rows}


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_the_browser_goes_round_by_itself_and_comes_back(provider, tab, javascript):
    """Across sites, by whole pages: no frame, so that blocked third-party cookies stop nothing."""
    number = "a" if javascript else "b"
    by_redirect = Application(provider, f"wiki-{number}", names.REDIRECT)
    by_form = Application(provider, f"board-{number}", names.POST)
    one = tab(java_script_enabled=javascript)
    applications = [by_redirect, by_form] if javascript else [by_redirect]
    for application in applications:
        sign_on(provider, one, application)
    with by_redirect.served(), by_form.served():
        one.goto(f"{provider.address}/signout")
        one.click("main form button")
        one.wait_for_selector("h1:has-text('You are signed out')", timeout=20_000)

    assert set(states(one).values()) == {"confirmed"}
    assert len(states(one)) == len(applications)
    assert [application.visits for application in applications] == [1] * len(applications)
    assert one.locator("iframe").count() == 0
    assert not provider.alive(one.signed_in)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_x29_an_application_that_keeps_the_browser_is_passed_over(provider, tab, scheme):
    """The person goes back to the page, is told, and goes on with the next; also on a phone, in both themes."""
    silent = Application(provider, f"silent-{scheme}", names.REDIRECT, answers=False)
    good = Application(provider, f"good-{scheme}", names.REDIRECT)
    one = tab(color_scheme=scheme, viewport={"width": 360, "height": 740})
    for application in (silent, good):
        sign_on(provider, one, application)
    with silent.served(), good.served():
        one.goto(f"{provider.address}/signout")
        one.click("main form button")
        steps = one.url
        one.wait_for_selector("h1:has-text('Nothing happens here')", timeout=10_000)
        one.goto(steps)
        one.wait_for_selector("h1:has-text('One application did not answer')", timeout=20_000)
        assert one.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert sorted(states(one).values()) == ["comes next", "did not answer"]
        one.click("main a:has-text('Go on with')")
        one.wait_for_selector("h1:has-text('You are signed out here')", timeout=20_000)

    assert sorted(states(one).values()) == ["confirmed", "did not answer"]
    assert "Not every application has confirmed" in one.locator(".lead").inner_text()
    assert (silent.visits, good.visits) == (1, 1)


def test_frames_come_first_and_then_the_browser_goes_round(provider, tab):
    """A client of OpenID Connect by a hidden frame, a service provider by a visit: one logout."""
    wiki = Application(provider, "wiki-mixed", names.REDIRECT)
    one = tab()
    sign_on(provider, one, wiki)
    party = RelyingParty(provider.address, host="127.0.0.1")
    with provider.work() as work:
        application, _, _ = clients.create(
            work,
            "acme",
            {
                "client_name": "Notebook",
                "redirect_uris": [f"{party.address}/callback"],
                "frontchannel_logout_uri": f"{party.address}/out",
            },
            allow_http_loopback=True,
        )
        session.join(work, application.organization_id, one.signed_in.session_id, application.id, {"sub": "sub_x"})
    with wiki.served(), party.served():
        one.goto(f"{provider.address}/signout")
        one.click("main form button")
        one.wait_for_selector("h1:has-text('You are signed out here')", timeout=20_000)

    assert states(one) == {"wiki-mixed": "confirmed", "Notebook": "asked, cannot confirm"}
    assert [told["sid"] for told in party.told] == [one.signed_in.session_id]
    assert wiki.visits == 1
