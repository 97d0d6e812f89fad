"""OpenID Connect Core 1.0 section 4: the launcher starts an application, which then asks us to sign the person on."""

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from lxml import html

from idp.base.errors import Invalid
from idp.oidc import clients
from tests.oidc.registration import allow, as_client, registered
from tests.oidc.support import ANN, BASE_URL, ISSUER, Registered, answered
from tests.oidc.support import request as authorization_request

START = "https://rp.example/start"


def tile(browser) -> str:
    """Where the one tile of the launcher leads."""
    page = browser.get("/")
    assert page.status_code == 200
    (address,) = {
        link.get("href") for link in html.fromstring(page.text).xpath("//a[@href]") if "rp.example" in link.get("href")
    }
    return address


class FakeClient:
    """An application as section 4 describes it: it knows its issuers, finds their endpoints, and begins by itself."""

    def __init__(self, place, client) -> None:
        self.place, self.client = place, client

    def start(self, address: str) -> dict[str, str]:
        """Return the request that the browser is sent on with."""
        pairs = parse_qsl(urlsplit(address).query, strict_parsing=True)
        asked = dict(pairs)
        assert len(asked) == len(pairs)
        assert asked["iss"] == ISSUER
        path = asked["iss"].removeprefix(BASE_URL) + "/.well-known/openid-configuration"
        metadata = self.place.app.test_client().get(path).json
        assert metadata["issuer"] == asked["iss"]
        self.endpoint = metadata["authorization_endpoint"].removeprefix(BASE_URL)
        return authorization_request(self.client)


def register(place, **metadata):
    with place.work() as work:
        application, client, secret = clients.create(
            work,
            "acme",
            {"client_name": "Notebook", "redirect_uris": ["https://rp.example/callback"], **metadata},
            first_party=True,
            everyone=True,
            base_url=BASE_URL,
        )
        return Registered(application.id, client.client_id, secret, {})


def test_a_click_in_the_launcher_ends_in_a_sign_on(place, browser):
    client = register(place, initiate_login_uri=START)
    application = FakeClient(place, client)

    asked = application.start(tile(browser))
    found = answered(browser.get(application.endpoint, query_string=asked))

    assert found["iss"] == ISSUER
    assert place.redeem(client, found["code"]).status_code == 200


@pytest.mark.parametrize(
    ("address", "started"),
    [
        (START, f"{START}?iss=http%3A%2F%2Flocalhost%3A8000%2Fsites%2Facme"),
        (f"{START}?tenant=7", f"{START}?tenant=7&iss=http%3A%2F%2Flocalhost%3A8000%2Fsites%2Facme"),
        (f"{START}?", f"{START}?iss=http%3A%2F%2Flocalhost%3A8000%2Fsites%2Facme"),
    ],
)
def test_the_issuer_is_added_to_the_address_and_escaped(place, browser, address, started):
    register(place, initiate_login_uri=address)

    assert tile(browser) == started


def test_the_application_learns_who_the_person_is_by_signing_on_and_not_before(place, browser):
    register(place, initiate_login_uri=START)

    address = tile(browser)

    assert parse_qs(urlsplit(address).query).keys() == {"iss"}
    assert ANN not in address


def test_a_client_that_registered_itself_is_started_in_the_same_way(place, browser):
    allow(place, "open", registered_clients_open_to_everyone=True)
    made = registered(place, initiate_login_uri=START)
    application = FakeClient(place, as_client(place, made))

    asked = application.start(tile(browser))

    assert "/signin/" in browser.get(application.endpoint, query_string=asked).headers["Location"]


def test_another_start_page_counts_at_once(place, browser):
    client = register(place, initiate_login_uri=START)
    with place.work() as work:
        clients.edit(work, client.application_id, {"initiate_login_uri": None}, base_url=BASE_URL)

    assert tile(browser) == "https://rp.example/"


@pytest.mark.parametrize(
    "address",
    [
        "http://rp.example/start",
        "javascript:alert(1)",
        "com.example.app:/start",
        f"{START}#x",
        f"{START}?iss=https://evil.example",
        f"{START}?login_hint=x",
        f"{START}?target_link_uri=x",
        "https://rp.example/a/../start",
    ],
)
def test_a_start_page_that_cannot_be_one_is_not_registered(place, address):
    with pytest.raises(Invalid) as refused:
        register(place, initiate_login_uri=address)

    assert refused.value.field == "initiate_login_uri"
