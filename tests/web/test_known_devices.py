"""Devices that are known and remembered, through the pages (A6, A23)."""

import pytest

from idp.directory import accounts, policies
from idp.directory.models import Account
from idp.policy.signon import Strength
from idp.signon import devices
from idp.signon.factors import password, recovery, totp
from idp.signon.models import KnownDevice, SignIn, SignOnSession
from tests.support.front import ANN, BEN, PASSWORD
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in

COOKIE = "ostiary_devices"
ASKS = "Do not ask for the second step on this device for 30 days"


def _remembered(front) -> Visitor:
    """Ann in a browser that she asked to be remembered, signed out."""
    one = Visitor(front.app.test_client())
    one.open("/").submit(username=ANN, password=PASSWORD)
    one.submit(otp=front.code(), remember_device="yes")
    assert one.path == "/"
    one.client.delete_cookie("ostiary_session")
    front.later(minutes=1)
    return one


def _cookie(one):
    held = one.client.get_cookie(COOKIE)
    return None if held is None else held.value


def _set_policy(front, **values):
    with front.work() as work:
        policy = policies.default_policy(work, front.organization_id)
        for name, value in values.items():
            setattr(policy, name, value)


def test_the_second_step_is_not_asked_for_on_a_device_that_is_remembered(front):
    one = _remembered(front)

    one.open(front.ask()).submit(username=ANN, password=PASSWORD)

    assert one.answer.json["account"] == front.account_ids[ANN]
    assert one.answer.json["methods"] == ["pwd", "known-device"]


def test_whoever_did_not_ask_for_it_is_asked_again(front, ann):
    assert _cookie(ann)
    ann.client.delete_cookie("ostiary_session")
    front.later(minutes=1)

    ann.open(front.ask()).submit(username=ANN, password=PASSWORD)

    assert ann.title == "Second step"


def test_a23_the_password_is_asked_for_all_the_same(front):
    one = _remembered(front)

    assert one.open(front.ask()).title == "Sign in"
    assert one.submit(username=ANN, password="wrong").status == 422


def test_a23_the_cookie_is_out_of_reach_lives_a_year_and_is_new_at_every_sign_in(front, visitor):
    visitor.open("/").submit(username=ANN, password=PASSWORD)
    assert _cookie(visitor) is None, "before the sign-in is complete nothing is known"
    visitor.submit(otp=front.code())

    set_ = [
        header
        for answer in visitor.visited
        for header in answer.headers.getlist("Set-Cookie")
        if header.startswith(COOKIE)
    ]
    assert len(set_) == 1
    assert "HttpOnly" in set_[0]
    assert "SameSite=Lax" in set_[0]
    assert "Max-Age=31536000" in set_[0]
    assert "Path=/" in set_[0]

    before = _cookie(visitor)
    visitor.client.delete_cookie("ostiary_session")
    front.later(minutes=1)
    visitor.open("/").submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    assert _cookie(visitor) not in (before, None)


def test_the_cookie_is_secure_and_of_this_host_alone_over_https(front):
    app = type(front)(front.database, base_url="https://id.acme.example").app
    one = Visitor(app.test_client(), headers={"Host": "id.acme.example"})
    one.client.environ_base["wsgi.url_scheme"] = "https"
    one.open("/").submit(username=ANN, password=PASSWORD).submit(otp=front.code())

    headers = [h for answer in one.visited for h in answer.headers.getlist("Set-Cookie")]
    (held,) = [header for header in headers if header.startswith(f"__Host-{COOKIE}=")]
    assert "; Secure" in held
    assert "Domain" not in held


@pytest.mark.parametrize(
    "change",
    ["password", "factor", "epoch", "forgotten", "days lowered", "days 0", "time", "cookie", "old cookie"],
)
def test_a23_it_ends_with(front, change):
    """A23: one good value, then one change at a time."""
    one = _remembered(front)
    password_ = PASSWORD
    former = _cookie(one)
    with front.work() as work:
        where = {"organization_id": front.organization_id}
        if change == "password":
            password_ = PASSWORD + " eight"
            password.set_password(work, front.account_ids[ANN], password_, **where)
        elif change == "factor":
            totp.add(work, front.account_ids[ANN], b"y" * 20, name="Tablet", **where)
            tablet = totp.factors(work, front.organization_id, front.account_ids[ANN])[1]
            totp.remove(work, front.account_ids[ANN], tablet.id, keep_one=True, **where)
        elif change == "epoch":
            accounts.bump_epoch(work, front.organization_id, front.account_ids[ANN])
        elif change == "forgotten":
            work.tx.session.query(KnownDevice).update({"revoked_at": front.now})
    if change == "days lowered":
        _set_policy(front, known_device_days=1)
        front.later(days=1)
    elif change == "days 0":
        _set_policy(front, known_device_days=0)
    elif change == "time":
        front.later(days=30)
    elif change == "cookie":
        one.client.set_cookie(COOKIE, former[:-1] + ("A" if former[-1] != "A" else "B"))
    elif change == "old cookie":
        assert one.open("/").submit(username=ANN, password=PASSWORD).path == "/"
        one.client.delete_cookie("ostiary_session")
        one.client.set_cookie(COOKIE, former)
        front.later(minutes=1)

    one.open(front.ask()).submit(username=ANN, password=password_)

    assert one.title == "Second step"


def test_a23_a_disabled_account_does_not_come_back_with_it(front):
    one = _remembered(front)
    with front.work() as work:
        accounts.disable(work, ANN)
    assert one.open(front.ask()).submit(username=ANN, password=PASSWORD).status == 422
    with front.work() as work:
        accounts.enable(work, ANN)

    assert one.open(front.ask()).submit(username=ANN, password=PASSWORD).title == "Second step"


def test_a23_it_satisfies_no_demand_of_an_application(front):
    one = _remembered(front)

    one.open(front.ask(asked=Strength.SECOND_STEP)).submit(username=ANN, password=PASSWORD)

    assert one.title == "Second step"
    one.submit(otp=front.code())
    assert one.answer.json["methods"].count("otp") == 1


def test_a11_it_lets_nobody_change_how_one_signs_in(front):
    """A11: what is sensitive asks for a second step that was proven, not remembered."""
    one = _remembered(front)
    one.open("/").submit(username=ANN, password=PASSWORD)
    assert one.path == "/"

    assert one.open("/account/authenticators/new").title == "Sign in"
    assert one.submit(username=ANN, password=PASSWORD).title == "Second step"
    assert one.submit(otp=front.code()).title == "Add an authenticator"


@pytest.mark.parametrize(("days", "shown"), [(30, ASKS), (1, "on this device for 1 day"), (0, "")])
def test_the_box_names_the_days_of_the_policy(front, visitor, days, shown):
    _set_policy(front, known_device_days=days)
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD)

    assert (shown in visitor.text) if shown else ("on this device" not in visitor.text)
    if not shown:
        visitor.submit(otp=front.code(), remember_device="yes")
        with front.work() as work:
            assert work.tx.session.query(KnownDevice).one().remembered_until is None


def test_the_box_is_on_the_page_of_recovery_codes_too(front, visitor):
    with front.work() as work:
        codes = recovery.make(work, work.tx.session.get_one(Account, (front.organization_id, front.account_ids[ANN])))
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD).follow("Use a recovery code")
    assert ASKS in visitor.text

    visitor.submit(recovery_code=codes[0], remember_device="yes")
    visitor.client.delete_cookie("ostiary_session")
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD)
    assert visitor.answer.json["methods"] == ["pwd", "known-device"]


def test_a_box_that_would_help_with_nothing_is_not_shown(front, visitor):
    """Where only the application asks for the second step, remembering the device would spare nobody anything."""
    _set_policy(front, second_step="off")
    visitor.open(front.ask(asked=Strength.SECOND_STEP)).submit(username=ANN, password=PASSWORD)

    assert visitor.title == "Second step"
    assert ASKS not in visitor.text


def test_a_device_that_one_person_uses_is_not_remembered_for_the_next(front):
    one = _remembered(front)
    with front.work() as work:
        totp.add(work, front.account_ids[BEN], b"z" * 20, organization_id=front.organization_id, name="Phone")

    one.open(front.ask()).submit(username=BEN, password=PASSWORD)

    assert one.title == "Second step"


def test_the_account_page_lists_the_devices_and_forgets_one(front, ann):
    front.later(minutes=1)
    other = _remembered(front)
    ann.open("/account/devices")
    assert ann.text.count("Last seen") == 2
    assert "No second step until" in ann.text

    with front.work() as work:
        there = work.tx.session.query(KnownDevice).filter(KnownDevice.remembered_until.is_not(None)).one().id
    button = ann.page.xpath(f"//form[contains(@action, '{there}')]")[0]
    ann._followed(ann.client.post(button.get("action"), data={"csrf_token": ann.field("csrf_token").get("value")}))

    assert "That device is forgotten." in ann.text
    assert ann.text.count("Last seen") == 1
    assert other.open(front.ask()).submit(username=ANN, password=PASSWORD).title == "Second step"


def test_forgetting_all_ends_the_sign_ons_elsewhere_and_keeps_this_one(front, ann):
    front.later(minutes=1)
    elsewhere = signed_in(front)
    ann.open("/account/devices").submit("Forget all")

    assert "All devices are forgotten." in ann.text
    assert ann.open("/").title == "Your applications"
    assert elsewhere.open("/").title == "Sign in"


def test_a23_nobody_forgets_a_device_of_somebody_else(front, ann):
    with front.work() as work:
        account = front.account_ids[BEN]
        device_id = devices.note(work, front.organization_id, account, epoch=1, proofs=()).device_id
    ann.open("/account/devices")
    token = ann.field("csrf_token").get("value")

    assert ann.client.post(f"/account/devices/{device_id}/forget", data={"csrf_token": token}).status_code == 404
    with front.work() as work:
        assert work.tx.session.get_one(KnownDevice, (front.organization_id, device_id)).revoked_at is None


def test_the_history_says_when_where_and_with_what(front, visitor):
    visitor.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit Chrome/140.0 Safari/537.36"
    visitor.open("/").submit(username=ANN, password="wrong").submit(username=ANN, password=PASSWORD)
    visitor.submit(otp="000000").submit(otp=front.code())

    visitor.open("/account/devices").follow("Sign-in history")

    rows = [" ".join(row.text_content().split()) for row in visitor.page.xpath("//main//section//li")]
    assert len(rows) == 3
    assert "this browser" in rows[0]
    assert "With: password, authenticator app" in rows[0]
    assert "Chrome on Linux" in rows[0]
    assert "127.0.0.1" in rows[0]
    assert "Tried: authenticator app failed" in rows[1]
    assert "Tried: password failed" in rows[2]
    assert "a device that does not know you" in rows[2]


def test_the_history_is_ones_own(front, ann):
    with front.work() as work:
        work.tx.session.query(SignIn).update({"account_id": front.account_ids[BEN]})

    assert "None so far." in ann.open("/account/history").text


def test_a6_waiting_is_nothing_for_the_history(front, visitor):
    for _ in range(20):
        visitor.open(front.ask()).submit(username=ANN, password="wrong")

    with front.work() as work:
        assert work.tx.session.query(SignIn).count() == 5
        assert {row.outcome for row in work.tx.session.query(SignIn)} == {"failed"}


def test_a1_a_try_of_an_unknown_address_is_nobodys_history(front, visitor):
    visitor.open(front.ask()).submit(username="nobody@acme.example", password="wrong")

    with front.work() as work:
        assert work.tx.session.query(SignIn).count() == 0


def test_a_session_knows_its_device_and_the_sign_in_both(front, ann):
    with front.work() as work:
        device = work.tx.session.query(KnownDevice).one()
        assert work.tx.session.query(SignOnSession).one().device_id == device.id
        sign_in = work.tx.session.query(SignIn).one()
        assert (sign_in.device_id, sign_in.outcome) == (device.id, "succeeded")
        assert sign_in.attempt_id.startswith("att_")
