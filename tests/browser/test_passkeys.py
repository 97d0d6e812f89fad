"""Passkeys and security keys in a real browser, with the authenticator that Chromium makes in software."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.front import ANN

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

    def present(self, enabled: bool) -> None:
        """Whether the person touches it by themselves."""
        self._set("WebAuthn.setAutomaticPresenceSimulation", enabled=enabled)

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
    walk.tab.wait_for_url("**/account?done=passkey-added")
    return authenticator


def test_a_passkey_is_added_on_the_account_page_and_signs_in_alone(front, walk):
    one = walk()
    authenticator = with_passkey(one)
    assert "Laptop" in one.tab.locator("section[aria-labelledby=passkeys]").inner_text()
    assert len(authenticator.credentials) == 1
    authenticator.present(False)
    one.tab.context.clear_cookies()

    one.open(front.ask())
    authenticator.present(True)
    one.tab.click("form[data-passkey] button")
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
