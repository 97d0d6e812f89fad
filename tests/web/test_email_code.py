"""A9: a code by e-mail goes to the account's own address, is in no answer, and is good in one sign-on of one browser."""

import re
import threading

import pytest

from idp.directory import policies
from idp.directory.models import Account
from idp.signon.models import OneTimeValue, SignOnSession
from tests.support.front import ANN, BEN, PASSWORD
from tests.support.visitor import Visitor


@pytest.fixture(autouse=True)
def _allowed(front):
    with front.work() as work:
        policy = policies.default_policy(work, front.organization_id)
        policy.methods = [*policy.methods, "email-code"]


def at_the_door(front, email=BEN, path="") -> Visitor:
    """Somebody who has proven their password, and is asked for the second step."""
    return Visitor(front.app.test_client()).open(path or "/").submit(username=email, password=PASSWORD)


def code_of(front) -> str:
    """The code in the one mail that went out."""
    [mail] = front.mails()
    return re.search(r"^ +(\d{6})$", mail.text, re.M).group(1)


def test_whoever_has_no_other_second_step_signs_in_with_a_code_by_mail(front):
    visitor = at_the_door(front)
    assert "weakest second step" in visitor.text
    assert front.mails() == [], "a page that is looked at sends nothing"

    visitor.submit("Send me a code")
    [mail] = front.mails()
    assert (mail.to, mail.links) == (BEN, [])
    visitor.submit(email_code=re.search(r"\d{6}", mail.text).group())

    assert visitor.title == "Your applications"
    with front.work() as work:
        [session] = work.tx.session.query(SignOnSession)
        assert [proof["method"] for proof in session.methods] == ["pwd", "email-code"]


def test_it_is_off_unless_a_policy_allows_it(front):
    with front.work() as work:
        policy = policies.default_policy(work, front.organization_id)
        policy.methods = [method for method in policy.methods if method != "email-code"]
    visitor = at_the_door(front)

    assert visitor.title == "Add a second step"
    visitor.open(f"{visitor.path}/email-code")
    assert visitor.title == "Add a second step"
    form = {"csrf_token": visitor.field("csrf_token").get("value")}
    visitor.client.post(f"{visitor.path}/email-code/send", data=form)
    assert front.mails() == []


def test_it_is_not_what_an_application_demands(front):
    """Weak second steps are attested to nobody."""
    from idp.policy.signon import Strength

    visitor = at_the_door(front, path=front.ask(asked=Strength.SECOND_STEP))

    visitor.submit("Send me a code").submit(email_code=code_of(front))

    assert visitor.title == "Add a second step"


def test_a9_the_code_is_in_no_answer_and_in_no_table(front):
    visitor = at_the_door(front)
    visitor.submit("Send me a code")
    from sqlalchemy import inspect, text

    from idp.base.models import OutboxMessage

    with front.work() as work:
        assert set(work.tx.session.query(OutboxMessage).filter_by(kind="mail").one().content) == {"sealed"}
    with front.database.engine.connect() as connection:
        stored = "".join(
            str(connection.execute(text(f"SELECT * FROM {table}")).all())
            for table in inspect(connection).get_table_names()
        )
    code = code_of(front)
    visitor.submit(email_code="000000" if code != "000000" else "111111")
    visitor.submit(email_code=code)

    assert not re.search(rf"\b{code}\b", stored)
    for answer in visitor.visited:
        assert not re.search(rf"(?<!\d){code}(?!\d)", answer.text + str(answer.headers)), answer.request.path


def test_a9_nobody_names_the_address_that_it_goes_to(front):
    visitor = at_the_door(front)

    override = {
        "email": "eve@evil.example",
        "to": "eve@evil.example",
        "username": "eve@evil.example",
        "recipient": "x@y.z",
    }
    visitor.submit("Send me a code", **override)

    assert [mail.to for mail in front.mails()] == [BEN]


def test_a_code_is_good_once(front):
    visitor = at_the_door(front).submit("Send me a code")
    code = code_of(front)
    other = at_the_door(front)
    visitor.submit(email_code=code)
    assert visitor.title == "Your applications"

    other.submit("Send me a code")
    assert "did not match" in other.submit(email_code=code).alert


def test_a_code_of_another_sign_on_is_wrong(front):
    one, other = at_the_door(front).submit("Send me a code"), at_the_door(front)
    code = code_of(front)
    other.submit("Send me a code")
    front.mails()

    assert "did not match" in other.submit(email_code=code).alert
    assert one.submit(email_code=code).title == "Your applications"


def test_a_code_of_another_browser_opens_nothing(front):
    """The address of the sign-on and the code are not enough: the browser is part of both."""
    visitor = at_the_door(front).submit("Send me a code")
    code, handle = code_of(front), visitor.path.split("/")[2]
    thief = Visitor(front.app.test_client()).open("/")
    form = {"csrf_token": thief.field("csrf_token").get("value"), "email_code": code}

    answer = thief.client.post(f"/signin/{handle}/email-code", data=form)

    assert answer.status_code == 400
    assert "another browser" in answer.text


def test_a_newer_code_ends_the_older(front):
    visitor = at_the_door(front).submit("Send me a code")
    older = code_of(front)
    visitor.submit("Send another code")
    newer = code_of(front)
    if older == newer:
        return

    assert "did not match" in visitor.submit(email_code=older).alert
    assert visitor.submit(email_code=newer).title == "Your applications"


def test_a_code_is_good_for_ten_minutes_and_not_for_a_changed_address(front):
    visitor = at_the_door(front).submit("Send me a code")
    code = code_of(front)
    with front.work() as work:
        row = work.tx.session.query(OneTimeValue).filter_by(purpose="email-code").one()
        assert (row.expires_at - row.created_at).total_seconds() == 600
        account = work.tx.session.get_one(Account, (front.organization_id, front.account_ids[BEN]))
        account.email = account.email_key = "ben.baker@acme.example"

    assert "did not match" in visitor.submit(email_code=code).alert


def test_a8_five_tries_in_one_sign_on(front):
    visitor = at_the_door(front).submit("Send me a code")
    code = code_of(front)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert visitor.submit(email_code=wrong).status == 422

    visitor.submit(email_code=code)

    assert visitor.status == 429


def test_codes_are_sent_three_times_in_one_sign_on(front):
    visitor = at_the_door(front).submit("Send me a code")
    for _ in range(2):
        assert visitor.submit("Send another code").status == 200

    assert visitor.submit("Send another code").status == 429
    assert len(front.mails()) == 3


def test_a10_only_whoever_has_proven_the_password_is_mailed_a_code(front):
    visitor = Visitor(front.app.test_client()).open("/")
    form = {"csrf_token": visitor.field("csrf_token").get("value"), "email_code": "000000"}

    for path in ("/email-code/send", "/email-code"):
        answer = visitor.client.post(f"{visitor.path}{path}", data=form)
        assert answer.headers["Location"] == visitor.path
    assert front.mails() == []


def test_guessing_at_it_does_not_stop_an_authenticator(front):
    visitor = at_the_door(front, ANN).follow("Get a code by e-mail").submit("Send me a code")
    for _ in range(5):
        visitor.submit(email_code="x")
    visitor.submit(email_code="x")
    assert visitor.status == 429

    visitor.follow("Use your authenticator app").submit(otp=front.code())

    assert visitor.title == "Your applications"


@pytest.mark.both_databases
def test_of_many_parallel_uses_one_wins(front):
    from idp.settings import ThrottlingSettings
    from idp.signon.factors import email_code
    from idp.signon.factors.totp import Right
    from idp.signon.models import PendingSignOn

    at_the_door(front).submit("Send me a code")
    code, start, outcomes = code_of(front), threading.Barrier(5), []

    def use():
        start.wait()
        with front.work() as work:
            row = work.tx.session.query(PendingSignOn).one()
            account = work.tx.session.get_one(Account, (front.organization_id, front.account_ids[BEN]))
            outcomes.append(email_code.verify(work, account, row, code, ThrottlingSettings()))

    threads = [threading.Thread(target=use) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count(Right()) == 1
