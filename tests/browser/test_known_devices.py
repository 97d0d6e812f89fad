"""Remembered devices and temporary passes, in a real browser."""

import pytest

from idp.signon.factors import temporary_pass
from idp.signon.models import ThrottleCounter
from tests.support.front import ANN, BEN, PASSWORD


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_device_is_remembered_and_forgotten_again(front, walk, scripts):
    one = walk(java_script_enabled=scripts)
    one.open("/")
    one.password(ANN)
    one.tab.check("[name=remember_device]")
    one.code()
    assert one.heading == "Your applications"

    _sign_out(one)
    one.open("/")
    one.password(ANN)
    assert one.heading == "Your applications", "the second step was not asked for"

    one.open("/account/devices")
    one.press("Forget")
    assert "That device is forgotten." in one.tab.content()
    _sign_out(one)
    front.later(minutes=1)
    one.open("/")
    one.password(ANN)
    assert one.heading == "Second step"


def _sign_out(one):
    one.open("/signout")
    one.go()


def test_the_box_is_ticked_by_keyboard_alone(front, walk):
    one = walk()
    one.open("/")
    keys = one.tab.keyboard
    one.password(ANN)
    one.tab.wait_for_selector("[name=otp]:focus")
    keys.type(front.code())
    keys.press("Tab")
    keys.press("Tab")
    one.tab.wait_for_selector("[name=remember_device]:focus")
    keys.press("Space")
    assert one.tab.is_checked("[name=remember_device]")
    one.tab.focus("[name=otp]")
    keys.press("Enter")
    one.tab.wait_for_url("**/")

    _sign_out(one)
    one.open("/")
    one.password(ANN)
    assert one.heading == "Your applications"


def test_the_words_tick_the_box(front, walk):
    one = walk()
    one.open(front.ask())
    one.password(ANN)
    one.tab.click("label[for=remember_device]")

    assert one.tab.is_checked("[name=remember_device]")


def test_a6_a_victim_under_attack_signs_in_on_a_device_that_knows_them(front, walk):
    """A6: the password has stopped for strangers; nothing of that is seen where the person signed in before."""
    one = walk()
    one.open("/")
    one.password(ANN)
    one.code()
    _sign_out(one)
    with front.work() as work:
        account = f"account:{front.account_ids[ANN]}"
        work.tx.session.get_one(ThrottleCounter, account).failures = 100
    front.later(minutes=1)

    stranger = walk()
    stranger.open("/")
    stranger.password(ANN)
    assert "does not work any more" in stranger.tab.locator("[role=alert]").inner_text()

    one.open("/")
    one.password(ANN)
    one.code()
    assert one.heading == "Your applications"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_pass_leads_to_a_second_step_of_ones_own(front, walk, scripts):
    with front.work() as work:
        _, given = temporary_pass.make(work, BEN)
    one = walk(java_script_enabled=scripts)
    one.open(front.ask())
    one.press("Use a temporary access pass")
    one.tab.fill("[name=username]", BEN)
    one.tab.fill("[name=pass]", given.upper())
    one.go()
    assert one.heading == "Add a second step"
    one.code(front.code(one.tab.get_attribute("[data-copy]", "data-copy")))
    one.go()

    assert one.json()["methods"] == ["temporary-pass", "otp"]


def test_nothing_moves_between_password_and_pass(front, walk):
    one = walk()
    one.open(front.ask())
    before = _places(one, "[name=password]")
    one.press("Use a temporary access pass")

    assert _places(one, "[name=pass]") == before


def _places(one, second):
    boxes = [one.tab.locator(what).first.bounding_box() for what in ("[name=username]", second, ".actions button")]
    return [(round(box["x"]), round(box["y"]), round(box["height"])) for box in boxes]


def test_one_tells_pass_and_password_apart(front, walk):
    """A password in the place of a pass is wrong, and the way back is one press away."""
    one = walk()
    one.open(front.ask())
    one.press("Use a temporary access pass")
    one.tab.fill("[name=username]", ANN)
    one.tab.fill("[name=pass]", PASSWORD)
    one.go()
    assert "does not let you in" in one.tab.locator("[role=alert]").inner_text()

    one.press("Use your password")
    assert one.heading == "Sign in"
