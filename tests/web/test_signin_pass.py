"""Signing in with a temporary access pass: in place of the password, as second step, and never as a lasting factor."""

import re
from datetime import timedelta

import pytest

from idp.directory import accounts, policies
from idp.policy.signon import Method, Strength
from idp.signon import resetting
from idp.signon.factors import temporary_pass
from tests.support.front import ANN, BEN, CLEO, DORA, PASSWORD
from tests.support.visitor import Visitor

LINK = "Use a temporary access pass"


def _pass(front, email, **values):
    with front.work() as work:
        return temporary_pass.make(work, email, **values)[1]


def _second_step(front, value):
    with front.work() as work:
        policies.default_policy(work, front.organization_id).second_step = value


def test_it_stands_in_for_password_and_second_step(front, visitor):
    given = _pass(front, ANN)

    visitor.open(front.ask()).follow(LINK)
    assert visitor.title == "Sign in with a pass"
    visitor.submit(username=ANN, **{"pass": given})

    assert visitor.answer.json["account"] == front.account_ids[ANN]
    assert visitor.answer.json["methods"] == ["temporary-pass"]


def test_it_satisfies_an_application_that_asks_for_a_second_step(front, visitor):
    visitor.open(front.ask(asked=Strength.SECOND_STEP)).follow(LINK).submit(username=ANN, **{"pass": _pass(front, ANN)})

    assert visitor.answer.json["methods"] == ["temporary-pass"]


def test_it_works_once(front, visitor):
    given = _pass(front, ANN)
    visitor.open(front.ask()).follow(LINK).submit(username=ANN, **{"pass": given})

    second = Visitor(front.app.test_client())
    second.open(front.ask()).follow(LINK).submit(username=ANN, **{"pass": given})

    assert second.status == 422
    assert second.alert.startswith("This temporary pass does not let you in.")


def test_whoever_must_have_a_second_step_sets_one_up_before_there_is_a_session(front, visitor):
    """No path ends in a session with less than the policy asks."""
    visitor.open(front.ask()).follow(LINK).submit(username=BEN, **{"pass": _pass(front, BEN)})
    asked = visitor.path
    assert visitor.title == "Add a second step"
    assert visitor.client.get_cookie("ostiary_session") is None
    assert visitor.open("/").title == "Sign in"

    visitor.open(asked)
    visitor.submit(otp=front.code(visitor.page.xpath("//*[@data-copy]/@data-copy")[0]))
    assert visitor.title == "Keep your recovery codes"
    visitor.submit()

    assert visitor.answer.json["methods"] == ["temporary-pass", "otp"]


def test_whoever_need_not_have_one_is_signed_in(front, visitor):
    _second_step(front, "optional")

    visitor.open(front.ask()).follow(LINK).submit(username=BEN, **{"pass": _pass(front, BEN)})

    assert visitor.answer.json["methods"] == ["temporary-pass"]


def test_a_pass_that_is_not_used_makes_nobody_prove_more(front, visitor):
    """It is no second step that somebody has."""
    _second_step(front, "optional")
    _pass(front, BEN)

    visitor.open(front.ask()).submit(username=BEN, password=PASSWORD)

    assert visitor.answer.json["methods"] == ["pwd"]


def test_it_is_a_second_step_beside_the_password(front, visitor):
    given = _pass(front, ANN)
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD).follow(LINK)
    assert visitor.title == "Second step"
    assert "on this device" not in visitor.text, "it is lent, so that no device is remembered by it"

    visitor.submit(**{"pass": given})

    assert visitor.answer.json["methods"] == ["pwd", "temporary-pass"]


def test_a_wrong_one_as_second_step_is_wrong(front, visitor):
    _pass(front, ANN)
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD).follow(LINK).submit(**{"pass": "nonsense"})

    assert visitor.status == 422
    assert visitor.alert.startswith("This temporary pass does not let you in.")


def test_a10_without_one_there_is_no_such_second_step(front, visitor):
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD)
    asked = visitor.path
    assert LINK not in visitor.text

    assert visitor.open(f"{asked}/pass").title == "Second step"
    assert "authenticator app" in visitor.text
    visitor.client.post(
        f"{asked}/pass", data={"csrf_token": visitor.field("csrf_token").get("value"), "username": ANN, "pass": "x"}
    )
    assert visitor.open(asked).title == "Second step"


@pytest.mark.parametrize(
    ("email", "typed"),
    [
        (ANN, "0000-0000-0000-0000-0000-0000"),
        (ANN, "of ben"),
        (CLEO, "own"),
        ("nobody@acme.example", "own"),
        ("no address", "own"),
        ("", ""),
        (ANN, "x" * 5000),
        (DORA, "not allowed"),
    ],
    ids=["wrong", "of another", "disabled", "nobody", "no address", "empty", "long", "policy"],
)
def test_a1_every_failure_looks_the_same(front, visitor, email, typed):
    """A1: same status, same words, same page, whoever it is; and no right pass is used up by it."""
    with front.work() as work:
        accounts.enable(work, CLEO)
    passes = {"of ben": _pass(front, BEN), "own": _pass(front, CLEO), "not allowed": _pass(front, DORA)}
    with front.work() as work:
        accounts.disable(work, CLEO)
        if email == DORA:
            policies.default_policy(work, front.organization_id).methods = [Method.PASSWORD.value, Method.TOTP.value]
    visitor.open(front.ask()).follow(LINK).submit(username=email, **{"pass": passes.get(typed, typed)})

    other = Visitor(front.app.test_client())
    other.open(front.ask()).follow(LINK).submit(username="somebody@acme.example", **{"pass": "else"})

    assert visitor.status == other.status == 422
    assert _alike(visitor, email) == _alike(other, "somebody@acme.example")
    with front.work() as work:
        assert work.tx.session.query(temporary_pass.TemporaryPass).filter_by(used_at=None).count() == 3


def _alike(visitor, email):
    text = re.sub(r"sgn_[\w-]+|att_[0-9a-z]{28}|[0-9a-f]{64}", "", visitor.answer.text)
    text = re.sub(r' value="[^"]*"', "", text)
    return text.replace(email, "") if email else text


def test_a5_wrong_passes_are_slowed_by_network_and_wrong_passwords_do_not_stop_a_pass(front, visitor):
    """A6: an account whose password has been hammered takes its pass at once."""
    given = _pass(front, ANN)
    for _ in range(8):
        visitor.open(front.ask()).submit(username=ANN, password="wrong")
    assert visitor.status == 429

    other = Visitor(front.app.test_client())
    other.open(front.ask()).follow(LINK).submit(username=ANN, **{"pass": given})
    assert other.answer.json["account"] == front.account_ids[ANN]

    third = Visitor(front.app.test_client())
    third.open(front.ask()).follow(LINK)
    for _ in range(31):
        third.submit(username=ANN, **{"pass": "wrong"})
    assert third.status == 429
    assert int(third.answer.headers["Retry-After"]) > 0


def test_one_that_is_too_late_too_early_or_taken_back_is_wrong(front, visitor):
    late = _pass(front, ANN)
    front.later(hours=1)
    visitor.open(front.ask()).follow(LINK)
    assert visitor.submit(username=ANN, **{"pass": late}).status == 422

    early = _pass(front, ANN, valid_from=front.now + timedelta(minutes=2))
    assert visitor.submit(username=ANN, **{"pass": early}).status == 422
    front.later(minutes=3)
    with front.work() as work:
        temporary_pass.revoke(work, ANN)
    assert visitor.submit(username=ANN, **{"pass": early}).status == 422


def test_an_administrator_resets_what_was_lost_and_the_person_begins_anew(front, visitor):
    with front.work() as work:
        _, given = resetting.reset_factors(work, ANN)

    visitor.open(front.ask()).follow(LINK).submit(username=ANN, **{"pass": given})
    assert visitor.title == "Add a second step"
    visitor.submit(otp=front.code(visitor.page.xpath("//*[@data-copy]/@data-copy")[0])).submit()
    assert visitor.answer.json["account"] == front.account_ids[ANN]

    other = Visitor(front.app.test_client())
    other.open(front.ask()).submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    assert other.status == 422, "the authenticator that was lost opens nothing"


def test_a9_no_page_shows_a_pass(front, visitor):
    given = _pass(front, ANN)
    visitor.open(front.ask()).follow(LINK).submit(username="nobody@acme.example", **{"pass": given})

    assert all(given not in answer.text for answer in visitor.visited)


def test_a14_the_form_needs_its_token(front, visitor):
    visitor.open(front.ask()).follow(LINK)

    answer = visitor.client.post(f"{visitor.path}", data={"username": ANN, "pass": _pass(front, ANN)})

    assert answer.status_code == 403
    assert "Wiki" in answer.text, "and says where to begin anew"


def test_the_page_keeps_its_opener_like_every_page_of_a_sign_on(front, visitor):
    visitor.open(front.ask()).follow(LINK)

    assert visitor.answer.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
