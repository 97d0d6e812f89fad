"""OpenID Connect Front-Channel Logout 1.0 in a real browser, with relying parties on this and on another site."""

import pytest

from tests.browser.relying import elsewhere, lenient_tab, relying_party, running, sign_on, tab

__all__ = ["elsewhere", "lenient_tab", "relying_party", "running", "tab"]

ONE_OF_TWO = pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])


def sign_out(running, page) -> None:
    page.goto(f"{running.address}/signout")
    page.click("main form button")
    page.wait_for_selector("h1:has-text('You are signed out here')", timeout=20_000)


def states(page) -> list[str]:
    return [row.locator(".badge").inner_text().strip() for row in page.locator(".told li").all()]


@ONE_OF_TWO
def test_the_application_is_told_in_a_hidden_frame_and_the_page_claims_nothing(running, relying_party, tab, javascript):
    one = tab(java_script_enabled=javascript)
    client = relying_party.register(frontchannel_logout_uri=f"{relying_party.address}/out")
    sign_on(running, one, client)
    with running.work() as work:
        from idp.signon.models import SignOnSession

        (session,) = work.tx.session.query(SignOnSession)

    sign_out(running, one)

    assert relying_party.told == [{"iss": f"{running.address}/sites/acme", "sid": session.id}]
    assert relying_party.cookies[0]["rp_session"] == "ours", "it finds its own session"
    assert states(one) == ["asked, cannot confirm"]
    assert "may still be open" in one.locator(".told").inner_text()


def test_across_sites_the_frame_has_the_applications_cookies_where_the_browser_lets_it(running, elsewhere, lenient_tab):
    client = elsewhere.register(frontchannel_logout_uri=f"{elsewhere.address}/out")
    sign_on(running, lenient_tab, client)

    sign_out(running, lenient_tab)

    assert elsewhere.cookies[0].get("rp_session") == "ours"


def test_across_sites_most_browsers_keep_them_and_the_page_says_that_it_may_be_open(running, elsewhere, tab):
    one = tab()
    client = elsewhere.register(frontchannel_logout_uri=f"{elsewhere.address}/out")
    sign_on(running, one, client)

    sign_out(running, one)

    assert len(elsewhere.told) == 1
    assert "rp_session" not in elsewhere.cookies[0]
    assert "may still be open" in one.locator(".told").inner_text()


@pytest.mark.parametrize(
    ("scheme", "javascript"), [("light", True), ("dark", True), ("dark", False)], ids=["light", "dark", "no-scripts"]
)
def test_an_application_that_never_loads_holds_nobody_up(running, relying_party, elsewhere, tab, scheme, javascript):
    """Also on a phone, in both themes. Without scripts the browser waits with it, and there is a button."""
    one = tab(color_scheme=scheme, viewport={"width": 320, "height": 640}, java_script_enabled=javascript)
    elsewhere.slow = 12
    for party in (relying_party, elsewhere):
        sign_on(running, one, party.register(frontchannel_logout_uri=f"{party.address}/out", client_name=party.address))

    one.goto(f"{running.address}/signout")
    one.click("main form button", no_wait_after=True)
    one.wait_for_selector("h1:has-text('Signing out of your applications…')")
    assert one.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if not javascript:
        one.click("main a:has-text('Go on')")
    one.wait_for_selector("h1:has-text('You are signed out here')", timeout=9_000)
    assert one.evaluate("document.documentElement.scrollWidth <= innerWidth")

    assert states(one) == ["asked, cannot confirm"] * 2


@ONE_OF_TWO
def test_an_application_that_asked_for_the_logout_gets_its_person_back(running, relying_party, tab, javascript):
    one = tab(java_script_enabled=javascript)
    client = relying_party.register(frontchannel_logout_uri=f"{relying_party.address}/out")
    said = sign_on(running, one, client)
    hint = running.redeem(client, said["code"], redirect_uri=f"{relying_party.address}/callback").json["id_token"]

    one.goto(
        f"{running.address}/sites/acme/oauth2/logout?id_token_hint={hint}&state=s"
        f"&post_logout_redirect_uri={relying_party.address}/bye"
    )
    one.wait_for_selector("h1:has-text('Goodbye')", timeout=20_000)

    assert relying_party.left == [{"state": "s"}]
    assert len(relying_party.told) == 1
