"""A person's own account: password, second step, sessions, and what they share."""

import pytest

from idp.directory import policies, queries
from idp.signon import session
from idp.signon.factors import totp
from tests.support.front import ANN, BEN, PASSWORD
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in

BETTER = "another wall behind 9"


def again(ann, front):
    """Prove the password once more, where the page asks for it."""
    assert ann.title == "Sign in"
    assert ann.field("username").get("value") == ANN
    front.later(seconds=30)
    return ann.submit(username=ANN, password=PASSWORD).submit(otp=front.code())


def test_the_profile_shows_what_the_organization_knows(ann):
    ann.open("/account")

    for known in ("ann@acme.example", "Ann Archer", "Engineering, Research"):
        assert known in ann.text


def test_a_changed_password_ends_every_other_session_and_keeps_this_one(front, ann):
    elsewhere = Visitor(front.app.test_client())
    front.later(seconds=30)
    elsewhere.open("/").submit(username=ANN, password=PASSWORD).submit(otp=front.code())

    ann.open("/account/password").submit(current_password=PASSWORD, new_password=BETTER)

    assert ann.path == "/account/signing-in"
    assert "Your password is changed" in ann.text
    assert elsewhere.open("/").title == "Sign in"
    elsewhere.submit(username=ANN, password=PASSWORD)
    assert elsewhere.status == 422
    elsewhere.submit(username=ANN, password=BETTER)
    assert elsewhere.title == "Second step"


@pytest.mark.parametrize(
    ("current", "new", "why"),
    [
        ("wrong", BETTER, "The current password is not right."),
        (PASSWORD, "short", "Use at least 12 characters."),
        (PASSWORD, "ann@acme.example", "Do not use your name"),
        (PASSWORD, "x" * 300, "Use at most 256 characters."),
        (PASSWORD, "", "Use at least 12 characters."),
    ],
)
def test_a_password_that_is_not_changed_says_why_beside_the_field(front, ann, current, new, why):
    ann.open("/account/password").submit(current_password=current, new_password=new)

    assert ann.status == 422
    wrong = ann.page.xpath("//input[@aria-invalid='true']")[0]
    reason = ann.page.get_element_by_id(wrong.get("aria-describedby").split()[0])
    assert why in reason.text_content()
    fresh = Visitor(front.app.test_client())
    assert fresh.open("/").submit(username=ANN, password=PASSWORD).title == "Second step"


def test_a4_guessing_the_current_password_is_throttled_like_signing_in(ann):
    """A4: the same counter; in the lane of a known device."""
    ann.open("/account/password")
    for _ in range(11):
        ann.submit(current_password="wrong", new_password=BETTER)

    assert ann.status == 429


def test_an_authenticator_is_added_and_works(front, ann):
    ann.open("/account/authenticators/new")
    secret = ann.page.xpath("//*[@data-copy]/@data-copy")[0]
    ann.submit(otp="000000", name="Work phone")
    assert ann.status == 422
    assert ann.field("name").get("value") == "Work phone"

    ann.submit(otp=front.code(secret), name="Work phone")
    assert "The authenticator is added." in ann.text
    assert "Work phone" in ann.text
    fresh = Visitor(front.app.test_client())
    front.later(seconds=30)
    fresh.open("/").submit(username=ANN, password=PASSWORD).submit(otp=front.code(secret))
    assert fresh.path == "/"


def test_the_last_authenticator_stays_where_the_organization_requires_one(front, ann):
    ann.open("/account/signing-in")
    assert not ann.page.xpath("//a[contains(@href, '/remove')]")
    factor_id = _first_factor(front)

    ann.open(f"/account/authenticators/{factor_id}/remove").submit()
    assert ann.status == 409
    assert "Add another one first." in ann.text


def test_an_authenticator_can_be_removed_where_it_may(front, ann):
    with front.work() as work:
        policies.set_second_step(work, "acme", "optional")
    ann.open("/account/signing-in").follow("Remove")
    assert ann.title == "Remove “Phone”?"
    assert "your password alone signs you in" in ann.text

    ann.submit()
    assert "The authenticator is removed." in ann.text
    fresh = Visitor(front.app.test_client())
    assert fresh.open("/").submit(username=ANN, password=PASSWORD).path == "/"


def test_a24_removing_an_authenticator_ends_every_other_sign_on(front, ann):
    front.later(minutes=1)
    elsewhere = signed_in(front)
    with front.work() as work:
        policies.set_second_step(work, "acme", "optional")

    ann.open("/account/signing-in").follow("Remove").submit()

    assert "signed out everywhere but here" in ann.text
    assert elsewhere.open("/account").title == "Sign in"


def _first_factor(front):
    with front.work() as work:
        return totp.factors(work, front.organization_id, front.account_ids[ANN])[0].id


def test_a20_new_recovery_codes_end_the_old_ones(front, ann):
    """A20: regenerate kills old."""
    first = _make_codes(ann)
    second = _make_codes(ann)
    assert len(set(first) | set(second)) == 20

    fresh = Visitor(front.app.test_client())
    fresh.open("/").submit(username=ANN, password=PASSWORD).follow("Use a recovery code")
    assert fresh.submit(recovery_code=first[0]).status == 422
    assert fresh.submit(recovery_code=second[0]).path == "/"


def test_recovery_codes_as_a_file_are_plain_text(front, ann):
    with front.work() as work:
        queries.organization(work, "acme").name = "Acme & Söhne"
    _make_codes(ann)
    file = ann.client.get("/account/recovery-codes.txt")

    assert file.mimetype == "text/plain"
    assert file.text.startswith("Recovery codes for Acme & Söhne\n")


def test_recovery_codes_are_shown_once(ann):
    codes = _make_codes(ann)
    assert codes[0] in ann.open("/account/recovery-codes").text
    assert codes[0] in ann.client.get("/account/recovery-codes.txt").text

    ann.submit("I have kept them").open("/account/recovery-codes")
    assert codes[0] not in ann.text
    assert ann.client.get("/account/recovery-codes.txt").status_code == 404


def _make_codes(ann):
    ann.open("/account/recovery-codes")
    if ann.page.xpath("//ol[@class='codes']"):
        ann.submit("I have kept them").open("/account/recovery-codes")
    ann.submit("Make ten new codes")
    return ann.page.xpath("//ol[@class='codes']/li/text()")


@pytest.mark.parametrize("path", ["/account/authenticators/new", "/account/recovery-codes"])
def test_a11_what_is_sensitive_asks_for_the_password_after_five_minutes(front, ann, path):
    """A11: a browser left open changes no credentials; afterwards one is where one wanted to be."""
    front.later(minutes=6)
    ann.open(path)

    again(ann, front)
    assert ann.path == path
    assert ann.status == 200


def test_a11_removing_comes_back_to_the_same_authenticator(front, ann):
    """A11: what the address named is not lost on the way."""
    path = f"/account/authenticators/{_first_factor(front)}/remove"
    front.later(minutes=6)
    ann.open(path)

    again(ann, front)
    assert ann.path == path


@pytest.mark.parametrize("path", ["/account/authenticators/new", "/account/recovery-codes"])
def test_a11_a_form_left_open_for_too_long_changes_nothing(front, ann, path):
    """A11: the proof is asked for at the change, not at the page."""
    ann.open(path)
    token = ann.field("csrf_token").get("value")
    front.later(minutes=6)
    answer = ann.client.post(path, data={"csrf_token": token, "otp": "000000"})

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/signin/")


def test_sessions_are_told_apart_and_ended(front, ann):
    token = front.sign_in_elsewhere(
        ANN, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "203.0.113.9"
    )
    other = Visitor(front.app.test_client())
    other.client.set_cookie("ostiary_session", token)
    ann.open("/account/devices")
    assert "Firefox on Windows" in ann.text
    assert "from 203.0.113.9" in ann.text
    assert "this browser" in ann.text

    ann.submit("End")
    assert "That session is ended." in ann.text
    assert other.open("/signout").title == "You are signed out"
    assert ann.open("/").path == "/"


def test_all_other_sessions_end_at_once(front, ann):
    for number in range(3):
        front.sign_in_elsewhere(ANN, "", f"203.0.113.{number}")

    ann.open("/account/devices").submit("End all others")
    assert len(ann.page.xpath("//section[@aria-labelledby='sessions']//li")) == 1


def test_nobody_ends_the_session_of_somebody_else(front, ann):
    front.sign_in_elsewhere(BEN, "", "203.0.113.5")
    with front.work() as work:
        theirs = session.sessions(work, front.organization_id, front.account_ids[BEN])[0].id
    token = ann.open("/account/password").field("csrf_token").get("value")

    assert ann.client.post(f"/account/sessions/{theirs}/end", data={"csrf_token": token}).status_code == 404
    with front.work() as work:
        assert session.alive(work, front.organization_id, theirs)


def test_what_was_agreed_to_can_be_taken_back(front, ann):
    ann.open(front.ask(asks=("email",))).submit()
    ann.open("/account/applications")
    assert "your e-mail address" in ann.page.xpath("string(//section[@aria-labelledby='consents'])")

    ann.submit("Take back")
    assert "will have to ask you again" in ann.text
    assert ann.open(front.ask(asks=("email",))).title == "Share with Wiki?"


def test_signing_out_asks_once_and_is_honest(front, ann):
    ann.open(front.ask())
    ann.open("/signout")
    assert ann.title == "Sign out?"
    ann.submit()

    assert ann.title == "You are signed out here"
    assert "Wiki" in ann.text
    assert "cannot be told" in ann.text
    assert "Not every application has confirmed" in ann.text
    assert ann.open(ann.path).title == "You are signed out here", "a reload says the same"
    assert ann.open("/signout/done").title == "You are signed out"
    assert ann.open("/").title == "Sign in"


def test_a15_looking_at_the_sign_out_page_signs_nobody_out(ann):
    """A15: GET changes nothing."""
    ann.open("/signout").open("/")

    assert ann.path == "/"
    assert ann.title == "Your applications"
