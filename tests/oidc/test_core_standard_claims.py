"""OpenID Connect Core sections 5.1, 5.1.1 and 5.4: the standard claims, from attributes of accounts, as policy lets them go."""

import json
from datetime import timedelta

import pytest
from lxml import html

from idp.directory import accounts, policies
from idp.oidc import claims as claims_
from tests.oidc.support import ANN, NOON, claims

ATTRIBUTES = {
    "middle_name": "Beatrix",
    "nickname": "Annie",
    "preferred_username": "ann",
    "profile": "https://acme.example/people/ann",
    "picture": "https://acme.example/people/ann.png",
    "website": "https://ann.example/",
    "gender": "female",
    "birthdate": "1990-05-17",
    "zoneinfo": "Europe/Berlin",
    "locale": "de-DE",
    "phone_number": "+49 30 123456;ext=7",
    "address_formatted": "Weg 1, 12345 Berlin",
    "address_street": "Weg 1",
    "address_locality": "Berlin",
    "address_region": "Berlin",
    "address_postal_code": "12345",
    "address_country": "DE",
}
PROFILE = {name: ATTRIBUTES[name] for name in list(ATTRIBUTES)[:10]} | {
    "name": "Ann Archer",
    "given_name": "Ann",
    "family_name": "Archer",
    "updated_at": int((NOON + timedelta(hours=1)).timestamp()),
}
EMAIL = {"email": ANN, "email_verified": True}
PHONE = {"phone_number": ATTRIBUTES["phone_number"], "phone_number_verified": True}
ADDRESS = {
    "address": {
        "formatted": ATTRIBUTES["address_formatted"],
        "street_address": "Weg 1",
        "locality": "Berlin",
        "region": "Berlin",
        "postal_code": "12345",
        "country": "DE",
    }
}
ALL = "openid profile email phone address groups"


@pytest.fixture
def described(place) -> None:
    """Ann has every attribute that makes a standard claim, and the organization lets all of them go."""
    place.later(hours=1)
    with place.work() as work:
        ann = accounts.set_attributes(work, ANN, {name: [value] for name, value in ATTRIBUTES.items()})
        ann.given_name, ann.family_name = "Ann", "Archer"
        names = ["email", "name", "given_name", "family_name", "groups", "updated_at", *ATTRIBUTES]
        policies.set_organization_release(work, "acme", names)


@pytest.fixture
def everything(place):
    return place.register(scope=ALL)


def userinfo(place, client, **changes) -> dict:
    found = place.userinfo(place.tokens(place.browser(), client, **changes)["access_token"]).json
    found.pop("sub")
    return found


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("openid", {}),
        ("openid profile", PROFILE),
        ("openid email", EMAIL),
        ("openid phone", PHONE),
        ("openid address", ADDRESS),
        (ALL, PROFILE | EMAIL | PHONE | ADDRESS | {"groups": ["Research", "Staff"]}),
    ],
)
def test_each_scope_stands_for_its_claims(place, described, everything, scope, expected):
    assert userinfo(place, everything, scope=scope) == expected


@pytest.mark.parametrize("name", [name for name in claims_.CLAIMS if name != "groups"])
def test_each_claim_can_be_asked_for_by_itself(place, described, everything, name):
    wish = json.dumps({"id_token": {name: None}, "userinfo": {name: {"essential": True}}})
    tokens = place.tokens(place.browser(), everything, scope="openid", claims=wish)
    expected = (PROFILE | EMAIL | PHONE | ADDRESS)[name]

    assert claims(tokens["id_token"])[name] == expected
    assert place.userinfo(tokens["access_token"]).json == {"sub": claims(tokens["id_token"])["sub"], name: expected}


@pytest.mark.parametrize("withheld", [*ATTRIBUTES, "given_name", "updated_at", "email", "groups"])
def test_x24_policy_withholds_each(place, described, everything, withheld):
    before = userinfo(place, everything, scope=ALL)
    kept = ["email", "name", "given_name", "family_name", "groups", "updated_at", *ATTRIBUTES]
    kept.remove(withheld)
    with place.work() as work:
        policies.set_application_release(work, everything.application_id, kept)
    after = userinfo(place, everything, scope=ALL)

    if withheld.startswith("address_"):
        [member] = [m for m, name in claims_.ADDRESS_ATTRIBUTES.items() if name == withheld]
        assert after["address"] == {m: v for m, v in before["address"].items() if m != member}
    else:
        gone = {withheld, f"{withheld}_verified"} & before.keys()
        assert after == {name: value for name, value in before.items() if name not in gone}
        assert gone


def test_what_the_organization_says_nothing_of_stays_here(place, everything):
    """Without a policy of its own an organization releases address, name and groups (threats X24)."""
    with place.work() as work:
        accounts.set_attributes(work, ANN, {name: [value] for name, value in ATTRIBUTES.items()})

    assert set(userinfo(place, everything, scope=ALL)) == {"name", "email", "email_verified", "groups"}


def test_who_has_none_has_no_address_and_no_verified_number(place, everything):
    with place.work() as work:
        policies.set_organization_release(work, "acme", ["phone_number", "address_street", "nickname"])

    assert userinfo(place, everything, scope=ALL) == {}


@pytest.mark.parametrize("forged", ["phone_number_verified", "address", "updated_at", "department"])
def test_o26_a_claim_that_we_make_is_not_made_of_an_attribute_of_its_name(place, everything, forged):
    with place.work() as work:
        accounts.set_attributes(work, ANN, {forged: ["forged"]})
        policies.set_organization_release(work, "acme", [forged, "email"])

    assert "forged" not in userinfo(place, everything, scope=ALL).values()


def test_updated_at_is_when_something_was_last_said_of_the_person(place, everything):
    with place.work() as work:
        policies.set_organization_release(work, "acme", ["updated_at"])
    at = int(NOON.timestamp())
    assert userinfo(place, everything, scope=ALL) == {"updated_at": at}

    place.later(minutes=5)
    with place.work() as work:
        accounts.set_attributes(work, ANN, {"nickname": ["Annie"]})
    place.later(minutes=5)
    with place.work() as work:
        accounts.set_attributes(work, ANN, {"nickname": ["Annie"]})  # changes nothing

    assert userinfo(place, everything, scope=ALL) == {"updated_at": at + 300}


def test_an_account_of_an_earlier_release_was_updated_when_it_was_made(place, everything):
    with place.work() as work:
        policies.set_organization_release(work, "acme", ["updated_at"])
        account = place.account(work)
        account.updated_at = None

    assert userinfo(place, everything, scope=ALL) == {"updated_at": int(NOON.timestamp())}


def test_discovery_names_exactly_these(place):
    said = place.app.test_client().get("/sites/acme/.well-known/openid-configuration").json

    assert {"phone", "address", "profile", "email"} <= set(said["scopes_supported"])
    assert set(said["claims_supported"]) == {
        *("sub", "auth_time", "acr", "amr", "sid"),
        *PROFILE,
        *EMAIL,
        *PHONE,
        *ADDRESS,
        "groups",
    }


@pytest.mark.parametrize(
    ("scope", "sentence", "value"),
    [
        ("openid phone", "your telephone number", "+49 30 123456;ext=7"),
        ("openid address", "your postal address", "12345"),
        ("openid profile", "what else your profile says about you", "Annie"),
    ],
)
def test_consent_says_in_words_what_is_asked_for_and_shows_it(place, described, scope, sentence, value):
    client = place.register(first_party=False, scope=ALL)
    browser = place.browser()
    page = browser.get(place.authorize(browser, client, scope=scope).headers["Location"])
    shown = html.fromstring(page.text).xpath("string(//ul[@class='receives'])")

    assert sentence in shown
    assert value in shown
