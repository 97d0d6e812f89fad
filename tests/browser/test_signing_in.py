"""Signing in, in a real browser: with and without scripts, by keyboard, in two tabs, back and forth."""

import pytest

from tests.browser.conftest import signed_in
from tests.support.front import ANN, BEN, PASSWORD


def test_password_and_code(front, walk):
    one = walk()
    one.open(front.ask())
    one.password(ANN)
    one.code()

    assert one.json()["account"] == front.account_ids[ANN]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_everything_works_with_and_without_scripts(front, walk, scripts):
    one = walk(java_script_enabled=scripts)
    one.open(front.ask(asks=("email",)))
    one.password(BEN)
    assert one.heading == "Add a second step"
    one.code(front.code(one.tab.get_attribute("[data-copy]", "data-copy")))
    assert one.tab.locator(".codes li").count() == 10
    one.go()
    assert one.heading == "Share with Wiki?"
    one.go()
    assert one.json()["account"] == front.account_ids[BEN]

    one.open("/")
    one.tab.fill("[name=q]", "wiki")
    one.go()
    assert one.tab.locator("[data-tile]:visible a").all_inner_texts() == ["Wiki"]
    one.open("/account/devices")
    assert one.tab.locator("time").first.is_visible()
    one.open("/signout")
    one.go()
    assert one.heading == "You are signed out here"


def test_a_recovery_code_in_place_of_the_phone(front, walk):
    first = walk()
    first.open(front.ask())
    first.password(BEN)
    first.code(front.code(first.tab.get_attribute("[data-copy]", "data-copy")))
    code = first.tab.locator(".codes li").first.inner_text()

    second = walk()
    second.open(front.ask())
    second.password(BEN)
    second.press("Use a recovery code")
    second.tab.fill("[name=recovery_code]", code)
    second.go()
    assert second.json()["methods"] == ["pwd", "recovery"]


def test_by_keyboard_alone(front, walk):
    one = walk()
    one.open(front.ask())
    keys = one.tab.keyboard
    one.tab.wait_for_selector("[name=username]:focus")  # it comes a moment after the page: what is typed before is lost
    keys.type(ANN)
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    one.tab.wait_for_selector("[name=otp]:focus")
    keys.type(front.code())
    keys.press("Enter")
    one.tab.wait_for_url("**/asked/resume/**")

    assert one.json()["account"] == front.account_ids[ANN]


def test_an_error_takes_the_focus_and_the_next_tab_is_the_first_field(front, walk):
    one = walk()
    one.open(front.ask())
    one.password(ANN, "wrong")

    assert one.tab.evaluate("document.activeElement.getAttribute('role')") == "alert"
    assert one.tab.input_value("[name=username]") == ANN
    assert one.tab.input_value("[name=password]") == ""
    one.tab.keyboard.press("Tab")
    assert one.tab.evaluate("document.activeElement.name") == "username"


def test_two_tabs_at_once(front, walk):
    one = walk()
    other = one.tab.context.new_page()
    one.open(front.ask("Wiki"))
    other.goto(one.base + front.ask("Payroll"))
    one.password(ANN)
    one.code()
    assert one.json()["account"] == front.account_ids[ANN]

    other.reload()
    assert front.account_ids[ANN] in other.content(), "the session is the same; nothing is asked"


def test_the_back_button_shows_what_comes_next_and_then_that_it_is_over(front, walk):
    one = walk()
    one.open(front.ask())
    one.password(ANN)
    one.tab.go_back()
    assert one.heading == "Second step"
    one.code()
    assert one.json()["account"] == front.account_ids[ANN]

    one.tab.go_back()
    assert one.heading == "This sign-in is over"
    assert one.tab.get_attribute("main a.primary", "href") == "https://wiki.acme.example/login"


def test_a_double_click_signs_in_once(front, walk):
    one = walk()
    one.open(front.ask())
    one.tab.fill("[name=username]", ANN)
    one.tab.fill("[name=password]", PASSWORD)
    one.tab.locator("main form button[type=submit]").first.dblclick()
    one.tab.wait_for_selector("[name=otp]")
    one.tab.fill("[name=otp]", front.code())
    one.tab.locator("main form button[type=submit]:not([form])").first.dblclick()
    one.tab.wait_for_load_state()
    one.tab.wait_for_timeout(500)

    one.open("/account")
    assert one.heading == "Your account"


def test_an_expired_sign_on_offers_a_new_start(front, walk):
    one = walk()
    one.open(front.ask())
    front.later(minutes=11)
    one.password(ANN)

    assert one.heading == "This sign-in is over"
    assert "Start again at Wiki" in one.tab.locator("main").inner_text()


def test_nothing_moves_between_the_steps_but_the_field(front, walk):
    one = walk()
    one.open(front.ask())
    before = _places(one, "[name=username]", "[name=password]")
    one.password(ANN)
    after = _places(one, ".who .is", "[name=otp]")

    assert before == after


def _places(one, first, second):
    places = []
    for what in (".keeper", "h1", ".lead", first, second, "main form .actions button"):
        box = one.tab.locator(what).first.bounding_box()
        places.append((round(box["x"]), round(box["y"]), round(box["width"]) if what != "h1" else 0))
    return places


def test_a_password_can_be_looked_at_and_is_hidden_again_when_sent(front, walk):
    one = walk()
    one.open(front.ask())
    one.tab.fill("[name=username]", ANN)
    one.tab.fill("[name=password]", "wrong")
    button = one.tab.locator("[data-reveal]")
    button.click()
    assert one.tab.get_attribute("[name=password]", "type") == "text"
    assert button.get_attribute("aria-pressed") == "true"
    one.go()

    assert one.tab.get_attribute("[name=password]", "type") == "password"


def test_the_key_can_be_copied(front, walk):
    one = walk(permissions=["clipboard-read", "clipboard-write"])
    one.open(front.ask())
    one.password(BEN)
    one.press("Copy")

    one.tab.wait_for_function("document.querySelector('[data-copy]').textContent === 'Copied'")
    copied = one.tab.evaluate("navigator.clipboard.readText()")
    assert copied == one.tab.get_attribute("[data-copy]", "data-copy")


def test_i3_cookies_are_out_of_reach_of_scripts_and_other_sites(walk):
    """I3: HttpOnly, SameSite=Lax; nothing else is set."""
    one = signed_in(walk())

    cookies = {c["name"]: c for c in one.tab.context.cookies()}
    assert set(cookies) == {"ostiary_session", "ostiary_browser", "ostiary_devices"}
    assert all(c["httpOnly"] and c["sameSite"] == "Lax" and c["path"] == "/" for c in cookies.values())
    assert one.tab.evaluate("document.cookie") == ""
