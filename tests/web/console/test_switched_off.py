"""What the console switches off is off at every entry, from the next request on; what is beside it stays on (T22)."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest

from idp.directory import accounts, applications, lifetime, queries, site_life
from idp.oidc import clients
from idp.saml import providers
from idp.saml.providers import Switches
from idp.signon import invitations
from tests.support.front import ANN, DORA, PASSWORD
from tests.support.two_tenants import Things, signed_in_to_acme
from tests.support.visitor import Visitor

VERIFIER = "a-verifier-of-more-than-forty-three-letters-in-all"
CALLBACK = "https://rp.example/cb"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class World:
    """Ann, signed in; a client and a provider that she may open; a code and tokens from before; a guest's invitation."""

    def __init__(self, tenants) -> None:
        self.tenants, self.front = tenants, tenants.front
        asked = {
            "client_name": "Scribe",
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        }
        with self.front.work() as work:
            self.oidc, client, _ = clients.create(work, "acme", asked, base_url="http://localhost:8000")
            self.oidc.launch_url = "https://rp.example/start"
            self.client_id, self.oidc_id = client.client_id, self.oidc.id
            self.saml_id = Things(tenants, tenants.ours).okta
            for one in (self.oidc_id, self.saml_id):
                applications.grant(work, one, account=ANN)
            providers.change(work, self.saml_id, Switches(idp_initiated=True))
            self.entity_id = providers.of_application(work, queries.application(work, self.saml_id)).entity_id
            accounts.grant_role(work, DORA, "organization-administrator", organization_id=tenants.ours)
            invitations.invite(work, "guest@partner.example", organization="acme", name="Gus Guest", kind="guest")
        self.invitation = next(one for mail in self.front.mails() if mail.to.startswith("guest@") for one in mail.links)
        self.invitation = "/" + self.invitation.split("/", 3)[3]
        self.ann = signed_in_to_acme(tenants)
        self.tokens = self.redeem(self.code()).json
        self.unused = self.code()
        assert self.tokens["refresh_token"], self.tokens
        tenants.keep()

    def code(self) -> str:
        query = {
            "client_id": self.client_id, "redirect_uri": CALLBACK, "response_type": "code", "prompt": "consent",
            "scope": "openid email offline_access", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        }  # fmt: skip
        self.ann.open("/sites/acme/oauth2/authorize?" + "&".join(f"{name}={value}" for name, value in query.items()))
        if "/signin/" in self.ann.path and self.ann.page.xpath("//form[contains(@action, '/consent')]"):
            self.ann.submit()
        where = self.ann.answer.headers.get("Location", "")
        return parse_qs(urlsplit(where).query).get("code", [""])[0]

    def token(self, **values):
        return self.front.app.test_client().post(
            "/sites/acme/oauth2/token", data={"client_id": self.client_id, **values}
        )

    def redeem(self, code):
        return self.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier=VERIFIER)

    def entries(self) -> dict[str, bool]:
        """Try every entry; say which let Ann (or the guest) in."""
        ann, found = self.ann, {}
        tiles = ann.open("/").answer.text
        found["launcher of the client"], found["launcher of the provider"] = "Scribe" in tiles, "Okta Thing" in tiles
        found["authorize"] = bool(self.code())
        found["code from before"] = self.redeem(self.unused).status_code == 200
        refreshed = self.token(grant_type="refresh_token", refresh_token=self.tokens["refresh_token"])
        found["refresh"] = refreshed.status_code == 200
        bearer = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        app = self.front.app.test_client()
        found["userinfo"] = app.get("/sites/acme/oauth2/userinfo", headers=bearer).status_code == 200
        started = ann.client.get("/sites/acme/saml/start", query_string={"sp": self.entity_id}, follow_redirects=True)
        found["saml from our side"] = "SAMLResponse" in started.text
        found["metadata"] = app.get("/sites/acme/saml/metadata").status_code == 200
        found["discovery"] = app.get("/sites/acme/.well-known/openid-configuration").status_code == 200
        found["session"] = ann.client.get("/account").status_code == 200
        found["console"] = ann.client.get("/admin").status_code == 200
        found["sign-in"] = self._signs_in()
        found["join"] = app.get("/join/acme").status_code == 200
        guest = Visitor(self.front.app.test_client()).open(self.invitation)
        found["invitation"] = guest.status == 200 and bool(guest.page.xpath("//input[@name='new_password']"))
        return found

    def _signs_in(self) -> bool:
        """With a password and a code, to our own pages."""
        self.front.later(minutes=1)
        try:
            one = Visitor(self.front.app.test_client())
            one.open("/account")
            if one.path == "/organization":
                one.submit(organization="acme")
            one.submit(username=ANN, password=PASSWORD)
            if not one.page.xpath("//input[@name='otp']"):
                return False
            return one.submit(otp=self.front.code()).path in ("/", "/account")
        finally:
            self.front.later(minutes=-1)


@pytest.fixture(scope="module")
def world(tenants):
    return World(tenants)


def _disable_client(work, world):
    applications.disable(work, world.oidc_id)


def _disable_provider(work, world):
    applications.disable(work, world.saml_id)


def _delete_client(work, world):
    applications.delete(work, world.oidc_id)


def _switch_site_off(work, world):
    site_life.disable(work, "acme")


def _disable_account(work, world):
    accounts.disable(work, ANN, organization_id=world.tenants.ours)


def _schedule_account(work, world):
    lifetime.schedule_deletion(work, ANN, organization_id=world.tenants.ours)


def _suspend(work, world):
    queries.organization(work, "acme").suspended_at = work.now


OF_CLIENT = {"launcher of the client", "authorize", "code from before", "refresh", "userinfo"}
OF_PROVIDER = {"launcher of the provider", "saml from our side"}
OF_ANN = {*OF_CLIENT, *OF_PROVIDER, "session", "console", "sign-in"}
OFF = {
    "a client": (_disable_client, OF_CLIENT),
    "a deleted client": (_delete_client, OF_CLIENT),
    "a provider": (_disable_provider, OF_PROVIDER),
    "a site": (_switch_site_off, {*OF_CLIENT, *OF_PROVIDER, "metadata", "discovery"}),
    "an account": (_disable_account, OF_ANN),
    "an account that is to be deleted": (_schedule_account, OF_ANN),
    "an organization": (_suspend, {*OF_ANN, "metadata", "discovery", "join", "invitation"}),
}


def test_t22_everything_is_open_before(world, tenants):
    entries = world.entries()
    tenants.restore()

    assert {name for name, opens in entries.items() if not opens} == set()


def test_t22_what_is_switched_off_is_off_at_every_entry_and_nothing_else_is(world, tenants):
    wrong = []
    for name, (switch, closed) in OFF.items():
        with world.front.work() as work:
            switch(work, world)
        entries = world.entries()
        tenants.restore()
        wrong += [(name, "is still open", one) for one in closed if entries[one]]
        wrong += [(name, "is closed, too", one) for one in entries.keys() - closed if not entries[one]]

    assert wrong == []
