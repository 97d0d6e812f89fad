"""Passkeys and security keys in a real browser, with the authenticator that Chromium makes in software."""

from dataclasses import dataclass
from typing import Any

import pytest

from idp.policy.signon import Strength
from idp.signon import resetting
from tests.support.front import ANN, BEN

PASSKEY = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
KEY = {**PASSKEY, "transport": "usb", "hasResidentKey": False, "hasUserVerification": False, "isUserVerified": False}


@pytest.fixture
def base(front):
    """The front door at a host name, as passkeys want it: they know nothing of addresses that are numbers."""
    with front.served_at_localhost() as address:
        yield address


@dataclass
class Authenticator:
    """The authenticator of one tab."""

    session: Any
    id: str

    @property
    def credentials(self) -> list[dict]:
        return self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]

    def verified(self, verified: bool) -> None:
        """Whether it knows the person."""
        self._set("WebAuthn.setUserVerified", isUserVerified=verified)

    def _set(self, method: str, **values) -> None:
        self.session.send(method, {"authenticatorId": self.id, **values})


def with_authenticator(walk, options=PASSKEY) -> Authenticator:
    session = walk.tab.context.new_cdp_session(walk.tab)
    session.send("WebAuthn.enable", {"enableUI": False})
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return Authenticator(session, made["authenticatorId"])


def with_passkey(walk, email=ANN, options=PASSKEY, name="Laptop") -> Authenticator:
    """Sign in with password and code, and add a passkey on the account page."""
    walk.open("/")
    walk.password(email)
    walk.code()
    authenticator = with_authenticator(walk, options)
    walk.open("/account/passkeys/new")
    walk.tab.fill("[name=name]", name)
    walk.tab.click("form[data-passkey] button")
    walk.tab.wait_for_url("**/account/signing-in?done=passkey-added")
    return authenticator


def pressed(walk, words: str) -> None:
    """Press the button of the ceremony, once it is there."""
    walk.tab.click(f"form[data-passkey] button:has-text('{words}')")


def without_suggestions(walk) -> None:
    """The software's person takes whatever is suggested at once; where a test wants the button, nothing is."""
    walk.tab.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")


def test_a_passkey_is_added_on_the_account_page_and_signs_in_alone(front, walk):
    one = walk()
    authenticator = with_passkey(one)
    assert "Laptop" in one.tab.locator("section[aria-labelledby=passkeys]").inner_text()
    assert [made["isResidentCredential"] for made in authenticator.credentials] == [True]
    one.tab.context.clear_cookies()
    without_suggestions(one)

    one.open(front.ask())
    pressed(one, "Sign in with a passkey")
    one.tab.wait_for_url("**/asked/resume/**")

    assert one.json()["account"] == front.account_ids[ANN]
    assert one.json()["methods"] == ["passkey"]


def test_the_browser_suggests_the_passkey_where_the_address_is_typed(front, walk):
    one = walk()
    with_passkey(one)
    one.tab.context.clear_cookies()

    one.open(front.ask())
    one.tab.wait_for_url("**/asked/resume/**")

    assert one.json()["methods"] == ["passkey"]


def test_as_second_step_after_the_password(front, walk):
    one = walk()
    with_passkey(one)
    one.tab.context.clear_cookies()
    without_suggestions(one)
    one.open(front.ask())
    one.password(ANN)
    assert one.heading == "Second step"

    one.tab.keyboard.press("Tab")
    pressed(one, "Use your passkey or key")
    one.tab.wait_for_url("**/asked/resume/**")

    assert sorted(one.json()["methods"]) == ["passkey", "pwd"]


def test_a_security_key_that_is_only_touched_comes_after_the_password(front, walk):
    one = walk()
    with_passkey(one, options=KEY, name="Blue key")
    assert "Security key, after the password" in one.tab.locator("section[aria-labelledby=passkeys]").inner_text()
    one.tab.context.clear_cookies()
    without_suggestions(one)
    one.open(front.ask())
    pressed(one, "Sign in with a passkey")
    one.tab.wait_for_selector("[role=alert]")
    one.password(ANN)
    pressed(one, "Use your passkey or key")
    one.tab.wait_for_url("**/asked/resume/**")

    assert sorted(one.json()["methods"]) == ["pwd", "security-key"]


def test_step_up_of_one_application_that_asks_for_phishing_resistance(front, walk):
    one = walk()
    with_passkey(one)
    one.open(front.ask("Wiki"))
    assert sorted(one.json()["methods"]) == ["otp", "pwd"]

    one.open(front.ask("Payroll", asked=Strength.PHISHING_RESISTANT))
    assert one.heading == "Second step"
    pressed(one, "Use your passkey or key")
    one.tab.wait_for_url("**/asked/resume/**")

    assert sorted(one.json()["methods"]) == ["otp", "passkey", "pwd"]


def test_set_up_while_signing_in(front, walk):
    one = walk()
    with_authenticator(one)
    one.open(front.ask("Payroll", asked=Strength.PHISHING_RESISTANT))
    one.password(BEN)
    assert one.heading == "Add a passkey"

    pressed(one, "Add a passkey")
    one.tab.wait_for_selector(".codes li")
    one.go()
    one.tab.wait_for_url("**/asked/resume/**")

    assert sorted(one.json()["methods"]) == ["passkey", "pwd"]


def test_who_is_not_verified_is_told_so_and_keeps_other_ways(front, walk):
    one = walk()
    authenticator = with_passkey(one)
    authenticator.verified(False)
    one.tab.context.clear_cookies()
    without_suggestions(one)
    one.open(front.ask())
    pressed(one, "Sign in with a passkey")

    one.tab.wait_for_selector("[role=alert]")
    assert "did not get an answer" in one.tab.locator("[role=alert]").inner_text()
    assert one.tab.evaluate("document.activeElement.getAttribute('role')") == "alert"
    one.password(ANN)
    one.press("Use your authenticator app")
    front.later(seconds=30)
    one.code()
    assert one.json()["account"] == front.account_ids[ANN]


def test_the_same_authenticator_is_not_added_twice(front, walk):
    one = walk()
    with_passkey(one)
    one.open("/account/passkeys/new")
    pressed(one, "Add a passkey")

    one.tab.wait_for_selector("[role=alert]")
    assert "set up for your account already" in one.tab.locator("[role=alert]").inner_text()


def test_a_challenge_that_came_too_late_is_said(front, walk):
    one = walk()
    with_passkey(one)
    one.tab.context.clear_cookies()
    without_suggestions(one)
    one.open(front.ask())
    one.tab.route("**/passkey", lambda route: (front.later(minutes=6), route.continue_())[1])
    pressed(one, "Sign in with a passkey")

    one.tab.wait_for_selector("[role=alert]")
    assert "too old" in one.tab.locator("[role=alert]").inner_text()


def test_where_a_proof_became_too_old_the_page_asks_for_it(front, walk):
    one = walk()
    with_passkey(one)
    one.open("/account/passkeys/new")
    front.later(minutes=6)
    pressed(one, "Add a passkey")

    one.tab.wait_for_url("**/signin/**")
    # the passkey that is there is suggested, taken, and leads back
    one.tab.wait_for_url("**/account/passkeys/new")


def test_without_scripts_it_is_said_and_there_are_other_ways(front, walk):
    one = walk()
    with_passkey(one)
    other = walk(java_script_enabled=False)
    other.open(front.ask())
    other.tab.click("form[data-passkey] button")
    assert "need JavaScript" in other.tab.locator("[role=alert]").inner_text()
    other.password(ANN)
    assert "need JavaScript" in other.tab.locator("main").inner_text()
    front.later(seconds=30)
    other.press("Use your authenticator app")
    other.code()
    assert other.json()["account"] == front.account_ids[ANN]


def test_nothing_moves_when_the_script_has_loaded(front, walk):
    """The button is there from the beginning."""
    one, still = walk(), walk(java_script_enabled=False)
    asked = front.ask(), front.ask()
    places = []
    for who, path in zip((one, still), asked, strict=True):
        who.open(path)
        box = who.tab.locator("form[data-passkey] button").bounding_box()
        places.append((box["y"], box["height"]))

    assert places[0] == places[1]


def test_a_passkey_from_its_first_day_to_its_loss_and_the_way_back(front, walk):
    """Enrolled, used alone, demanded by one application; lost with its laptop; begun anew with a pass."""
    one = walk()
    with_passkey(one)
    one.tab.context.clear_cookies()
    without_suggestions(one)
    one.open(front.ask())
    pressed(one, "Sign in with a passkey")
    one.tab.wait_for_url("**/asked/resume/**")
    assert one.json()["methods"] == ["passkey"]
    one.open(front.ask("Payroll", asked=Strength.PHISHING_RESISTANT))
    assert one.json()["account"] == front.account_ids[ANN]

    with front.work() as work:  # the laptop is stolen: the helpdesk knows Ann's voice
        _, given = resetting.reset_factors(work, ANN)
    one.open("/account")
    assert one.heading == "Sign in", "whoever has the laptop is out"
    another = walk()
    without_suggestions(another)
    another.open(front.ask("Payroll", asked=Strength.PHISHING_RESISTANT))
    another.press("Use a temporary access pass")
    another.tab.fill("[name=username]", ANN)
    another.tab.fill("[name=pass]", given)
    another.go()
    assert another.heading == "Add a passkey", another.tab.inner_text("main")
    authenticator = with_authenticator(another)
    pressed(another, "Add a passkey")
    another.tab.wait_for_selector(".codes li")
    another.go()

    assert another.json()["account"] == front.account_ids[ANN]
    assert set(another.json()["methods"]) == {"temporary-pass", "passkey"}
    assert len(authenticator.credentials) == 1
