"""Single logout where the browser's owner has blocked the cookies of third parties: every application is visited itself."""

import secrets
from contextlib import ExitStack

import pytest
from flask import make_response, request

from idp.base import clock
from idp.saml import names
from tests.browser.relying import browser_of_its_own
from tests.browser.test_between_sites import elsewhere
from tests.browser.test_signing_out import Application, states
from tests.journeys.saml import provider
from tests.support.saml_world import ANN
from tests.support.service_provider import stamp

__all__ = ["provider"]


class Remembering(Application):
    """It knows who is signed in there by a cookie of its own, and signs out nobody else than whom that is."""

    def __init__(self, provider, name: str, binding: str) -> None:
        super().__init__(provider, name, binding)
        self.name = name
        self.sessions: set[str] = set()
        self.framed: list[dict[str, str]] = []
        self.app.add_url_rule("/acs", view_func=self._acs, methods=["POST"])
        self.app.add_url_rule("/", view_func=self._home)
        self.app.add_url_rule("/framed", view_func=self._framed)

    def _acs(self):
        token = secrets.token_hex(8)
        self.sessions.add(token)
        answer = make_response(f"<h1>Welcome to {self.name}</h1>")
        answer.set_cookie(self.name, token, secure=True, samesite="None", httponly=True)
        return answer

    def _home(self):
        return f"<h1>{'Signed in' if request.cookies.get(self.name) in self.sessions else 'Signed out'}</h1>"

    def _framed(self):
        self.framed.append(dict(request.cookies))
        return "<h1>In a frame</h1>"

    def _slo(self):
        self.sessions.discard(request.cookies.get(self.name, ""))
        return super()._slo()


@pytest.fixture
def applications(provider, request):
    """Two on other sites than ours: one is visited by redirect, the other by a form."""
    number = request.node.name[-12:].strip("[]")
    with (
        Remembering(provider, f"wiki-{number}", names.REDIRECT).served() as wiki,
        Remembering(provider, f"board-{number}", names.POST).served() as board,
    ):
        yield wiki, board


@pytest.fixture
def tab(provider, chrome, complaints, tmp_path):
    """Return a function that opens Ann's browser, with or without the cookies of third parties."""

    def start(*, third_parties: bool):
        own = browser_of_its_own(chrome, tmp_path / "profile", third_parties=third_parties)
        context = opened.enter_context(own)
        made = context.new_page()
        made.signed_in = provider.browser(ANN)
        session = {"name": "ostiary_session", "value": made.signed_in.token, "url": provider.address}
        context.add_cookies([session])
        complaints.listen(made)
        return made

    with ExitStack() as opened:
        yield start


def sign_on(tab, application: Remembering) -> None:
    sp = application.sp
    tab.goto(f"{sp.idp}/sso?{sp.query(sp.authn_request(IssueInstant=stamp(clock.now())))}")
    tab.wait_for_selector(f"h1:has-text('Welcome to {application.name}')")


def says(tab, application: Remembering) -> str:
    tab.goto(application.address)
    return tab.locator("h1").inner_text()


def sent_from_a_frame(tab, application: Remembering) -> bool:
    """Say whether the application gets its own cookie in a frame of a page of ours, by name."""
    with elsewhere(f"<iframe src='{application.address}/framed'></iframe>") as (address, _):
        tab.goto(address.replace("localhost", "127.0.0.1"))
        tab.frames[1].wait_for_selector("h1")
    return application.name in application.framed[-1]


def test_each_application_signs_out_although_the_cookies_of_third_parties_are_blocked(provider, tab, applications):
    one = tab(third_parties=False)
    for application in applications:
        sign_on(one, application)
        assert says(one, application) == "Signed in", "it has a cookie of its own"
        assert not sent_from_a_frame(one, application), "and does not get it from a frame: that is blocked here"

    one.goto(f"{provider.address}/signout")
    one.click("main form button")
    one.wait_for_selector("h1:has-text('You are signed out')", timeout=20_000)

    assert states(one) == {application.name: "confirmed" for application in applications}
    assert [says(one, application) for application in applications] == ["Signed out", "Signed out"]
    assert [application.sessions for application in applications] == [set(), set()]
    assert not provider.alive(one.signed_in)


def test_where_they_are_not_blocked_a_frame_would_have_them(tab, applications):
    """Or the other test would prove nothing."""
    one = tab(third_parties=True)
    for application in applications:
        sign_on(one, application)
        assert sent_from_a_frame(one, application)
