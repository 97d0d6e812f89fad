"""Passkeys on the pages: what is offered where, what is said when it comes to nothing, and whom the pages ask first."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import update

from idp.audit import attempts
from idp.directory import accounts
from idp.policy.models import AuthenticationPolicy
from idp.policy.signon import Strength
from tests.support.authenticator import UP, SoftAuthenticator
from tests.support.front import ANN, BEN, CLEO, PASSWORD
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in


def options(visitor: Visitor, status: int = 200) -> dict:
    """Ask for a challenge as `passkeys.js` does, with the form that the page has."""
    form = visitor.page.xpath("//form[@data-passkey]")[0]
    token = form.xpath(".//input[@name='csrf_token']/@value")[0]
    answer = visitor.client.post(form.get("data-options"), data={"csrf_token": token})
    assert answer.status_code == status
    return answer.json


def sent(visitor: Visitor, **typed: str) -> Visitor:
    """Send the form of the ceremony."""
    form = visitor.page.xpath("//form[@data-passkey]")[0]
    values = {one.get("name"): one.get("value", "") for one in form.xpath(".//input[@name]")} | typed
    return visitor._followed(visitor.client.post(form.get("action"), data=values))


def added(one: Visitor, device: SoftAuthenticator, name: str = "Laptop", **changes) -> Visitor:
    """Add a passkey on the account page."""
    one.open("/account/passkeys/new")
    return sent(one, credential=device.make(options(one), **changes), name=name)


def policy(front, **values) -> None:
    with front.work() as work:
        work.tx.session.execute(update(AuthenticationPolicy).values(**values))
        work.tx.memory.forget()


@pytest.fixture
def device() -> SoftAuthenticator:
    return SoftAuthenticator()


@pytest.fixture
def stranger(front) -> Visitor:
    return Visitor(front.app.test_client())


def test_add_name_rename_remove(front, ann, device):
    added(ann, device, "")
    assert "It is added" in ann.text
    assert ann.page.xpath("string(//section[@aria-labelledby='passkeys']//b)") == "Passkey"
    ann.follow("Rename").submit(name="Work laptop")
    assert "Work laptop" in ann.text
    front.later(seconds=1)
    added(ann, SoftAuthenticator(), "Key", flags=UP)
    assert "Security key, after the password" in ann.text

    ann.open(ann.page.xpath("//section[@aria-labelledby='passkeys']//a[contains(@href, 'remove')]/@href")[0])
    assert ann.title == "Remove “Work laptop”?"
    ann.submit()
    assert "It is removed" in ann.text
    section = ann.page.xpath("//section[@aria-labelledby='passkeys']")[0].text_content()
    assert "Work laptop" not in section
    assert "“Work laptop” was removed from the second steps of your account." in ann.text, "the notice says so"


def test_a24_removing_a_passkey_ends_every_other_sign_on(front, ann, device):
    front.later(minutes=1)
    elsewhere = signed_in(front)
    added(ann, device)

    ann.open(ann.page.xpath("//section[@aria-labelledby='passkeys']//a[contains(@href, 'remove')]/@href")[0]).submit()

    assert "signed out everywhere but here" in ann.text
    assert elsewhere.open("/account").title == "Sign in"


def test_a_passkey_alone_signs_in_and_the_application_learns_it(front, ann, stranger, device):
    added(ann, device)
    stranger.open(front.ask())
    assert "Sign in with a passkey" in stranger.text

    sent(stranger, credential=device.answer(options(stranger)))

    assert stranger.answer.json["account"] == front.account_ids[ANN]
    assert stranger.answer.json["methods"] == ["passkey"]


def test_a11_adding_asks_for_a_proof_of_the_last_five_minutes(front, ann, device):
    ann.open("/account/passkeys/new")
    asked = options(ann)
    page = ann.page
    front.later(minutes=6)

    assert options(ann, 409) == {"problem": "again"}
    assert sent(ann, credential=device.make(asked)).title == "Sign in"
    assert page.xpath("//form[@data-passkey]/@data-again") == ["/account/passkeys/new"]


def test_as_second_step_with_the_other_ways_beside_it(front, ann, stranger, device):
    added(ann, device)
    stranger.open(front.ask()).submit(username=ANN, password=PASSWORD)
    assert stranger.title == "Second step"
    assert "Use your passkey or key" in stranger.text
    assert stranger.page.xpath("//div[@class='second']/a/text()") == ["Use your authenticator app"]
    stranger.follow("Use your authenticator app")
    assert stranger.page.xpath("//div[@class='second']/a/text()").count("Use a passkey or security key") == 1
    stranger.follow("Use a passkey or security key")

    sent(stranger, credential=device.answer(options(stranger)))
    assert set(stranger.answer.json["methods"]) == {"pwd", "passkey"}


def test_an_application_that_wants_more_is_stepped_up_to_and_one_is_set_up_on_the_way(front, ann, device):
    ann.open(front.ask("Payroll", asked=Strength.PHISHING_RESISTANT))
    assert ann.title == "Add a passkey"
    assert "authenticator app instead" not in ann.text, "an app would not do"

    sent(ann, credential=device.make(options(ann)))

    assert set(ann.answer.json["methods"]) == {"pwd", "otp", "passkey"}
    ann.open("/account/signing-in")
    assert "None. They let you in" in ann.text, "the first second step brought codes, this further one brings none"


def test_set_up_while_signing_in_with_recovery_codes(front, stranger, device):
    stranger.open(front.ask()).submit(username=BEN, password=PASSWORD)
    assert stranger.title == "Add a second step"
    stranger.follow("Use a passkey or security key instead")
    assert stranger.title == "Add a passkey"
    stranger.follow("Use an authenticator app instead")
    stranger.follow("Use a passkey or security key instead")

    sent(stranger, credential=device.make(options(stranger)))
    assert stranger.title == "Keep your recovery codes"
    stranger.submit()
    assert set(stranger.answer.json["methods"]) == {"pwd", "passkey"}


def test_an_app_is_not_set_up_where_only_passkeys_are_asked_for(front, ann):
    asked = front.ask("Payroll", asked=Strength.PHISHING_RESISTANT)
    ann.open(asked)
    token = ann.field("csrf_token").get("value")

    ann.client.post(f"{asked}/enrol", data={"csrf_token": token, "otp": front.code()})
    assert ann.client.get(f"{asked}/authenticator.svg").status_code == 404
    assert ann.open(f"{asked}/enrol/authenticator").title == "Add a passkey"


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ("NotAllowedError", "did not get an answer"),
        ("TimeoutError", "It took too long"),
        ("InvalidStateError", "set up for your account already"),
        ("NotSupportedError", "cannot use passkeys"),
        ("SecurityError", "does not use passkeys at this address"),
        ("Busy", "Too many tries come from your network"),
        ("", "need JavaScript"),
        ("<script>\x00", "was not accepted"),
    ],
)
@pytest.mark.parametrize("step", ["alone", "second step", "setting up", "account"])
def test_what_went_wrong_in_the_browser_is_said(front, ann, stranger, device, step, problem, words):
    if step == "account":
        one = ann.open("/account/passkeys/new")
    elif step == "second step":
        added(ann, device)
        one = stranger.open(front.ask()).submit(username=ANN, password=PASSWORD)
    else:
        one = stranger.open(front.ask())
        if step == "setting up":
            one.submit(username=BEN, password=PASSWORD).follow("Use a passkey or security key instead")

    sent(one, problem=problem)

    assert one.status == 422
    assert words in one.alert
    assert "<script>" not in one.answer.text.replace("<script src", "")
    if step != "account":
        with front.work() as work:
            found = attempts.load(work, one.page.xpath("string(//*[@class='reference']/code)"))
        assert found.steps[-1]["cause"].startswith("browser: ")


def test_without_scripts_the_page_says_what_is_missing(front, ann, stranger, device):
    added(ann, device)
    stranger.open(front.ask()).submit(username=ANN, password=PASSWORD)

    assert "need JavaScript" in stranger.page.xpath("string(//noscript)")
    assert "Use your authenticator app" in stranger.text


def test_a1_unknown_disabled_and_wrong_are_answered_alike(front, ann, device):
    """The options are the same for everybody, and so is the page after a passkey that lets nobody in."""
    added(ann, device)
    cleo = SoftAuthenticator()
    with front.work() as work:
        accounts.enable(work, CLEO)
    front.later(seconds=30)
    one = Visitor(front.app.test_client()).open("/").submit(username=CLEO, password=PASSWORD)
    one.follow("Use a passkey or security key instead")
    sent(one, credential=cleo.make(options(one)))
    with front.work() as work:
        accounts.disable(work, CLEO)
    seen = []
    for answer in (
        lambda asked: cleo.answer(asked),
        lambda asked: device.answer(asked, id=b"unknown"),
        lambda asked: device.answer(asked, signature=b"\x30\x00"),
        lambda asked: device.answer(asked, user_handle=b"other"),
    ):
        visitor = Visitor(front.app.test_client()).open(front.ask())
        asked = options(visitor)
        assert sorted(asked) == ["allowCredentials", "challenge", "rpId", "timeout", "userVerification"]
        assert asked["allowCredentials"] == []
        sent(visitor, credential=answer(asked))
        seen.append((visitor.status, visitor.alert, [str(name) for name, _ in visitor.answer.headers]))

    assert seen[0][0] == 422
    assert seen.count(seen[0]) == len(seen)


def test_a6_a_victim_under_attack_still_signs_in_by_passkey(front, ann, stranger, device):
    added(ann, device)
    attacker = Visitor(front.app.test_client(), headers={"User-Agent": "Mallory"})
    attacker.open(front.ask())
    for _ in range(8):
        attacker.submit(username=ANN, password="wrong")
    assert attacker.status == 429
    stranger.open(front.ask()).submit(username=ANN, password=PASSWORD)
    assert stranger.status == 429

    stranger.open(front.ask())
    sent(stranger, credential=device.answer(options(stranger)))
    assert stranger.answer.json["account"] == front.account_ids[ANN]


def test_a_policy_without_passkeys_offers_none(front, ann, stranger):
    policy(front, methods=["pwd", "otp", "recovery"])
    stranger.open(front.ask())
    assert "passkey" not in stranger.text
    assert stranger.field("username").get("autocomplete") == "username"

    ann.open("/account/signing-in")
    assert "Passkeys" not in ann.text
    assert "cannot be used" in ann.open("/account/passkeys/new").text


def test_at_an_ip_address_there_are_none(front, ann, stranger, device):
    added(ann, device)
    held = front.app.extensions["ostiary"]
    moved = held.settings.model_copy(update={"base_url": "http://127.0.0.1:8000"})
    front.app.extensions["ostiary"] = replace(held, settings=moved)

    stranger.open(front.ask())
    assert "passkey" not in stranger.text
    stranger.submit(username=ANN, password=PASSWORD)
    assert "cannot be used at this address" in stranger.text
    front.later(seconds=30)
    stranger.follow("Use your authenticator app").submit(otp=front.code())
    assert stranger.answer.json["account"] == front.account_ids[ANN]
    assert "cannot be used at this address" in ann.open("/account/signing-in").text


def test_a28_options_need_the_form_token(front, stranger):
    stranger.open(front.ask())
    form = stranger.page.xpath("//form[@data-passkey]")[0]

    assert stranger.client.post(form.get("data-options")).status_code == 403
    assert stranger.client.get(form.get("data-options")).status_code == 405


def test_i10_a_network_gets_so_many_challenges(front, stranger):
    held = front.app.extensions["ostiary"]
    few = held.settings.throttling.model_copy(update={"sign_ons_per_minute": 1})
    front.app.extensions["ostiary"] = replace(held, settings=held.settings.model_copy(update={"throttling": few}))
    stranger.open(front.ask())
    for _ in range(4):
        options(stranger)

    assert options(stranger, 429) == {"problem": "busy"}


def test_a_ceremony_of_a_step_that_is_over_leads_on(front, ann, stranger, device):
    added(ann, device)
    stranger.open(front.ask())
    page, asked = stranger.page, options(stranger)
    credential = device.answer(asked)
    stranger.submit(username=ANN, password=PASSWORD)
    form = page.xpath("//form[@data-passkey]")[0]
    token = form.xpath(".//input[@name='csrf_token']/@value")[0]

    stranger._followed(stranger.client.post(form.get("action"), data={"csrf_token": token, "credential": credential}))
    assert stranger.title == "Second step", "what was made for the first step is nothing in the second"
    assert json.loads(credential)["response"]["signature"]


def test_none_of_ones_own_that_will_do_is_said(front, ann, stranger, device):
    added(ann, device)
    policy(front, authenticators=["00000000-0000-0000-0000-000000000009"])

    stranger.open(front.ask()).submit(username=ANN, password=PASSWORD)
    assert "None of your passkeys and security keys will do here" in stranger.alert
    front.later(seconds=30)
    stranger.follow("Use your authenticator app").submit(otp=front.code())
    assert stranger.answer.json["account"] == front.account_ids[ANN]


def test_signed_in_people_are_told_of_a_passkey_in_place_of_the_password_too(front, device):
    """A proof that is asked for anew can be given with the passkey alone."""
    one = signed_in(front)
    added(one, device)
    front.later(minutes=6)
    one.open("/account/passkeys/new")
    assert one.title == "Sign in"

    sent(one, credential=device.answer(options(one)))
    assert one.title == "Add a passkey"


def test_a_device_is_remembered_with_a_passkey_as_second_step_and_forgotten_with_it(front, ann, stranger, device):
    """A23: who removes a second step is asked for one again everywhere."""
    added(ann, device)
    stranger.open(front.ask()).submit(username=ANN, password=PASSWORD)
    sent(stranger, credential=device.answer(options(stranger)), remember_device="yes")
    stranger.client.delete_cookie("ostiary_session")
    stranger.open(front.ask()).submit(username=ANN, password=PASSWORD)
    assert "known-device" in stranger.answer.json["methods"]

    ann.open(
        ann.open("/account/signing-in").page.xpath(
            "//section[@aria-labelledby='passkeys']//a[contains(@href, 'remove')]/@href"
        )[0]
    )
    ann.submit()
    stranger.client.delete_cookie("ostiary_session")
    assert stranger.open(front.ask()).submit(username=ANN, password=PASSWORD).title == "Second step"


def test_where_recovery_codes_are_not_allowed_none_are_made(front, stranger, device):
    policy(front, methods=["pwd", "passkey", "security-key"])
    stranger.open(front.ask()).submit(username=BEN, password=PASSWORD)
    assert stranger.title == "Add a passkey"

    sent(stranger, credential=device.make(options(stranger)))

    assert set(stranger.answer.json["methods"]) == {"pwd", "passkey"}
