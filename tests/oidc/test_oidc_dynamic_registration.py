"""OpenID Connect Dynamic Client Registration 1.0: a client registers itself, and is what it registered."""

import json

import pytest
import sqlalchemy as sa
from lxml import html

from idp.base.errors import Unavailable
from idp.oidc import client_facts, clients, metadata
from idp.oidc.models import Client
from tests.oidc.registration import allow, as_client, initial_token, manage, register, registered
from tests.oidc.support import BASE_URL, CALLBACK, ISSUER, VERIFIER, Place, answered, claims, header, request
from tests.oidc.test_client_authentication import KEYS, assertion


@pytest.fixture
def offered(place):
    """Everybody may register clients at Acme, and everybody of Acme may open those."""
    allow(place, "open", registered_clients_open_to_everyone=True)
    return place


def consent_page(place, browser, client, **changes):
    """The page that asks Ann to agree, and its address."""
    at = place.authorize(browser, client, **changes).headers["Location"]
    page = browser.get(at)
    assert page.status_code == 200
    assert f'action="{at}/consent"' in page.text
    return at, page


def agreed(place, browser, client, **changes):
    """Ann agrees; return the answer to the client."""
    at, page = consent_page(place, browser, client, **changes)
    token = html.fromstring(page.text).xpath("//input[@name='csrf_token']")[0].get("value")
    step = browser.post(f"{at}/consent", data={"csrf_token": token})
    while step.headers["Location"].startswith("/"):
        step = browser.get(step.headers["Location"])
    return answered(step)


def test_from_the_issuer_alone_a_client_finds_registers_and_signs_a_person_on(offered, browser):
    """Sections 3.1 and 3.2, Discovery 1.0 section 4: nothing was configured by hand."""
    call = offered.app.test_client()
    found = call.get(f"{ISSUER.removeprefix(BASE_URL)}/.well-known/openid-configuration").json
    made = call.post(
        found["registration_endpoint"].removeprefix(BASE_URL),
        json={"redirect_uris": [CALLBACK], "client_name": "Notebook"},
    ).json
    client = as_client(offered, made)

    answer = agreed(offered, browser, client)
    tokens = offered.redeem(client, answer["code"]).json

    assert answer["iss"] == ISSUER
    said = claims(tokens["id_token"])
    assert (said["iss"], said["aud"], said["nonce"]) == (ISSUER, made["client_id"], "n0nce")
    assert offered.userinfo(tokens["access_token"]).json["email"] == "ann@acme.example"


def test_a_redirect_uri_with_a_query_is_kept_and_answered_at(offered, browser):
    address = f"{CALLBACK}?tenant=7"
    client = as_client(offered, registered(offered, redirect_uris=[address]))

    at, _ = consent_page(offered, browser, client, redirect_uri=address)

    assert at
    assert offered.authorize(browser, client).status_code == 400, "without its query it is another address"


@pytest.mark.parametrize(
    ("application_type", "address"),
    [
        ("web", f"{CALLBACK}#fragment"),
        ("web", "http://rp.example/cb"),
        ("web", "http://127.0.0.1/cb"),
        ("web", "com.example.app:/cb"),
        (None, "http://rp.example/cb"),
        ("native", "http://rp.example/cb"),
        ("native", "http://localhost/cb"),
    ],
)
def test_a_redirect_uri_that_its_kind_of_application_cannot_have_is_refused(offered, application_type, address):
    """Section 2, application_type: web clients use https, native ones a scheme of theirs or loopback."""
    made = register(offered, application_type=application_type, redirect_uris=[address])

    assert (made.status_code, made.json["error"]) == (400, "invalid_redirect_uri")


@pytest.mark.parametrize("address", ["com.example.app:/cb", "http://127.0.0.1/cb", "http://[::1]:1234/cb"])
def test_a_native_application_registers_its_addresses(offered, address):
    made = registered(offered, application_type="native", redirect_uris=[address], token_endpoint_auth_method="none")

    assert made["redirect_uris"] == [address]
    assert "client_secret" not in made


def test_a_registration_without_redirect_uris_is_refused(offered):
    assert register(offered, redirect_uris=None).json["error"] == "invalid_redirect_uri"
    assert register(offered, redirect_uris=[]).json["error"] == "invalid_redirect_uri"


@pytest.mark.parametrize(
    ("asked", "registered_as"),
    [
        ({}, (["authorization_code"], ["code"])),
        ({"response_types": ["code"]}, (["authorization_code"], ["code"])),
        (
            {"grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"]},
            (["authorization_code", "refresh_token"], ["code"]),
        ),
    ],
    ids=str,
)
def test_response_types_and_grant_types_are_those_asked_for_or_the_defaults(offered, asked, registered_as):
    made = registered(offered, **asked)

    assert (made["grant_types"], made["response_types"]) == registered_as


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_its_id_tokens_are_signed_as_it_registered(offered, browser, algorithm):
    client = as_client(offered, registered(offered, id_token_signed_response_alg=algorithm))

    tokens = offered.redeem(client, agreed(offered, browser, client)["code"]).json

    assert header(tokens["id_token"])["alg"] == algorithm


def test_the_keys_that_it_registered_are_what_it_proves_itself_by(offered, browser):
    made = registered(offered, token_endpoint_auth_method="private_key_jwt", jwks=KEYS)
    client = as_client(offered, made)

    form = {
        "grant_type": "authorization_code",
        "code": agreed(offered, browser, client)["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(client),
    }

    assert made["jwks"] == KEYS
    assert offered.app.test_client().post("/sites/acme/oauth2/token", data=form).status_code == 200


def test_its_default_max_age_counts(offered, browser):
    client = as_client(offered, registered(offered, default_max_age=60, require_auth_time=True))
    assert "auth_time" in claims(offered.redeem(client, agreed(offered, browser, client)["code"]).json["id_token"])

    offered.later(minutes=2)

    found = offered.authorize(browser, client, prompt="none")
    assert answered(found)["error"] == "login_required"


def test_it_may_send_people_back_after_signing_out(offered, browser):
    client = as_client(offered, registered(offered, post_logout_redirect_uris=["https://rp.example/bye"]))
    tokens = offered.redeem(client, agreed(offered, browser, client)["code"]).json
    logout = "/sites/acme/oauth2/logout"
    asked = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://rp.example/bye"}

    assert browser.get(logout, query_string=asked | {"post_logout_redirect_uri": CALLBACK}).status_code == 400
    assert browser.get(logout, query_string=asked).headers["Location"] == "https://rp.example/bye"


@pytest.mark.parametrize("name", sorted(metadata._NOT_OFFERED))
def test_what_is_not_offered_is_refused_and_never_quietly_left_out(offered, name):
    made = register(offered, **{name: True if name.startswith(("require", "dpop", "tls")) else "RS256"})

    assert (made.status_code, made.json["error"]) == (400, "invalid_client_metadata")
    assert name in made.json["error_description"]


@pytest.mark.parametrize("subject_type", ["PUBLIC", "private", "", 7])
def test_another_subject_type_is_refused(offered, subject_type):
    assert register(offered, subject_type=subject_type).json["error"] == "invalid_client_metadata"


def test_what_says_who_it_is_comes_back_as_it_was_sent(offered):
    asked = {
        "client_uri": "https://rp.example/",
        "logo_uri": "https://cdn.example/logo.png",
        "policy_uri": "https://rp.example/policy",
        "tos_uri": "https://rp.example/terms",
        "contacts": ["ann@rp.example"],
        "initiate_login_uri": "https://rp.example/start",
        "default_acr_values": ["urn:x"],
    }

    made = registered(offered, **asked)

    assert {name: made[name] for name in asked} == asked
    assert {name: manage(offered, "GET", made).json[name] for name in asked} == asked


# Pairwise subjects (section 5)

SECTOR = "https://sector.example/uris.json"
PAIRWISE = {"subject_type": "pairwise", "sector_identifier_uri": SECTOR}


@pytest.fixture
def sector(place, monkeypatch):
    """What is at the address of the sector; who reads it is noted, and that no transaction was open meanwhile."""

    class Sector:
        def __init__(self) -> None:
            self.says, self.calls = json.dumps([CALLBACK, "https://other.example/cb"]).encode(), []

        def fetch(self, address, **values):
            assert place.database.connections.in_use == 0
            self.calls.append(address)
            if isinstance(self.says, Exception):
                raise self.says
            return self.says

    found = Sector()
    monkeypatch.setattr("idp.base.egress.fetch", found.fetch)
    return found


def test_its_subjects_are_those_of_its_sector(offered, browser, sector):
    one = as_client(offered, registered(offered, **PAIRWISE))
    other = as_client(offered, registered(offered, **PAIRWISE | {"redirect_uris": ["https://other.example/cb"]}))
    public = as_client(offered, registered(offered))

    def sub(client, address=CALLBACK):
        code = agreed(offered, browser, client, redirect_uri=address)["code"]
        return claims(offered.redeem(client, code, redirect_uri=address).json["id_token"])["sub"]

    assert sub(one) == sub(other, "https://other.example/cb") != sub(public)
    assert sector.calls == [SECTOR, SECTOR]
    with offered.work() as work:
        assert client_facts.of_id(work, one.client_id).sector == "sector.example"


@pytest.mark.parametrize(
    "says",
    [
        b"[]",
        b'["https://rp.example/callback/"]',
        b"{}",
        b"nonsense",
        b'[["https://rp.example/callback"]]',
        Unavailable("It does not answer.", cause="connection refused by 10.0.0.7"),
    ],
    ids=repr,
)
def test_a_list_that_does_not_name_its_addresses_lets_nobody_into_the_sector(offered, sector, says):
    sector.says = says

    refused = register(offered, **PAIRWISE)

    assert (refused.status_code, refused.json["error"]) == (400, "invalid_client_metadata")
    assert "10.0.0.7" not in refused.text
    with offered.work() as work:
        assert work.tx.session.scalar(sa.select(sa.func.count()).select_from(Client)) == 0


def test_the_list_is_read_again_when_the_registration_is_replaced(offered, sector):
    made = registered(offered, **PAIRWISE)
    asked = {"client_id": made["client_id"], **PAIRWISE}

    assert manage(offered, "PUT", made, json={**asked, "redirect_uris": ["https://evil.example/cb"]}).status_code == 400
    sector.says = b'["https://new.example/cb"]'
    assert manage(offered, "PUT", made, json={**asked, "redirect_uris": ["https://new.example/cb"]}).status_code == 200
    assert len(sector.calls) == 3


def test_o18_nobody_makes_us_call_an_address_who_may_not_register(place, sector):
    allow(place, "token")
    token = initial_token(place)

    register(place, **PAIRWISE)
    register(place, "rgt_" + "A" * 43, **PAIRWISE)
    register(place, token, **PAIRWISE, grant_types=["client_credentials"])
    register(place, token, **PAIRWISE | {"sector_identifier_uri": "http://127.0.0.1/x"})
    assert sector.calls == []

    assert register(place, token, **PAIRWISE).status_code == 201
    assert register(place, token, **PAIRWISE).status_code == 401
    assert sector.calls == [SECTOR]


def test_o18_every_try_that_makes_us_call_is_counted(place, sector):
    small = Place(place.database, throttling={"registrations_per_hour": 2})
    allow(small, "open")
    sector.says = b"[]"

    assert [register(small, **PAIRWISE).status_code for _ in range(4)] == [400, 400, 429, 429]
    assert len(sector.calls) == 2


def test_o18_so_is_every_change_that_does(place, sector):
    small = Place(place.database, throttling={"registrations_per_hour": 3})
    allow(small, "open")
    made = registered(small, **PAIRWISE)
    asked = {"client_id": made["client_id"], "redirect_uris": [CALLBACK], **PAIRWISE}

    assert [manage(small, "PUT", made, json=asked).status_code for _ in range(4)] == [200, 200, 429, 429]
    assert len(sector.calls) == 3
    bare = {"client_id": made["client_id"], "redirect_uris": [CALLBACK]}
    assert manage(small, "PUT", made, json=bare).status_code == 200, "what makes us call nobody is not counted"


def test_a_good_registration_in_a_sector_is_counted_once(place, sector):
    small = Place(place.database, throttling={"registrations_per_hour": 2})
    allow(small, "open")

    assert [register(small, **PAIRWISE).status_code for _ in range(3)] == [201, 201, 429]


# What the person sees


def test_policy_terms_and_logo_are_links_with_their_hosts_and_no_picture_is_loaded(offered, browser):
    made = registered(
        offered,
        logo_uri="https://cdn.example/logo.png",
        policy_uri="https://policies.example/rp?a=b&c=d",
        tos_uri="https://rp.example/terms",
    )
    _, page = consent_page(offered, browser, as_client(offered, made))
    links = {one.get("href"): one for one in html.fromstring(page.text).xpath("//a[@target='_blank']")}

    assert links.keys() == {
        "https://policies.example/rp?a=b&c=d",
        "https://rp.example/terms",
        "https://cdn.example/logo.png",
    }
    for link in links.values():
        assert {"noopener", "noreferrer"} <= {*link.get("rel").split()}
        assert link.getnext().text in ("policies.example", "rp.example", "cdn.example")
    assert html.fromstring(page.text).xpath("//*[contains(@src, 'cdn.example')]") == []
    assert "img-src 'self'" in page.headers["Content-Security-Policy"]


def test_without_them_there_is_no_link(offered, browser):
    _, page = consent_page(offered, browser, as_client(offered, registered(offered)))

    assert 'target="_blank"' not in page.text


def test_o28_a_person_is_told_that_nobody_has_checked_a_client_that_registered_itself(offered, browser):
    client = as_client(offered, registered(offered, client_name="Payroll <b>of Acme</b>"))
    _, page = consent_page(offered, browser, client)
    warning = html.fromstring(page.text).xpath("//div[contains(@class, 'notice')]")[0].text_content()

    assert "Payroll <b>of Acme</b> registered itself. Nobody at Acme Global has checked who runs it." in warning
    assert "rp.example" in page.text

    with offered.work() as work:
        clients.edit(work, client.application_id, {"client_name": "Payroll"})
    _, page = consent_page(offered, browser, client)
    assert "registered itself" not in page.text


def test_a_client_of_an_administrators_says_nothing_of_the_kind(place, browser):
    client = place.register(first_party=False, policy_uri="https://rp.example/policy")
    _, page = consent_page(place, browser, client)

    assert "registered itself" not in page.text
    assert 'href="https://rp.example/policy"' in page.text


def test_registration_inside_a_request_is_still_refused(offered, browser):
    """Core section 7.2.1 is for self-issued providers; ours has an endpoint for it."""
    client = as_client(offered, registered(offered))

    assert (
        answered(browser.get("/sites/acme/oauth2/authorize", query_string=request(client, registration="{}")))["error"]
        == "registration_not_supported"
    )
