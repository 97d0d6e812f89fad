"""RFC 8628: devices that have no browser, or no keyboard, and show a short code (O35)."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from idp.audit.attempts import Trail
from idp.base.ids import new_token
from idp.base.work import Origin
from idp.directory import applications
from idp.oidc import housekeeping
from idp.oidc.device import entering, user_codes
from idp.oidc.device.entering import Entered
from idp.oidc.models import Client, DeviceCode, Grant
from idp.settings import ThrottlingSettings
from idp.signon import consent
from idp.signon import session as session_
from idp.signon.lockout import Wait
from idp.signon.models import Participant
from tests.oidc.devices import ADDRESS, DEVICE_CODE, TELEVISION, Device, asking, television
from tests.oidc.support import ANN, BASE_URL, BEN, ISSUER, claims, reference
from tests.oidc.test_rfc9449_dpop import proof
from tests.oidc.test_standing import CHANGES
from tests.support.dpop import Holder
from tests.support.visitor import Visitor

LIMITS = ThrottlingSettings()


@pytest.fixture
def tv(place):
    return television(place)


@pytest.fixture
def device(place, tv):
    return Device(place, tv)


@pytest.fixture
def ann(place):
    """Ann, signed in, on the sofa before the television."""
    return Visitor(place.browser())


def stranger(place) -> Visitor:
    return Visitor(place.app.test_client())


def rows(place, model=DeviceCode):
    with place.work() as work:
        return list(work.tx.session.scalars(sa.select(model)))


# Registration (off by default)


def test_o35_only_clients_that_registered_it_may_ask(place, client):
    refused = asking(place, client, headers=client.basic, client_id=None)

    assert refused.status_code == 400
    assert refused.json["error"] == "unauthorized_client"
    assert DEVICE_CODE not in client.registration["grant_types"]
    assert place.token(client, grant_type=DEVICE_CODE, device_code="x").json["error"] == "unauthorized_client"


def test_a_client_may_be_registered_for_devices_only(place, tv, client):
    assert tv.registration["redirect_uris"] == tv.registration["response_types"] == []
    assert tv.registration["scope"] == client.registration["scope"], "it signs people on as others do"


def test_without_a_word_of_response_types_it_has_none(place):
    assert television(place, response_types=None).registration["response_types"] == []


def test_such_a_client_cannot_be_answered_in_a_browser(place, tv, browser):
    assert place.authorize(browser, tv).status_code == 400


def test_one_client_may_do_both(place, browser):
    both = place.register(grant_types=["authorization_code", "refresh_token", DEVICE_CODE])

    assert place.tokens(browser, both)
    assert asking(place, both, headers=both.basic, client_id=None).status_code == 200


def test_discovery_says_so(place):
    said = place.app.test_client().get("/sites/acme/.well-known/openid-configuration").json

    assert said["device_authorization_endpoint"] == f"{ISSUER}/oauth2/device_authorization"
    assert DEVICE_CODE in said["grant_types_supported"]


# Asking (sections 3.1, 3.2)


def test_a_device_is_told_what_to_show(place, tv):
    answer = asking(place, tv)

    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json) == {
        "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval",
    }  # fmt: skip
    assert re.fullmatch(r"dvc_[A-Za-z0-9_-]{43}", answer.json["device_code"]), "256 bits"
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", answer.json["user_code"])
    assert answer.json["verification_uri"] == f"{BASE_URL}/device"
    assert answer.json["verification_uri_complete"] == f"{BASE_URL}/device?user_code={answer.json['user_code']}"
    assert answer.json["expires_in"] <= 600
    assert answer.json["interval"] == 5


def test_o35_a_user_code_has_34_bits_and_no_pattern():
    made = {user_codes.new() for _ in range(2000)}

    assert len(user_codes.LETTERS) ** user_codes.LENGTH > 2**34
    assert len(made) == 2000
    assert {letter for code in made for letter in code} == set(user_codes.LETTERS)


def test_a_user_code_that_is_taken_is_not_given_twice(place, tv, monkeypatch):
    codes = iter(["BBBBBBBB", "BBBBBBBB", "BBBBBBBB", "CCCCCCCC"])
    monkeypatch.setattr(user_codes, "new", lambda: next(codes))

    assert [Device(place, tv).code for _ in range(2)] == ["BBBB-BBBB", "CCCC-CCCC"]


def test_when_no_code_is_free_it_says_to_come_later(place, tv, monkeypatch):
    monkeypatch.setattr(user_codes, "new", lambda: "BBBBBBBB")
    Device(place, tv)

    later = asking(place, tv)
    assert (later.status_code, later.json["error"]) == (503, "temporarily_unavailable")


def test_d10_no_code_is_kept_as_it_is(place, tv, ann):
    """Nor as a plain digest where that is undone by trying all of them."""
    device = Device(place, tv)
    device.shown_to(ann)
    with place.work() as work:
        tables = ("device_codes", "pending_sign_ons", "attempts", "audit_entries")
        kept = "".join(
            str(tuple(row)) for name in tables for row in work.tx.connection.exec_driver_sql(f"SELECT * FROM {name}")
        )
    from idp.base.ids import fingerprint

    bare = device.code.replace("-", "")
    for secret in (device.said["device_code"], device.code, bare, fingerprint(bare), fingerprint(device.code)):
        assert secret not in kept


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": None}, "invalid_scope"),
        ({"scope": "openid nonsense"}, "invalid_scope"),
        ({"scope": 'open"id'}, "invalid_scope"),
        ({"client_id": None}, "invalid_client"),
        ({"client_id": "cli_nobody"}, "invalid_client"),
        ({"client_secret": "x"}, "invalid_client"),
        ({"site": "acme-eu"}, "invalid_client"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused(place, tv, changes, error):
    assert asking(place, tv).status_code == 200

    refused = asking(place, tv, **changes)
    assert refused.status_code in (400, 401)
    assert refused.json["error"] == error
    assert len(rows(place)) == 1


def test_a_repeated_parameter_is_refused(place, tv):
    body = f"client_id={tv.client_id}&scope=openid&scope=email"
    refused = place.app.test_client().post(ADDRESS, data=body, content_type="application/x-www-form-urlencoded")

    assert refused.json["error"] == "invalid_request"


def test_a_confidential_client_proves_who_it_is(place):
    box = television(place, token_endpoint_auth_method="client_secret_basic")

    assert asking(place, box).status_code == 401
    assert asking(place, box, headers=box.basic, client_id=None).status_code == 200


def test_it_is_not_asked_by_get(place, tv):
    assert place.app.test_client().get(ADDRESS).status_code == 405


def test_i10_a_network_asks_so_many_times_a_minute(place, tv):
    few = place.app.extensions["ostiary"]
    place.app.extensions["ostiary"] = replace(
        few, settings=few.settings.model_copy(update={"throttling": ThrottlingSettings(sign_ons_per_minute=2)})
    )
    asked = [asking(place, tv) for _ in range(3)]

    assert [answer.status_code for answer in asked] == [200, 200, 429]
    assert asked[2].json["error"] == "invalid_request"
    assert asking(place, tv, ip="198.51.100.1").status_code == 200


# The code that is typed (section 3.3, 6.1)


@pytest.mark.parametrize(
    "typed",
    [
        "WDJB-MJHT",
        "wdjb-mjht",
        "WDJBMJHT",
        " wdjb mjht ",
        "W D J B M J H T",
        "WDJB–MJHT",
        "wdjb_mjht",
        "ＷＤＪＢ－ＭＪＨＴ",
        "WDJ8-MJHT",
        "w.d.j.b.m.j.h.t",
    ],
)
def test_a_code_is_forgiven_how_it_is_typed(typed):
    assert user_codes.canonical(typed) == "WDJBMJHT"


@pytest.mark.parametrize(
    "typed", ["", "-", "WDJB", "WDJB-MJHTX", "WDJB-MJHÄ", "W" * 65, "W-" * 9, "WDJB/MJHT", "ADJB-MJHT"]
)
def test_what_is_no_code_is_none(typed):
    assert user_codes.canonical(typed) is None


@pytest.mark.parametrize(("sign", "letter"), ["1L", "IL", "|L", "2Z", "5S", "6G", "8B", "0Q", "OQ", "UV", "YV"])
def test_look_alikes_stand_for_the_letter_that_they_look_like(sign, letter):
    assert user_codes.canonical(f"{sign}DJB-MJHT") == user_codes.canonical(f"{letter}DJB-MJHT")


def test_no_letter_of_a_code_is_taken_for_another():
    assert [user_codes.canonical(letter * 8) for letter in user_codes.LETTERS] == [c * 8 for c in user_codes.LETTERS]


# The road


def test_a_person_lets_a_device_in_and_it_gets_its_tokens(place, tv, device, ann):
    assert device.error() == "authorization_pending"

    ann.open("/device").submit(user_code=device.code)
    assert ann.title == "Share with Television?"
    ann.submit()
    assert ann.title == "Let this device in?"
    ann.submit("Let it in")
    assert ann.title == "The device is in"
    assert "Television" in ann.text

    place.later(seconds=5)
    answer = device.poll()
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json) == {
        "access_token", "token_type", "expires_in", "scope", "id_token", "refresh_token",
    }  # fmt: skip
    assert answer.json["scope"] == "openid profile email"
    assert place.userinfo(answer.json["access_token"]).json["email"] == ANN
    assert place.refresh(tv, answer.json["refresh_token"]).status_code == 200


def test_the_id_token_speaks_of_the_sign_on_and_not_of_the_poll(place, tv, device, ann):
    signed_in_at = int(place.now.timestamp())
    place.later(minutes=4)
    device.allowed_by(ann)
    place.later(minutes=1)
    said = claims(device.poll().json["id_token"])

    assert said["auth_time"] == signed_in_at
    assert said["iat"] == signed_in_at + 300
    assert (said["acr"], said["amr"]) == ("https://refeds.org/profile/mfa", ["otp", "pwd", "mfa"])
    assert said["aud"] == tv.client_id
    assert said["iss"] == ISSUER
    assert said["sid"] == place.session.id
    assert "nonce" not in said


def test_without_refresh_tokens_registered_there_is_none(place, ann):
    device = Device(place, television(place, grant_types=[DEVICE_CODE]))
    device.allowed_by(ann)

    assert "refresh_token" not in device.poll().json


def test_the_client_takes_part_in_the_session_and_is_told_when_it_ends(place, device, ann):
    device.allowed_by(ann)

    (joined,) = rows(place, Participant)
    assert joined.session_id == place.session.id
    assert joined.subject["sub"].startswith("sub_")


def test_what_was_granted_lives_as_long_as_the_session(place, device, ann):
    device.allowed_by(ann)
    (kept,) = rows(place, Grant)

    assert not kept.offline
    assert kept.expires_at == place.session.expires_at


def test_or_thirty_days_with_offline_access(place, tv, ann):
    device = Device(place, tv, scope="openid offline_access")
    device.allowed_by(ann)
    tokens = device.poll().json
    with place.work() as work:
        session_.end(work, place.account(work).organization_id, place.session.id, because="test")

    assert place.refresh(tv, tokens["refresh_token"]).status_code == 200


def test_everything_is_recorded(place, tv, device, ann):
    device.allowed_by(ann)
    device.poll()

    (allowed,), (signed_on,), (issued,) = (
        place.audited(tag) for tag in ("device.allowed", "application.signed-on", "token.issued")
    )
    assert allowed.actor_name == signed_on.actor_name == ANN
    assert allowed.details["device_ip"] == TELEVISION
    assert allowed.details["device_agent"] == "SmartTV/3"
    assert allowed.details["client_id"] == tv.client_id
    assert (issued.actor_kind, issued.details["grant_type"]) == ("client", DEVICE_CODE)
    assert [(a.kind, a.outcome) for a in place.attempts()] == [
        ("oidc.device", "succeeded"), ("oidc.device-sign-on", "succeeded"), ("oidc.token", "succeeded"),
    ]  # fmt: skip
    steps = {step["step"]: step for a in place.attempts() for step in a.steps}
    assert steps["user-code"]["device"] == steps["device"]["device"] == place.attempts()[0].id


def test_who_is_not_signed_in_is_asked_to_and_comes_back_to_the_question(place, device):
    visitor = stranger(place)
    visitor.open("/device").submit(user_code=device.code)

    assert visitor.title == "Sign in"
    assert "to continue to Television" in visitor.text


# What is asked (section 5.4)


def test_o35_a_link_with_the_code_only_fills_it_in(place, device, ann):
    link = urlsplit(device.said["verification_uri_complete"])
    ann.open(f"{link.path}?{link.query}")

    assert ann.title == "Connect a device"
    assert ann.field("user_code").get("value") == device.code
    assert device.error() == "authorization_pending"


def test_o35_the_question_is_asked_of_who_has_agreed_before_too(place, tv, ann):
    Device(place, tv).allowed_by(ann)
    second = Device(place, tv)
    ann.open("/device").submit(user_code=second.code)

    assert ann.title == "Let this device in?", "no consent is missing, and still"
    assert second.error() == "authorization_pending"


def test_o35_and_for_the_organizations_own_applications(place, ann):
    own = television(place, first_party=True, token_endpoint_auth_method="client_secret_basic")
    asked = asking(place, own, headers=own.basic, client_id=None).json
    ann.open("/device").submit(user_code=asked["user_code"])

    assert ann.title == "Let this device in?"


def test_o35_it_says_what_asks_from_where_and_since_when(place, tv, ann):
    device = Device(place, tv, agent="SmartTV/3 (x)")
    place.later(minutes=3)
    device.shown_to(ann)

    for words in (
        "Television",
        device.code,
        TELEVISION,
        "“SmartTV”",
        "3 minutes ago",
        "your name",
        "Ann Archer",
        f"your e-mail address {ANN}",
        "Only go on if you started this yourself, on a device that you have before you.",
    ):
        assert words in ann.text, words
    assert f"Signing in as {ANN}" in ann.text


@pytest.mark.parametrize(
    ("asked_from", "here", "warned"),
    [
        ("203.0.113.50", "203.0.113.50", False),
        ("203.0.113.50", "203.0.113.51", True),
        ("2001:db8:1::7", "2001:db8:1::8", False),
        ("2001:db8:1::7", "2001:db8:2::7", True),
        ("", "", True),
    ],
)
def test_o35_another_network_is_warned_of(place, tv, ann, asked_from, here, warned):
    device = Device(place, tv, ip=asked_from)
    ann.client.environ_base["REMOTE_ADDR"] = here
    device.shown_to(ann)

    assert ann.title == "Let this device in?"
    assert ("This device is in another network than you" in ann.text) is warned
    assert ("the network of this browser" in ann.text) is not warned


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("curl/8.5.0", "a program that calls itself “curl”"),
        ("Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/94.0", "Chrome on LG TV"),
        ("", "a device that does not say what it is"),
        ("Your own device, approved", "a program that calls itself “Your”"),
        ("<b>x</b>/1", "a device that does not say what it is"),
        ("x" * 400, "a device that does not say what it is"),
    ],
)
def test_what_a_device_calls_itself_is_said_in_a_word(place, tv, ann, agent, words):
    Device(place, tv, agent=agent).shown_to(ann)

    assert words in ann.text
    assert "approved" not in ann.text


def test_what_the_client_may_not_have_is_not_announced(place, ann):
    narrow = television(place, scope="openid email")
    Device(place, narrow, scope="openid profile email groups").shown_to(ann)

    assert "your e-mail address" in ann.text
    assert "your name" not in ann.text


# Deciding


def test_a_person_keeps_a_device_out(place, device, ann):
    device.shown_to(ann).submit("Keep it out")

    assert ann.title == "The device stays out"
    assert device.error() == "access_denied"
    assert rows(place, Grant) == []
    (denied,) = place.audited("device.denied")
    assert denied.actor_name == ANN
    assert {a.kind: a.outcome for a in place.attempts()} == {
        "oidc.device": "refused", "oidc.device-sign-on": "refused", "oidc.token": "refused",
    }  # fmt: skip


def test_whoever_does_not_share_keeps_it_out(place, device, ann):
    ann.open("/device").submit(user_code=device.code)
    ann.submit("Do not share")

    assert ann.title == "The device stays out"
    assert device.error() == "access_denied"


def test_who_may_not_open_the_application_cannot_let_it_in(place):
    closed = television(place, everyone=False)
    device = Device(place, closed)
    ben = Visitor(place.browser(BEN))
    ben.open("/device").submit(user_code=device.code)
    assert ben.title == "You have no access to Television"
    assert device.error() == "authorization_pending"

    ben.submit("Back to Television")
    assert ben.title == "The device stays out"
    place.later(seconds=5)
    assert device.error() == "access_denied"


def test_o35_a_form_without_its_token_decides_nothing(place, device, ann):
    device.shown_to(ann)
    for act in ("allow", "deny"):
        refused = ann.client.post(f"{ann.path}/{act}", data={"account_id": "x"})
        assert refused.status_code == 403
    assert ann.client.post("/device", data={"user_code": device.code}).status_code == 403
    assert device.error() == "authorization_pending"


def test_o35_another_browser_can_do_nothing_with_the_address(place, device, ann):
    device.shown_to(ann)
    other = Visitor(place.browser(BEN))
    other.client.set_cookie("ostiary_browser", "c" * 43)
    other.open("/device")
    token = other.field("csrf_token").get("value")

    assert other.client.get(ann.path).status_code == 400
    assert other.client.post(f"{ann.path}/allow", data={"csrf_token": token}).status_code == 400
    assert device.error() == "authorization_pending"


def test_o35_nothing_is_decided_by_get_or_head(place, device, ann):
    device.shown_to(ann)
    here = ann.path

    assert ann.client.head(here).status_code == 405
    for act in ("allow", "deny"):
        assert ann.client.get(f"{here}/{act}").headers["Location"] == here
    assert device.error() == "authorization_pending"


def test_o35_who_signed_in_meanwhile_does_not_decide_for_who_was_asked(place, device, ann):
    device.shown_to(ann)
    page = ann.path
    form = {i.get("name"): i.get("value") for i in ann.page.xpath("//form[contains(@action, '/allow')]//input")}
    with place.work() as work:
        account = place.account(work, BEN)
        consent.give(work, account.organization_id, account.id, device.client.application_id, ("profile", "email"))
    ben = Visitor(place.browser(BEN))

    ben._followed(ben.client.post(f"{page}/allow", data=form))
    assert ben.title == "Let this device in?"
    assert BEN in ben.text
    assert device.error() == "authorization_pending"


def test_a_sign_on_for_a_device_is_answered_once(place, device, ann):
    device.shown_to(ann)
    page, form = ann.path, {i.get("name"): i.get("value") for i in ann.page.xpath("//form[1]//input[@name]")}
    ann.submit("Let it in")

    again = ann.client.post(f"{page}/deny", data=form)
    assert again.status_code == 400
    assert device.poll().status_code == 200


def test_o9_a_sign_on_for_a_device_is_none_of_the_authorization_endpoint(place, tv, device, ann):
    device.shown_to(ann)
    handle = ann.path.rpartition("/")[2]

    assert ann.client.get(f"/sites/acme/oauth2/resume/{handle}").status_code == 400
    assert device.error() == "authorization_pending"


def test_o9_nor_is_one_of_the_authorization_endpoint_one_for_a_device(place, ann):
    third = place.register(first_party=False, client_name="Third")
    begun = place.authorize(ann.client, third).headers["Location"].rpartition("/")[2]

    assert ann.client.get(f"/device/{begun}").status_code == 400


def test_the_session_that_ended_meanwhile_must_be_begun_anew(place, device, ann):
    device.shown_to(ann)
    with place.work() as work:
        session_.end(work, place.account(work).organization_id, place.session.id, because="test")
    ann.submit("Let it in")

    assert ann.title == "Sign in"
    assert device.error() == "authorization_pending"


def test_a_code_that_ends_before_the_decision_is_said_to_be_over(place, tv, device, ann):
    place.later(minutes=5)
    device.shown_to(ann)
    page = ann.path
    place.later(minutes=5)
    ann.submit("Let it in")
    assert ann.title == "This code is over"
    assert rows(place, Grant) == []

    second = Device(place, tv)
    place.later(minutes=5)
    second.shown_to(ann)
    assert ann.path != page
    place.later(minutes=5)
    ann.open(ann.path)
    assert ann.title == "This code is over"


@pytest.mark.both_databases
def test_o35_o7_of_fifty_decisions_at_once_one_counts(place, tv):
    device, browser = Device(place, tv), place.browser()
    with place.work() as work:
        ann_ = place.account(work)
        consent.give(work, ann_.organization_id, ann_.id, tv.application_id, ("profile", "email"))
    cookies = {name: browser.get_cookie(name).value for name in ("ostiary_session", "ostiary_browser")}
    tabs = []
    for _ in range(50):
        one = place.app.test_client()
        for name, value in cookies.items():
            one.set_cookie(name, value)
        tabs.append(Visitor(one).open("/device").submit(user_code=device.code))
    assert {tab.title for tab in tabs} == {"Let this device in?"}

    with ThreadPoolExecutor(50) as threads:
        list(threads.map(lambda i: tabs[i].submit("Let it in" if i % 2 else "Keep it out"), range(50)))

    titles = [tab.title for tab in tabs]
    assert titles.count("This code is over") == 49, titles
    allowed = "The device is in" in titles
    assert len(rows(place, Grant)) == allowed
    assert len(place.audited("device.allowed")) == allowed
    assert len(place.audited("device.denied")) == (not allowed)
    assert (device.poll().status_code == 200) is allowed


# Guessing (section 5.1)


@pytest.mark.parametrize(
    "which", ["wrong", "no code", "expired", "allowed", "denied", "used", "client", "registration"]
)
def test_o35_wrong_late_and_used_codes_look_the_same(place, tv, ann, which):
    device = Device(place, tv)
    typed = device.code
    if which == "wrong":
        typed = "BBBB-BBBB"
    elif which == "no code":
        typed = "hello"
    elif which == "expired":
        place.later(minutes=10)
    elif which == "denied":
        device.shown_to(ann).submit("Keep it out")
    elif which == "client":
        with place.work() as work:
            applications.disable(work, tv.application_id)
    elif which == "registration":
        with place.work() as work:
            row = work.tx.session.scalars(sa.select(Client).where(Client.client_id == tv.client_id)).one()
            row.registration = {**row.registration, "grant_types": ["authorization_code"]}
    else:
        device.allowed_by(ann)
        if which == "used":
            assert device.poll().status_code == 200
    visitor = stranger(place).open("/device")
    visitor.submit(user_code=typed)

    assert visitor.status == 422
    assert "This code is not good, or no longer." in visitor.alert
    said = re.sub(r"att_\w+", "", visitor.text)
    assert said == re.sub(r"att_\w+", "", stranger(place).open("/device").submit(user_code="CCCC-CCCC").text)
    reference_ = visitor.page.xpath("string(//p[@class='reference']/code)")
    assert place.attempt(reference_).code == "wrong-user-code"
    assert place.attempt(reference_).cause not in visitor.text


def test_o35_a_browser_has_five_tries(place, device):
    visitor = stranger(place).open("/device")
    answers = [visitor.submit(user_code="BBBB-BBBB").status for _ in range(6)]
    assert answers == [422] * 5 + [429]
    assert visitor.answer.headers["Retry-After"] == "600"

    assert visitor.submit(user_code=device.code).status == 429, "the right one, too"
    place.later(minutes=9, seconds=59)
    assert visitor.submit(user_code=device.code).status == 429
    place.later(seconds=1)
    assert visitor.submit(user_code=Device(place, device.client).code).title == "Sign in"


def test_o35_a_code_of_ones_own_gives_no_new_tries(place, tv):
    visitor = stranger(place)
    for _ in range(4):
        visitor.open("/device").submit(user_code="BBBB-BBBB")
    visitor.open("/device").submit(user_code=Device(place, tv).code)
    assert visitor.title == "Sign in"

    tries = [visitor.open("/device").submit(user_code="BBBB-BBBB").status for _ in range(2)]
    assert tries == [422, 429]


def test_o35_ten_thousand_guesses_of_a_network_are_throttled(place, tv):
    """Each in a fresh browser, as fast as they come, for ten minutes: the time that a code lives."""
    device = Device(place, tv)
    looked, waited, right = 0, 0, 0
    with place.work() as operator:
        for number in range(10_000):
            work = replace(
                operator,
                now=place.now + timedelta(seconds=number * 0.059),
                origin=Origin("web", ip="198.51.100.66"),
            )
            typed = device.code if number == 9_999 else user_codes.new()
            found = entering.enter(
                work, BASE_URL, typed, session=None, browser=f"{number:043}", limits=LIMITS, trail=Trail(kind="x")
            )
            looked += not isinstance(found, Wait)
            waited += isinstance(found, Wait)
            right += isinstance(found, Entered)

    assert looked == 300, "thirty a minute"
    assert waited == 9_700
    assert right == 0
    assert looked / 20**8 < 2e-8


def test_o35_and_in_every_network_by_itself(place, device):
    few = place.app.extensions["ostiary"]
    place.app.extensions["ostiary"] = replace(
        few, settings=few.settings.model_copy(update={"throttling": ThrottlingSettings(address_per_minute=2)})
    )
    attacker = [stranger(place).open("/device").submit(user_code="BBBB-BBBB").status for _ in range(3)]
    visitor = stranger(place)
    visitor.client.environ_base["REMOTE_ADDR"] = "198.51.100.1"

    assert attacker == [422, 422, 429]
    assert visitor.open("/device").submit(user_code=device.code).title == "Sign in"


@pytest.mark.both_databases
def test_o35_guesses_at_the_same_moment_are_counted_each(place):
    visitor = stranger(place).open("/device")
    form = {"csrf_token": visitor.field("csrf_token").get("value"), "user_code": "BBBB-BBBB"}
    cookie = visitor.client.get_cookie("ostiary_browser").value

    def guess(_: int) -> int:
        one = place.app.test_client()
        one.set_cookie("ostiary_browser", cookie)
        return one.post("/device", data=form).status_code

    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(guess, range(20)))
    assert found.count(422) <= 5
    assert set(found) <= {422, 429}


# Polling and redeeming (sections 3.4, 3.5)


def test_a_device_that_asks_too_often_is_slowed_down_each_time(place, device):
    assert device.error() == "authorization_pending"
    place.later(seconds=4.999)
    assert device.error() == "slow_down"
    place.later(seconds=9.999)
    assert device.error() == "slow_down", "ten from now on"
    place.later(seconds=14.999)
    assert device.error() == "slow_down"
    place.later(seconds=20)
    assert device.error() == "authorization_pending"
    place.later(seconds=20)
    assert device.error() == "authorization_pending"
    assert [row.interval_seconds for row in rows(place)] == [20]


def test_once_it_is_let_in_it_need_not_wait(place, device, ann):
    device.poll()
    device.poll()
    device.allowed_by(ann)

    assert device.poll().status_code == 200


def test_i10_polls_leave_no_rows(place, device):
    for _ in range(20):
        place.later(seconds=5)
        assert device.error() == "authorization_pending"

    assert [a.kind for a in place.attempts()] == ["oidc.device"]
    assert place.audited("token.refused") == []
    assert reference(device.poll()) == place.attempts()[0].id


@pytest.mark.parametrize("let_in", [False, True])
@pytest.mark.parametrize(("seconds", "error"), [(599, None), (600, "expired_token"), (601, "expired_token")])
def test_o35_a_device_code_lives_ten_minutes(place, device, ann, let_in, seconds, error):
    if let_in:
        device.allowed_by(ann)
    place.later(seconds=seconds)
    answer = device.poll()

    assert answer.json.get("error") == (error or (None if let_in else "authorization_pending"))


def test_o7_a_device_code_is_redeemed_once_and_its_replay_ends_the_tokens(place, tv, device, ann):
    device.allowed_by(ann)
    tokens = device.poll().json
    replay = device.poll()

    assert replay.json["error"] == "invalid_grant"
    assert "device code used twice" in place.attempt(reference(replay)).cause
    assert place.userinfo(tokens["access_token"]).status_code == 401
    assert place.refresh(tv, tokens["refresh_token"]).json["error"] == "invalid_grant"


@pytest.mark.both_databases
def test_o7_of_fifty_redemptions_at_once_one_wins(place, device, ann):
    device.allowed_by(ann)

    with ThreadPoolExecutor(50) as threads:
        found = list(threads.map(lambda _: device.poll(), range(50)))

    assert sorted(answer.status_code for answer in found) == [200] + [400] * 49
    assert {answer.json["error"] for answer in found if answer.status_code == 400} == {"invalid_grant"}


@pytest.mark.both_databases
def test_of_many_polls_at_once_one_has_waited_long_enough(place, device):
    with ThreadPoolExecutor(10) as threads:
        found = list(threads.map(lambda _: device.error(), range(10)))

    assert found.count("authorization_pending") == 1
    assert found.count("slow_down") == 9


@pytest.mark.parametrize("decided", [False, True])
def test_o35_another_client_or_site_gets_nothing_and_uses_nothing_up(place, tv, device, ann, decided):
    if decided:
        device.allowed_by(ann)
    thief = television(place, client_name="Thief")
    europe = television(place, site="acme-eu")
    form = {"grant_type": DEVICE_CODE, "device_code": device.said["device_code"]}

    assert place.token(thief, **form).json["error"] == "invalid_grant"
    assert place.token(europe, site="acme-eu", **form).json["error"] == "invalid_grant"
    assert place.token(tv, site="acme-eu", **form).json["error"] == "invalid_client"
    assert device.poll().json.get("error") == (None if decided else "authorization_pending")


@pytest.mark.parametrize(
    "made",
    [
        lambda place, device, tokens, code: tokens["refresh_token"],
        lambda place, device, tokens, code: tokens["access_token"],
        lambda place, device, tokens, code: code,
        lambda place, device, tokens, code: new_token("dvc"),
        lambda place, device, tokens, code: device.code,
        lambda place, device, tokens, code: device.said["device_code"][:-1],
        lambda place, device, tokens, code: device.said["device_code"] + "A",
        lambda place, device, tokens, code: device.said["device_code"].replace("dvc_", "cod_"),
    ],
    ids=["refresh token", "access token", "code", "made up", "user code", "cut", "longer", "other kind"],
)
def test_o9_nothing_else_passes_for_a_device_code(place, browser, ann, made):
    both = place.register(
        grant_types=["authorization_code", "refresh_token", DEVICE_CODE], token_endpoint_auth_method="none"
    )
    device = Device(place, both)
    device.allowed_by(ann)
    tokens, code = place.tokens(browser, both), place.code(browser, both)

    assert device.error(device_code=made(place, device, tokens, code)) == "invalid_grant"
    assert device.poll().status_code == 200


def test_o9_and_a_device_code_passes_for_nothing_else(place, browser, ann):
    both = place.register(
        grant_types=["authorization_code", "refresh_token", DEVICE_CODE], token_endpoint_auth_method="none"
    )
    device = Device(place, both)
    device.allowed_by(ann)
    for value in (device.said["device_code"], device.code):
        assert place.redeem(both, value).json["error"] == "invalid_grant"
        assert place.refresh(both, value).json["error"] == "invalid_grant"
        assert place.userinfo(value).status_code == 401
        assert ann.client.get(f"/signin/{value}").status_code == 400
        assert ann.client.get(f"/device/{value}").status_code == 400
        place.app.test_client().post("/sites/acme/oauth2/revoke", data={"token": value, "client_id": both.client_id})
    assert device.poll().status_code == 200


def test_a_missing_device_code_is_named(place, tv):
    refused = place.token(tv, grant_type=DEVICE_CODE)

    assert refused.json["error"] == "invalid_request"
    assert "device_code" in refused.json["error_description"]


def test_o34_the_key_that_a_device_proves_holds_its_refresh_tokens(place, tv, device, ann):
    """RFC 9449 section 5: the device cannot keep a secret, so that its refresh tokens are bound to its key."""
    holder = Holder()

    def with_proof() -> dict[str, str]:
        return {"DPoP": proof(place, holder)}

    device.allowed_by(ann)
    tokens = device.poll(headers=with_proof(), client_id=tv.client_id).json
    assert tokens["token_type"] == "DPoP"

    bare = place.refresh(tv, tokens["refresh_token"])
    assert bare.json["error"] == "invalid_grant"
    held = place.refresh(tv, tokens["refresh_token"], headers=with_proof(), client_id=tv.client_id)
    assert held.status_code == 200


def test_a_device_waits_with_a_proof_too(place, tv, device):
    sent = {"DPoP": proof(place, Holder())}

    assert device.error(headers=sent, client_id=tv.client_id) == "authorization_pending"


# Everything is judged anew


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_o22_o35_whatever_changed_after_the_decision_counts(place, ann, change):
    closed = television(place, everyone=False, first_party=True)
    with place.work() as work:
        applications.grant(work, closed.application_id, group="Staff")
    device = Device(place, closed)
    device.allowed_by(ann)
    with place.work() as work:
        change(place, work, closed)

    assert device.poll().status_code in (400, 401, 404)


def test_o22_o35_a_consent_that_was_withdrawn_counts(place, tv, device, ann):
    device.allowed_by(ann)
    with place.work() as work:
        account = place.account(work)
        consent.withdraw(work, account.organization_id, account.id, tv.application_id)

    assert device.error() == "invalid_grant"


@pytest.mark.parametrize("change", CHANGES[:1] + CHANGES[3:], ids=lambda change: change.__name__)
def test_o22_o35_whatever_changed_before_it_does_too(place, ann, change):
    """The page was shown; by the time of the button the person, the client or the site is not what it was."""
    closed = television(place, everyone=False, first_party=True)
    with place.work() as work:
        applications.grant(work, closed.application_id, group="Staff")
    device = Device(place, closed)
    device.shown_to(ann)
    with place.work() as work:
        change(place, work, closed)
    ann.submit("Let it in")

    assert ann.title != "The device is in"
    assert rows(place, Grant) == []
    assert device.poll().status_code in (400, 401, 404)


# Scope


@pytest.mark.parametrize(
    ("registered", "asked", "granted"),
    [
        ("openid email", "openid email profile groups", "openid email"),
        ("openid profile email reports", "openid reports", "openid reports"),
        ("openid email", "profile", ""),
        ("openid email offline_access", "openid offline_access", "openid offline_access"),
    ],
)
def test_o20_a_device_gets_no_scope_that_its_client_is_not_registered_for(place, ann, registered, asked, granted):
    device = Device(place, television(place, scope=registered), scope=asked)
    device.allowed_by(ann)
    tokens = device.poll().json

    assert tokens["scope"] == claims(tokens["access_token"])["scope"] == granted
    assert ("id_token" in tokens) is ("openid" in granted)


def test_o20_nor_one_that_was_taken_from_it_meanwhile(place, tv, device, ann):
    device.allowed_by(ann)
    with place.work() as work:
        row = work.tx.session.scalars(sa.select(Client).where(Client.client_id == tv.client_id)).one()
        row.registration = {**row.registration, "scope": "openid"}

    assert device.poll().json["scope"] == "openid"


def test_o20_offline_access_comes_with_refresh_tokens_only(place, ann):
    device = Device(
        place,
        television(place, grant_types=[DEVICE_CODE], scope="openid offline_access"),
        scope="openid offline_access",
    )
    device.allowed_by(ann)

    assert device.poll().json["scope"] == "openid"


def test_what_is_asked_for_at_the_token_endpoint_changes_nothing(place, tv, device, ann):
    device.allowed_by(ann)

    assert device.poll(scope="openid groups offline_access").json["scope"] == "openid profile email"


# Housekeeping


@pytest.mark.both_databases
def test_a_device_code_is_removed_a_day_after_its_end(place, device):
    with place.work() as work:
        housekeeping.sweep(replace(work, now=work.now + timedelta(days=1, minutes=9)))
    assert len(rows(place)) == 1

    with place.work() as work:
        housekeeping.sweep(replace(work, now=work.now + timedelta(days=1, minutes=10)))
    assert rows(place) == []
    place.later(days=2)
    assert device.error() == "invalid_grant"
