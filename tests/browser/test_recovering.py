"""Recovery in a real browser: with and without scripts, by keyboard, and the token is nowhere to be found."""

import pytest

from idp.signon import notices
from tests.support.front import ANN, PASSWORD

NEW = "a windmill of seven sails"


def asked(one, email=ANN):
    """Somebody who has asked for a link on the way to the wiki."""
    one.open(one.front.ask())
    one.press("Forgotten your password?")
    one.tab.wait_for_selector("[name=username]:focus")
    one.tab.keyboard.type(email)
    one.tab.keyboard.press("Enter")
    one.tab.wait_for_url("**/recover/sent")
    return one


@pytest.mark.parametrize("javascript", [True, False])
def test_a_forgotten_password_is_set_anew_and_the_second_step_asked_for(front, walk, javascript):
    one = asked(walk(java_script_enabled=javascript))
    assert one.heading == "Look into your mail"
    [mail] = front.mails()

    one.open(mail.path)
    one.tab.wait_for_selector("[name=new_password]:focus")
    one.tab.keyboard.type(NEW)
    one.tab.keyboard.press("Enter")
    one.tab.wait_for_url("**/recover/done")
    one.press("Sign in")
    one.password(ANN, NEW)
    assert one.heading == "Second step"
    one.code()

    assert one.heading == "Your applications"
    assert "The password of your account was changed." in one.tab.locator("main").inner_text()


def test_a17_the_token_is_in_no_address_and_in_no_referer(front, walk):
    one = asked(walk())
    token = front.mails()[0].path.rpartition("/")[2]
    sent = []
    one.tab.on("request", lambda request: sent.append((request.url, request.headers.get("referer", ""))))

    one.open(f"/recover/{token}")
    one.tab.fill("[name=new_password]", NEW)
    one.go()
    one.tab.go_back()

    assert token not in one.tab.url
    with_it = [url for url, _ in sent if token in url]
    assert len(with_it) == 1, "the one address that was opened"
    assert not [referer for _, referer in sent if referer]
    assert token not in one.tab.evaluate("document.cookie")


def test_a_notice_is_put_away_and_said_not_to_be_mine(front, ann):
    front.later(minutes=30)
    with front.work() as work:
        notices.notify(
            work,
            organization_id=front.organization_id,
            account_id=front.account_ids[ANN],
            kind=notices.NEW_DEVICE,
            facts={"browser": "Firefox", "system": "Windows"},
        )
    ann.open("/account")
    assert "Firefox on Windows" in ann.tab.locator("main").inner_text()
    ann.press("put it away")
    assert "Firefox on Windows" not in ann.tab.locator("main").inner_text()

    ann.open(front.mails()[-1].path)
    assert ann.heading == "This was not you?"
    ann.go()
    ann.tab.wait_for_url("**/not-me/done?by=mail")

    ann.open("/")
    ann.password(ANN, PASSWORD)
    assert ann.heading == "Sign in"
