"""OpenID Connect Session Management 1.0 in a real browser, with a relying party on another site."""

import pytest

from tests.browser.relying import elsewhere, lenient_tab, relying_party, running, sign_on, tab
from tests.support.relying_party import RelyingParty

__all__ = ["elsewhere", "lenient_tab", "relying_party", "running", "tab"]


def asked(page, said: str) -> str:
    """What the frame answers to *said*."""
    page.evaluate("window.answers.length = 0")
    page.evaluate("said => window.ask(said)", said)
    page.wait_for_function("window.answers.length > 0", timeout=5_000)
    return page.evaluate("window.answers[0]")


def test_unchanged_until_the_person_signs_out_in_another_tab(running, relying_party, tab):
    one = tab()
    client = relying_party.register()
    said = sign_on(running, one, client)
    message = f"{client.client_id} {said['session_state']}"

    assert asked(one, message) == "unchanged"
    assert asked(one, message) == "unchanged"

    other = one.context.new_page()
    other.goto(f"{running.address}/signout")
    other.click("main form button")
    other.wait_for_selector("h1:has-text('You are signed out')")

    assert asked(one, message) == "changed"


def test_that_nobody_is_signed_in_can_be_watched_too(running, relying_party, tab):
    one = tab(signed_in=False)
    client = relying_party.register()
    said = sign_on(running, one, client, prompt="none")
    assert said["error"] == "login_required"
    message = f"{client.client_id} {said['session_state']}"

    assert asked(one, message) == "unchanged"
    one.sign_in()
    sign_on(running, one.context.new_page(), client)

    assert asked(one, message) == "changed"


@pytest.mark.parametrize(
    "make",
    [
        lambda c, s: "",
        lambda c, s: c,
        lambda c, s: f"{c} ",
        lambda c, s: f"{c} {s} more",
        lambda c, s: f"{c} {s.partition('.')[0]}",
        lambda c, s: f"{c} not-a-hash.salt",
        lambda c, s: {"client": c},
    ],
    ids=["empty", "no state", "empty state", "three parts", "no salt", "no hash", "no text"],
)
def test_what_is_malformed_is_an_error(running, relying_party, tab, make):
    one = tab()
    client = relying_party.register()
    said = sign_on(running, one, client)

    assert asked(one, make(client.client_id, said["session_state"])) == "error"


def test_another_clients_state_or_another_origins_is_never_unchanged(running, relying_party, tab):
    """Section 6: whoever shows a session state that was not made for its own origin learns nothing."""
    one = tab()
    client = relying_party.register()
    said = sign_on(running, one, client)
    assert asked(one, f"{client.client_id} {said['session_state']}") == "unchanged"
    other = relying_party.register(client_name="Other")
    assert asked(one, f"{other.client_id} {said['session_state']}") == "changed"

    with RelyingParty(running.address, host="127.0.0.1").served() as evil:
        one.goto(f"{evil.address}/callback")
        assert asked(one, f"{client.client_id} {said['session_state']}") == "changed"


def test_across_sites_it_works_where_the_browser_lets_frames_have_their_cookies(running, elsewhere, lenient_tab):
    client = elsewhere.register()
    said = sign_on(running, lenient_tab, client)
    message = f"{client.client_id} {said['session_state']}"

    assert asked(lenient_tab, message) == "unchanged"
    other = lenient_tab.context.new_page()
    other.goto(f"{running.address}/signout")
    other.click("main form button")
    other.wait_for_selector("h1:has-text('You are signed out')")

    assert asked(lenient_tab, message) == "changed"


def test_where_the_browser_keeps_our_cookies_from_frames_nothing_is_claimed(running, elsewhere, tab):
    """Section 5.1: neither “unchanged”, which would be a guess, nor “changed”, which would send it round in circles."""
    one = tab()
    client = elsewhere.register()
    said = sign_on(running, one, client)

    assert asked(one, f"{client.client_id} {said['session_state']}") == "error"
