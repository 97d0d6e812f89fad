"""Signing in, page by page: what is shown, what is kept, and what a person is told."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from idp.audit import attempts
from idp.signon.request import Refusal
from tests.support.front import ANN, BEN, DORA, PASSWORD


def test_password_and_code_lead_back_to_the_application(front, visitor):
    visitor.open(front.ask())
    assert visitor.title == "Sign in"
    assert "to continue to Wiki" in visitor.text

    visitor.submit(username=ANN, password=PASSWORD)
    assert visitor.title == "Second step"
    assert f"Signing in as {ANN}" in visitor.text

    visitor.submit(otp=front.code())
    assert visitor.answer.json["account"] == front.account_ids[ANN]
    assert visitor.answer.json["methods"] == ["pwd", "otp"]


def test_password_managers_know_the_fields(front, visitor):
    visitor.open(front.ask())

    assert visitor.field("username").get("autocomplete") == "username webauthn"
    assert visitor.field("password").get("autocomplete") == "current-password"
    visitor.submit(username=ANN, password=PASSWORD)
    assert visitor.field("otp").get("autocomplete") == "one-time-code"
    assert visitor.field("otp").get("inputmode") == "numeric"


def test_the_second_application_asks_nothing(front, ann):
    ann.open(front.ask("Payroll"))

    assert ann.answer.json["account"] == front.account_ids[ANN]


def test_an_error_keeps_the_address_clears_the_password_and_takes_the_focus(front, visitor):
    visitor.open(front.ask()).submit(username=ANN, password="wrong")

    assert visitor.field("username").get("value") == ANN
    assert visitor.field("password").get("value") is None
    focused = visitor.page.xpath("//*[@autofocus]")
    assert [one.get("role") for one in focused] == ["alert"]
    assert focused[0].get("tabindex") == "-1"


@pytest.mark.parametrize("wrong", ["password", "code", "recovery code", "password, too often", "code, too often"])
def test_what_did_not_match_or_has_to_wait_names_the_attempt(front, visitor, wrong):
    visitor.open(front.ask())
    if "password" not in wrong:
        visitor.submit(username=ANN, password=PASSWORD)
    if wrong == "recovery code":
        visitor.open(f"{visitor.path}/recovery")
    assert "Reference:" not in visitor.text
    typed = {
        "password": {"username": ANN, "password": "wrong"},
        "code": {"otp": "000000"},
        "recovery code": {"recovery_code": "wrong"},
    }[wrong.partition(",")[0]]
    tries = {"password, too often": 7, "code, too often": 6}.get(wrong, 1)
    for _ in range(tries):
        visitor.submit(**typed)

    assert visitor.status == (429 if "often" in wrong else 422)
    with front.work() as work:
        found = attempts.load(work, visitor.page.xpath("string(//*[@class='reference']/code)"))
        assert found.steps[-1]["state"] == "failed"
        assert found.steps[-1]["code"] == "not-proven"
        assert found.steps[-1]["cause"]


def test_after_five_wrong_codes_the_sign_in_begins_anew_and_after_ten_it_waits(front, visitor):
    for _ in range(2):
        visitor.open(front.ask()).submit(username=ANN, password=PASSWORD)
        for _ in range(5):
            assert visitor.submit(otp="000000").status == 422
    visitor.submit(otp="000000")
    assert (visitor.status, visitor.title) == (429, "Sign in")
    assert "Begin it anew" in visitor.alert

    visitor.submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    assert visitor.status == 429
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    assert visitor.status == 429
    assert "Wait 15 minutes, then try again." in visitor.alert


def test_the_first_authenticator_is_set_up_and_its_codes_shown_once(front, visitor):
    visitor.open(front.ask()).submit(username=BEN, password=PASSWORD)
    assert visitor.title == "Add a second step"
    secret = visitor.page.xpath("//*[@data-copy]/@data-copy")[0]
    picture = visitor.client.get(visitor.page.xpath("//img[contains(@src, 'authenticator.svg')]/@src")[0])
    assert picture.mimetype == "image/svg+xml"

    visitor.submit(otp="000000")
    assert visitor.status == 422
    assert visitor.page.xpath("//*[@data-copy]/@data-copy")[0] == secret, "the key stays while one tries"

    visitor.submit(otp=front.code(secret))
    assert visitor.title == "Keep your recovery codes"
    assert visitor.visited[-2].status_code == 303, "a reload does not send the form again"
    codes = visitor.page.xpath("//ol[@class='codes']/li/text()")
    assert len(set(codes)) == 10
    file = visitor.client.get(visitor.page.xpath("//a[@download]/@href")[0])
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert all(code in file.text for code in codes)

    kept_at = visitor.path
    visitor.submit()
    assert visitor.answer.json["methods"] == ["pwd", "otp"]
    assert codes[0] not in visitor.open(kept_at).answer.text


def test_no_access_says_so_in_plain_words_with_whom_to_ask(front, visitor):
    visitor.open(front.ask()).submit(username=DORA, password=PASSWORD).submit(otp=front.code())

    assert visitor.status == 403
    assert visitor.title == "You have no access to Wiki"
    assert "helpdesk@acme.example" in visitor.text
    reference = visitor.page.xpath("//p[@class='reference']/code/text()")[0]
    with front.work() as work:
        attempt = attempts.load(work, reference)
    assert attempt is not None
    assert attempt.code == Refusal.NOT_ALLOWED

    visitor.submit()
    assert visitor.answer.json == {"refused": "not-allowed"}


def test_another_account_can_be_used_where_the_first_has_no_access(front, visitor):
    visitor.open(front.ask()).submit(username=DORA, password=PASSWORD).submit(otp=front.code())

    visitor.submit("Use another account")
    assert visitor.title == "Sign in"
    visitor.submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    assert visitor.answer.json["account"] == front.account_ids[ANN]


def test_not_you_begins_anew_with_another_account(front, visitor):
    visitor.open(front.ask()).submit(username=DORA, password=PASSWORD)

    visitor.submit("Not you?")
    assert visitor.title == "Sign in"
    assert visitor.field("username").get("value") in (None, "")


def test_going_back_tells_the_application(front, visitor):
    visitor.open(front.ask()).submit("Back to Wiki")

    assert visitor.answer.json == {"refused": "cancelled"}


def test_consent_says_what_leaves_and_asks_once(front, ann):
    ann.open(front.ask(asks=("email", "groups", "offline_access")))
    assert ann.title == "Share with Wiki?"
    assert ANN in ann.text
    assert "Engineering, Research" in ann.text
    assert "while you are away" in ann.text
    ann.submit()
    assert ann.answer.json["account"] == front.account_ids[ANN]

    ann.open(front.ask(asks=("email", "groups")))
    assert ann.answer.json["account"] == front.account_ids[ANN]
    ann.open(front.ask(asks=("email", "profile")))
    assert ann.title == "Share with Wiki?", "something new is asked for"


def test_consent_can_be_denied(front, ann):
    ann.open(front.ask(asks=("email",))).submit("Do not share")

    assert ann.answer.json == {"refused": "cancelled"}


def test_what_the_release_policy_withholds_is_not_shown_as_shared(front, ann):
    ann.open(front.ask(asks=("given_name",)))

    assert "Ann Archer" not in ann.page.xpath("string(//ul[@class='receives'])")


def test_two_tabs_do_not_disturb_each_other(front, visitor):
    one, other = front.ask("Wiki"), front.ask("Payroll")
    visitor.open(one).submit(username=ANN, password=PASSWORD)
    assert visitor.open(other).title == "Sign in"
    visitor.submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    assert visitor.answer.json["account"] == front.account_ids[ANN]

    visitor.open(one)
    assert visitor.answer.json["account"] == front.account_ids[ANN], "the other tab goes on by the session"


def test_a_form_sent_twice_is_taken_once(front, visitor):
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD)
    asked, token, code = visitor.path, visitor.field("csrf_token").get("value"), front.code()

    visitor.submit(otp=code)
    again = visitor.client.post(f"{asked}/code", data={"csrf_token": token, "otp": code})

    assert again.status_code == 400
    assert "finished already" in again.text


@pytest.mark.both_databases
@pytest.mark.parametrize("step", ["password", "code"])
def test_the_same_form_twice_at_the_same_moment_is_no_error(front, visitor, step):
    """A double click: both answers lead on, and what was proven counts once."""
    visitor.open(front.ask())
    data = {"username": ANN, "password": PASSWORD}
    if step == "code":
        visitor.submit(**data)
        data = {"otp": front.code()}
    data["csrf_token"] = visitor.field("csrf_token").get("value")
    asked = visitor.path
    together = Barrier(2)

    def send(_):
        client = front.app.test_client()
        client.set_cookie("ostiary_browser", visitor.client.get_cookie("ostiary_browser").value)
        together.wait()
        return client.post(f"{asked}/{step}", data=data)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, range(2)))

    assert [(a.status_code, a.headers["Location"]) for a in answers] == [(303, asked)] * 2
    visitor.open(asked)
    if step == "code":
        assert visitor.answer.json["account"] == front.account_ids[ANN]
    else:
        assert visitor.title == "Second step"


@pytest.mark.parametrize("step", ["password", "code", "enrol", "consent", "cancel", "restart"])
def test_loading_the_address_of_a_form_shows_what_comes_next(front, visitor, step):
    visitor.open(f"{front.ask()}/{step}")

    assert visitor.title == "Sign in"


def test_an_expired_sign_on_offers_to_start_again_at_the_application(front, visitor):
    visitor.open(front.ask())
    front.later(minutes=11)
    visitor.submit(username=ANN, password=PASSWORD)

    assert visitor.status == 400
    assert visitor.title == "This sign-in is over"
    assert visitor.page.xpath("//main//a/@href") == ["https://wiki.acme.example/login"]
    assert "Start again at Wiki" in visitor.text
    assert "Reference: att_" in visitor.text


def test_a_lost_answer_is_made_up_for_by_loading_the_page_again(front, visitor):
    """A worker that dies after the commit: the session's cookie never arrived, the sign-on goes on."""
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD)
    asked = visitor.path
    form = {"csrf_token": visitor.field("csrf_token").get("value"), "otp": front.code()}
    visitor.client.post(f"{asked}/code", data=form)
    visitor.client.delete_cookie("ostiary_session")

    visitor.open(asked)
    assert visitor.answer.json["account"] == front.account_ids[ANN]
