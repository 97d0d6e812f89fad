"""Signing in under attack: guesses, replays, skipped steps, foreign browsers, long input."""

import re

import pytest

from idp.directory import history, policies
from idp.policy.signon import Strength
from idp.signon.models import PendingSignOn
from tests.support.front import ANN, BEN, CLEO, PASSWORD
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (ANN, "wrong"),
        ("nobody@acme.example", PASSWORD),
        (CLEO, PASSWORD),
        (CLEO, "wrong"),
        ("no address", "x"),
        ("", ""),
    ],
    ids=["wrong password", "nobody", "disabled", "disabled and wrong", "no address", "empty"],
)
def test_a1_every_failure_looks_the_same(front, visitor, email, password):
    """A1: same status, same words, same page, whoever it is."""
    visitor.open(front.ask()).submit(username=email, password=password)
    first = _without_what_is_typed(visitor, email)

    other = Visitor(front.app.test_client())
    other.open(front.ask()).submit(username="somebody@acme.example", password="else")

    assert visitor.status == other.status == 422
    assert first == _without_what_is_typed(other, "somebody@acme.example")
    assert visitor.alert.startswith("E-mail address and password do not match.")


def _without_what_is_typed(visitor, email):
    text = re.sub(r"sgn_[\w-]+|att_[0-9a-z]{28}|[0-9a-f]{64}", "", visitor.answer.text)
    return re.sub(r' value="[^"]*"', "", text).replace(email, "") if email else re.sub(r' value="[^"]*"', "", text)


def test_a6_after_five_wrong_passwords_the_page_says_how_long_to_wait(front, visitor):
    """A6: a delay, not a lock; and an unknown address is told the same."""
    visitor.open(front.ask())
    for _ in range(6):
        visitor.submit(username=ANN, password="wrong")
    assert visitor.status == 429
    assert visitor.answer.headers["Retry-After"] == "1"
    assert "Wait 1 second, then try again." in visitor.alert

    visitor.submit(username=ANN, password=PASSWORD)
    assert visitor.status == 429
    front.later(seconds=2)
    visitor.submit(username=ANN, password=PASSWORD)
    assert visitor.title == "Second step"


def test_a7_a_code_is_not_taken_twice(front, visitor):
    """A7: the same time step again is a wrong code, in another browser too."""
    signed_in(front)
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD).submit(otp=front.code())

    assert visitor.status == 422
    assert "Codes change every 30 seconds" in visitor.alert


def test_a20_a_recovery_code_stands_in_for_the_phone_once(front, visitor):
    """A20: single use."""
    visitor.open(front.ask()).submit(username=BEN, password=PASSWORD)
    visitor.submit(otp=front.code(visitor.page.xpath("//*[@data-copy]/@data-copy")[0]))
    code = visitor.page.xpath("//ol[@class='codes']/li/text()")[0]

    second = Visitor(front.app.test_client())
    second.open(front.ask()).submit(username=BEN, password=PASSWORD).follow("Use a recovery code")
    second.submit(recovery_code="  " + code.upper().replace("-", " "))
    assert second.answer.json["methods"] == ["pwd", "recovery"]

    third = Visitor(front.app.test_client())
    third.open(front.ask()).submit(username=BEN, password=PASSWORD).follow("Use a recovery code")
    third.submit(recovery_code=code)
    assert third.status == 422
    assert "none of your unused recovery codes" in third.alert


def test_a20_a_recovery_code_is_no_first_step(front, visitor):
    """A20, A10: the page of recovery codes is not there before the password."""
    asked = front.ask()
    visitor.open(f"{asked}/recovery")

    assert visitor.title == "Sign in"


@pytest.mark.parametrize("step", ["password", "code", "enrol", "consent", "recovery"])
@pytest.mark.parametrize("typed", [{}, {"otp": "000000"}, {"recovery_code": "x"}])
def test_a10_no_step_can_be_skipped(front, visitor, step, typed):
    """A10: with the first step proven, nothing but the second leads on."""
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD)
    asked = visitor.path
    token = visitor.field("csrf_token").get("value")

    visitor.client.post(f"{asked}/{step}", data={"csrf_token": token, **typed})

    assert visitor.open(asked).title == "Second step"
    assert visitor.open("/").title in ("Sign in", "Which organization?")
    assert visitor.open(f"/asked/resume/{asked.rsplit('/', 1)[1]}").title == "This sign-in is over"


def test_a12_another_browser_cannot_go_on(front, visitor):
    """A12: a handle that was begun elsewhere is nothing in this browser."""
    asked = front.ask()
    Visitor(front.app.test_client()).open(asked)

    visitor.open(asked)
    assert visitor.status == 400
    assert "another browser" in visitor.text


def test_a12_the_session_cookie_is_new_at_every_authentication(front, visitor):
    """A12: no session survives its own proof."""
    visitor.open("/").submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    before = visitor.client.get_cookie("ostiary_session").value
    front.later(seconds=30)
    visitor.open(front.ask(force=True)).submit(username=ANN, password=PASSWORD).submit(otp=front.code())

    assert visitor.client.get_cookie("ostiary_session").value != before


def test_a11_a_session_of_an_hour_sets_up_no_second_step(front, visitor):
    """A11: whoever finds Ben's browser open cannot enrol a phone of their own."""
    with front.work() as work:
        policies.set_second_step(work, "acme", "optional")
    visitor.open("/").submit(username=BEN, password=PASSWORD)
    assert visitor.path == "/"
    front.later(minutes=6)

    visitor.open(front.ask(asked=Strength.SECOND_STEP))
    assert visitor.title == "Sign in"
    visitor.submit(username=BEN, password=PASSWORD)
    assert visitor.title == "Add a second step"


def test_a26_long_input_is_refused_and_not_computed_with(front, visitor):
    """A26: what is too long is a wrong password like any other."""
    visitor.open(front.ask()).submit(username="a" * 400 + "@acme.example", password="\u0301" * 5000)
    assert visitor.status == 422
    assert len(visitor.field("username").get("value")) == 320

    answer = visitor.client.post(f"{visitor.path.rsplit('/', 1)[0]}/password", data={"password": "x" * 70000})
    assert answer.status_code == 413


def test_a9_no_answer_holds_a_secret_that_was_not_to_be_shown(front, visitor):
    """A9: neither the authenticator's secret nor any code is in a page after it was set up."""
    visitor.open(front.ask()).submit(username=BEN, password=PASSWORD)
    secret = visitor.page.xpath("//*[@data-copy]/@data-copy")[0]
    visitor.submit(otp=front.code(secret)).submit()
    visitor.open("/").open("/account")

    assert secret not in visitor.answer.text
    assert f"secret={secret}" not in visitor.answer.text


def test_nothing_that_was_typed_is_stored_with_the_attempt(front, visitor):
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD).submit(otp=front.code())

    with front.work() as work:
        stored = repr([a.__dict__ for a in history.attempts(work)])
        pending = repr([p.__dict__ for p in work.tx.session.query(PendingSignOn)])
    assert PASSWORD not in stored + pending
    assert front.code() not in stored + pending


def test_i4_the_forms_of_a_sign_on_may_lead_to_its_application_and_nowhere_else(front, visitor):
    """I4: form-action is computed; browsers hold redirects after a form to it."""
    visitor.open(front.ask())

    policy = visitor.answer.headers["Content-Security-Policy"]
    assert "form-action 'self' https://wiki.acme.example;" in policy


def test_i7_every_redirect_after_a_form_is_a_303(front, visitor):
    """I7: a password is never sent on."""
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD).submit(otp=front.code())

    assert {a.status_code for a in visitor.visited if 300 <= a.status_code < 400} == {303}
