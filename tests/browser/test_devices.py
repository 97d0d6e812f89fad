"""RFC 8628 in a real browser: a device is let in by keyboard alone, without scripts, and by nobody's link."""

import pytest

from tests.support.front import ANN, PASSWORD
from tests.support.pictures import Walk


def _tabbed_to(walk: Walk, words: str) -> None:
    """Press Tab until the focus is on what says *words*."""
    for _ in range(30):
        walk.tab.keyboard.press("Tab")
        focused = walk.tab.evaluate("document.activeElement.textContent.trim() || document.activeElement.name || ''")
        if focused == words:
            return
    raise AssertionError(f"the keyboard does not reach {words!r}")


def _entered(walk: Walk) -> None:
    with walk.tab.expect_navigation():
        walk.tab.keyboard.press("Enter")


def test_by_keyboard_alone(front, walk):
    one = walk()
    one.open("/device")
    one.tab.wait_for_selector("[name=user_code]:focus")  # it comes a moment after the page
    one.tab.keyboard.type(front.device().lower())
    _entered(one)
    for typed, field in ((ANN, "username"), (PASSWORD, "password")):
        if one.tab.evaluate("document.activeElement.name") != field:
            _tabbed_to(one, field)
        one.tab.keyboard.type(typed)
    _entered(one)
    one.tab.wait_for_selector("[name=otp]:focus")
    one.tab.keyboard.type(front.code())
    _entered(one)
    assert one.heading == "Share with Room Screens?"
    _tabbed_to(one, "Share and continue")
    _entered(one)
    assert one.heading == "Let this device in?"
    _tabbed_to(one, "Let it in")
    _entered(one)

    assert one.heading == "The device is in"


@pytest.mark.parametrize(
    ("button", "heading"), [("Let it in", "The device is in"), ("Keep it out", "The device stays out")]
)
def test_without_scripts(front, walk, button, heading):
    one = walk(java_script_enabled=False)
    one.open(f"/device?user_code={front.device()}")
    one.go()
    one.password(ANN)
    one.code()
    one.go()
    one.press(button)

    assert one.heading == heading


def test_o35_the_way_back_and_a_reload_decide_nothing_twice(front, walk):
    one = walk()
    one.open(f"/device?user_code={front.device()}")
    one.go()
    one.password(ANN)
    one.code()
    one.go()
    one.press("Let it in")
    one.tab.reload()
    assert one.heading == "The device is in"

    one.tab.go_back()
    if one.heading == "Let this device in?":  # from the browser's memory
        one.press("Keep it out")
    assert one.heading == "This sign-in is over"


def test_another_account_can_be_used_on_the_last_page(front, walk):
    one = walk()
    one.open(f"/device?user_code={front.device()}")
    one.go()
    one.password(ANN)
    one.code()
    one.go()
    one.press("Not you?")

    assert one.heading == "Sign in"
