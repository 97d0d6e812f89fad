"""A new password on the pages: the score while it is typed, and the page that asks for one in a sign-on."""

import hashlib
import logging

import pytest
import structlog

from idp.directory import policies
from idp.policy import blocklist, passwords
from idp.signon import administered_password, breached
from idp.signon.factors import password as password_
from idp.signon.models import Password
from idp.web import new_password
from tests.support.front import ANN, BEN, PASSWORD
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in

NEW = "velvet anchor rope 41"
BREACHED = "iloveyou123456789"


@pytest.fixture(autouse=True)
def _unpaced(monkeypatch):
    monkeypatch.setattr(new_password, "_pace", new_password._Pace())


def demand(front, email=ANN, **how):
    with front.work() as work:
        administered_password.require_new_password(work, email, **how)


def change_policy(front, **wanted):
    with front.work() as work:
        policy = policies.default_policy(work, front.organization_id)
        for name, value in wanted.items():
            setattr(policy, name, value)


def give_breached(front, email=ANN):
    """The password was chosen before it was on the list."""
    with front.work() as work:
        row = work.tx.session.get_one(Password, (front.organization_id, front.account_ids[email]))
        row.hash = password_.hash_of(work.tx.vault, BREACHED)


def due(front, email=ANN):
    with front.work() as work:
        return work.tx.session.get_one(Password, (front.organization_id, front.account_ids[email])).must_change


def to_the_page(front, visitor, typed=PASSWORD):
    visitor.open(front.ask()).submit(username=ANN, password=typed)
    return visitor.submit(otp=front.code())


# In a sign-on


def test_who_must_choose_a_new_password_does_so_after_the_second_step_and_goes_on(front, visitor):
    demand(front)
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD)
    assert visitor.title == "Second step"
    visitor.submit(otp=front.code())
    assert visitor.title == "Choose a new password"
    assert "An administrator of Acme Global" in visitor.text

    visitor.submit(new_password=NEW)

    assert visitor.answer.json["methods"] == ["otp", "pwd"]
    assert due(front) == ""
    again = Visitor(front.app.test_client()).open(front.ask()).submit(username=ANN, password=NEW)
    assert again.title == "Second step"


def test_there_is_no_session_before_the_new_password(front, visitor):
    demand(front)
    to_the_page(front, visitor)

    assert visitor.open("/account").title == "Sign in"
    visitor.open("/")
    assert visitor.title == "Sign in"


def test_the_page_cannot_be_walked_around(front, visitor):
    """Leaving it, loading it anew, answering it from elsewhere: it comes again, and no answer goes out."""
    demand(front)
    to_the_page(front, visitor)
    here = visitor.path

    for path in (here, f"{here}/new-password", f"{here}/code", f"{here}/enrol"):
        assert visitor.open(path).title == "Choose a new password"
    assert visitor.open(here.replace("/signin/", "/asked/resume/")).status == 400
    assert visitor.open(front.ask("Payroll")).title == "Sign in"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("short", "at least 12 characters"),
        (PASSWORD, passwords.USED_BEFORE),
        (BREACHED, passwords.BREACHED),
        ("Ann Archer 2030", passwords.ABOUT_YOU),
        ("x" * 5000, "at most 256"),
        ("", "at least 12 characters"),
    ],
)
def test_a_password_that_cannot_be_taken_changes_nothing_and_says_why(front, visitor, typed, sentence):
    demand(front)
    to_the_page(front, visitor).submit(new_password=typed)

    assert visitor.status == 422
    assert sentence in visitor.text
    assert visitor.alert.startswith("Your password is not changed.")
    assert due(front) == "reset"
    assert visitor.field("new_password").get("value") is None


def test_a24_sessions_elsewhere_end_with_the_new_password(front, visitor):
    elsewhere = signed_in(front)
    demand(front)
    front.later(minutes=1)
    to_the_page(front, visitor)
    assert elsewhere.open("/account").title == "Your account"

    visitor.submit(new_password=NEW)

    assert visitor.status == 200
    assert elsewhere.open("/account").title == "Sign in"


def test_who_steps_up_with_a_session_goes_on_in_a_new_one(front, ann):
    demand(front)
    front.later(minutes=1)
    ann.open(front.ask("Payroll", force=True)).submit(username=ANN, password=PASSWORD)
    while ann.title == "Second step":
        ann.submit(otp=front.code())
    assert ann.title == "Choose a new password"
    ann.submit(new_password=NEW)
    front.later(minutes=1)
    while ann.answer.is_json is False and ann.title == "Second step":
        ann.submit(otp=front.code())

    assert ann.answer.json["account"] == front.account_ids[ANN]
    assert ann.open("/account").title == "Your account"


def test_sessions_that_are_there_are_not_locked_out(front, ann):
    demand(front)

    assert ann.open("/account").title == "Your account"
    ann.open(front.ask("Payroll"))
    assert ann.answer.json["account"] == front.account_ids[ANN]


def test_a_breached_password_lets_in_and_a_new_one_is_asked_for(front, visitor):
    give_breached(front)
    to_the_page(front, visitor, BREACHED)

    assert visitor.title == "Choose a new password"
    assert "lists that attackers use" in visitor.text
    assert due(front) == "breached"
    visitor.submit(new_password=BREACHED)
    assert visitor.status == 422
    visitor.submit(new_password=NEW)
    assert visitor.answer.json["account"] == front.account_ids[ANN]


def test_a_wrong_password_that_is_listed_says_nothing_of_the_right_one(front, visitor):
    visitor.open(front.ask()).submit(username=ANN, password=BREACHED)

    assert visitor.title == "Sign in"
    assert due(front) == ""


def test_an_expired_password_lets_in_and_a_new_one_is_asked_for(front, visitor):
    change_policy(front, password_maximum_days=90)
    front.later(days=89)
    to_the_page(front, visitor)
    assert visitor.answer.json["account"] == front.account_ids[ANN]

    front.later(days=2)
    late = to_the_page(front, Visitor(front.app.test_client()))
    assert late.title == "Choose a new password"
    assert "asks for a new password from time to time" in late.text
    assert late.submit(new_password=NEW).answer.json["account"] == front.account_ids[ANN]


def test_the_account_page_warns_two_weeks_ahead_and_not_before(front):
    words = "asks for a new password by"
    assert words not in signed_in(front).open("/account").text
    change_policy(front, password_maximum_days=90)
    front.later(days=75)
    assert words not in signed_in(front).open("/account").text
    front.later(days=2)
    assert words in signed_in(front).open("/account").text


def test_sent_twice_at_once_one_is_taken_and_both_go_on(front, visitor):
    demand(front)
    to_the_page(front, visitor)
    action = visitor.page.xpath("//form[contains(@action, 'new-password')]")[0].get("action")
    token = visitor.field("csrf_token").get("value")
    form = {"csrf_token": token, "new_password": NEW}

    first = visitor.client.post(action, data=form)
    second = visitor.client.post(action, data={**form, "new_password": NEW + "2"})

    assert (first.status_code, second.status_code) == (303, 303)
    assert Visitor(front.app.test_client()).open(front.ask()).submit(username=ANN, password=NEW).title == "Second step"


def test_another_browser_cannot_set_the_new_password(front, visitor):
    demand(front)
    to_the_page(front, visitor)
    action = visitor.page.xpath("//form[contains(@action, 'new-password')]")[0].get("action")
    mallory = Visitor(front.app.test_client())
    mallory.open(front.ask())
    token = mallory.field("csrf_token").get("value")

    answer = mallory.client.post(action, data={"csrf_token": token, "new_password": NEW})

    assert answer.status_code == 400
    assert due(front) == "reset"


# While it is typed


def ask(visitor, typed, path="/account/password/score", **form):
    token = visitor.field("csrf_token").get("value")
    return visitor.client.post(path, data={"csrf_token": token, "new_password": typed, **form})


def test_the_account_page_says_how_hard_a_password_is_to_guess(front, ann):
    ann.open("/account/password")

    good, bad = ask(ann, NEW), ask(ann, "acme")

    assert good.json == {"score": 4, "label": "Very strong.", "reasons": []}
    assert bad.json["score"] == 0
    assert bad.json["label"] == "Very weak."
    assert len(bad.json["reasons"]) == 2
    assert good.headers["Cache-Control"] == "no-store"


def test_the_page_of_a_sign_on_says_it_too_and_only_that_page(front, visitor):
    visitor.open(front.ask())
    path = f"{visitor.path}/new-password/score"
    assert ask(visitor, NEW, path).status_code == 303
    demand(front)
    to_the_page(front, visitor)

    assert ask(visitor, NEW, f"{visitor.path}/new-password/score").json["score"] == 4


def test_i5_without_the_form_token_nothing_is_judged(front, ann, visitor):
    assert ann.client.post("/account/password/score", data={"new_password": NEW}).status_code == 403
    visitor.open(front.ask())
    assert ask(visitor, NEW).status_code == 303


def test_who_asks_too_often_waits(front, ann):
    ann.open("/account/password")
    answers = [ask(ann, "x").status_code for _ in range(new_password._MOST_PER_MINUTE + 2)]

    assert answers[-3:] == [200, 429, 429]


def test_a26_a_megabyte_is_judged_at_once(front, ann):
    import time

    ann.open("/account/password")
    before = time.process_time()
    assert ask(ann, "a\u0301" * 100_000).status_code in (200, 413)
    assert ask(ann, "ab" * 10_000).json["reasons"] == ["Use at most 256 characters."]

    assert time.process_time() - before < 0.5


def test_without_scripts_the_server_judges_what_was_sent(front, ann):
    ann.open("/account/password").submit(current_password=PASSWORD, new_password=BREACHED)

    assert ann.status == 422
    assert passwords.BREACHED in ann.text
    assert ann.page.xpath("//*[@data-score]/@hidden")


def test_q5_nothing_of_a_password_or_its_key_is_logged(front, visitor, caplog, capfd):
    """T18: neither what was typed nor a prefix of its hashes leaves for a log, whatever happens to it."""
    caplog.set_level(logging.DEBUG)
    give_breached(front)
    with structlog.testing.capture_logs() as lines:
        visitor.open(front.ask()).submit(username=ANN, password="wrong " + NEW)
        to_the_page(front, visitor, BREACHED)
        ask(visitor, NEW, f"{visitor.path}/new-password/score")
        visitor.submit(new_password="short")
        visitor.submit(new_password=NEW)
        visitor.open("/account/password").submit(current_password="wrong " + NEW, new_password=NEW)
    written = str(lines) + caplog.text + "".join(capfd.readouterr())

    assert "/new-password" in written, "the requests were logged"
    for typed in (NEW, BREACHED):
        assert typed not in written
        for key in (blocklist.key_of(typed), blocklist.sha1_key_of(typed), hashlib.sha256(typed.encode()).digest()):
            assert key[:4].hex() not in written.lower()


def test_the_server_does_not_start_with_a_damaged_list(front, tmp_path):
    from idp.app import create
    from idp.settings import PasswordsSettings, Settings

    damaged = tmp_path / "list.bin"
    damaged.write_bytes(blocklist.SHIPPED.read_bytes()[:-8])
    try:
        with pytest.raises(blocklist.BlocklistFault):
            create(Settings(passwords=PasswordsSettings(blocklist=damaged)), database=front.database)
    finally:
        breached.choose(None)


def test_who_has_no_second_step_needs_fifteen_characters_where_none_is_required(front, visitor):
    change_policy(front, second_step="optional")
    demand(front, BEN)
    visitor.open(front.ask()).submit(username=BEN, password=PASSWORD)
    assert "At least 15 characters" in visitor.text

    visitor.submit(new_password="velvet oak cup")
    assert visitor.status == 422
    visitor.submit(new_password="velvet oak rope")
    assert visitor.answer.json["methods"] == ["pwd"]
