"""The score of a new password while it is typed, in a real browser."""

from idp.directory import policies
from idp.signon import administered_password
from tests.support.front import BEN, PASSWORD


def _says(tab, words):
    tab.wait_for_selector(f".score p:has-text('{words}')")
    return tab.locator(".score p").inner_text()


def test_the_score_follows_what_is_typed_and_moves_nothing(ann):
    ann.open("/account/password")
    tab = ann.tab
    below = tab.locator("main button.primary").bounding_box()["y"]

    tab.fill("[name=new_password]", "ann archer")
    assert "Do not use your name" in _says(tab, "weak.")
    tab.fill("[name=new_password]", "velvet anchor rope 41")
    assert _says(tab, "strong.") == "Very strong."
    assert tab.locator(".score meter").evaluate("meter => meter.value") == 5
    assert tab.locator("main button.primary").bounding_box()["y"] == below
    tab.fill("[name=new_password]", "")
    tab.wait_for_selector(".score p:empty", state="attached")


def test_only_what_was_typed_last_is_asked_for(ann):
    ann.open("/account/password")
    asked = []
    ann.tab.on("request", lambda request: asked.append(request.post_data) if "score" in request.url else None)

    ann.tab.locator("[name=new_password]").press_sequentially("velvet anchor rope 41", delay=5)
    _says(ann.tab, "strong.")

    assert len(asked) <= 2
    assert "velvet+anchor+rope+41" in asked[-1]
    assert not any("current_password" in body for body in asked)


def test_a_new_password_is_chosen_in_a_sign_on_by_keyboard_alone(front, walk):
    with front.work() as work:
        policies.default_policy(work, front.organization_id).second_step = "optional"
        administered_password.require_new_password(work, BEN)
    ben = walk()
    ben.open(front.ask())
    ben.password(BEN, PASSWORD)
    ben.tab.wait_for_selector("[name=new_password]:focus")
    ben.tab.keyboard.type("velvet anchor rope 41")
    assert _says(ben.tab, "strong.") == "Very strong."
    ben.tab.keyboard.press("Enter")
    ben.tab.wait_for_url("**/asked/resume/**")

    assert ben.json()["methods"] == ["pwd"]
