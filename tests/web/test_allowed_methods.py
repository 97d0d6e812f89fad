"""What a policy does not allow is not offered, not taken, and counts no more where it was taken before."""

import pytest

from idp.directory import accounts, authentication_policy_changes, policy_members
from idp.directory.models import Account
from idp.signon.factors import recovery
from tests.support.front import ANN, BEN, PASSWORD
from tests.web.conftest import signed_in


def allow(front, *methods, **changes):
    with front.work() as work:
        authentication_policy_changes.edit(work, "acme", None, {"methods": list(methods), **changes})


def test_a_session_by_a_method_that_was_forbidden_since_is_asked_again(front, ann):
    assert ann.open("/account").title == "Your account"

    allow(front, "passkey", "temporary-pass")

    for page in ("/account", "/", front.ask()):
        assert ann.open(page).title == "Sign in"


def test_a_right_password_that_is_not_allowed_signs_nobody_in_and_says_why(front, visitor):
    allow(front, "passkey", "temporary-pass")

    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD)

    assert visitor.title == "Sign in"
    assert "does not use passwords for you" in visitor.alert
    visitor.submit(username=ANN, password="wrong")
    assert "do not match" in visitor.alert


def test_a_second_step_that_is_not_allowed_is_not_asked_for(front, visitor):
    with front.work() as work:
        recovery.make(work, work.tx.session.get_one(Account, (front.organization_id, front.account_ids[ANN])))
    allow(front, "pwd", "recovery", second_step="optional")

    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD)

    assert visitor.field("recovery_code") is not None
    assert "authenticator" not in visitor.text
    visitor.open(f"{visitor.path}/authenticator")
    assert visitor.field("recovery_code") is not None


def test_setting_up_offers_only_what_is_allowed(front, visitor):
    allow(front, "pwd", "otp")

    visitor.open(front.ask()).submit(username=BEN, password=PASSWORD)
    secret = "".join(visitor.page.xpath("string(//*[@data-copy]/@data-copy)").split())
    visitor.submit(otp=front.code(secret))

    assert visitor.answer.json["methods"] == ["pwd", "otp"]  # and no recovery codes were shown on the way
    with front.work() as work:
        assert recovery.left(work, front.organization_id, front.account_ids[BEN]) == 0


def test_the_account_page_hides_what_is_not_allowed_and_its_forms_are_refused(front, ann):
    assert "Recovery codes" in ann.open("/account/signing-in").text
    allow(front, "pwd", "security-key", second_step="optional")
    ann = signed_in_by_password(front)

    text = ann.open("/account/signing-in").text
    assert "Recovery codes" not in text
    assert "Phone" not in text
    assert "Add an authenticator" not in text
    assert "Change password" in text
    token = ann.open("/account/devices").page.xpath("//input[@name='csrf_token']/@value")[0]
    for path in ("/account/recovery-codes", "/account/authenticators/new"):
        answer = ann.client.post(path, data={"csrf_token": token, "otp": front.code()})
        assert "does not use this way" in answer.text


def signed_in_by_password(front):
    from tests.support.visitor import Visitor

    one = Visitor(front.app.test_client())
    one.open("/").submit(username=ANN, password=PASSWORD)
    assert one.path == "/"
    return one


def test_a_tightened_second_step_is_asked_of_the_sessions_that_there_are(front):
    with front.work() as work:
        authentication_policy_changes.edit(work, "acme", None, {"second_step": "off"})
    ann = signed_in_by_password(front)
    front.later(minutes=6)

    with front.work() as work:
        authentication_policy_changes.create(work, "acme", "Strict")
        policy_members.move(work, "acme", [ANN], "Strict")

    for page in ("/", "/account", front.ask()):
        assert ann.open(page).title == "Second step"
    ann.submit(otp=front.code())
    assert ann.answer.json["account"] == front.account_ids[ANN]


def test_a_form_of_a_session_that_does_not_suffice_any_more_does_nothing(front):
    with front.work() as work:
        authentication_policy_changes.edit(work, "acme", None, {"second_step": "off"})
    ann = signed_in_by_password(front)
    other = signed_in_by_password(front)
    ann.open("/account/devices")
    token = ann.page.xpath("//input[@name='csrf_token']/@value")[0]
    with front.work() as work:
        authentication_policy_changes.edit(work, "acme", None, {"second_step": "required"})

    answer = ann.client.post("/account/sessions/end-others", data={"csrf_token": token})

    assert answer.status_code == 303
    assert other.open("/").title == "Second step"  # it lives, and is asked


def test_the_length_of_sessions_counts_from_the_next_sign_in(front, ann):
    with front.work() as work:
        authentication_policy_changes.edit(work, "acme", None, {"session_idle_seconds": 600})
    front.later(minutes=30)
    assert ann.open("/").path == "/"

    later = signed_in(front)
    front.later(minutes=9)
    assert later.open("/").path == "/"
    front.later(minutes=11)
    assert later.open("/").title == "Sign in"


@pytest.mark.parametrize("kind", ["guest", "break-glass"])
def test_a_kind_is_judged_by_its_own_policy(front, visitor, kind):
    with front.work() as work:
        authentication_policy_changes.edit(work, "acme", None, {"second_step": "off"})
        accounts.enable(work, "cleo@acme.example")
        policy_members.set_kind(work, "cleo@acme.example", kind)

    visitor.open(front.ask()).submit(username="cleo@acme.example", password=PASSWORD)

    assert visitor.title == "Add a second step"
