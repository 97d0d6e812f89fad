"""OpenID Provider certification plan Third-Party-Initiated Login: both of its modules, by registration."""

import pytest

from tests.conformance.support import Suite, Variant, agree
from tests.oidc.registration import allow, as_client, manage, register, registered
from tests.oidc.support import CALLBACK
from tests.oidc.test_third_party_initiated_login import tile

START = "https://rp.example/login"


@pytest.fixture
def offered(certified):
    allow(certified, "open", registered_clients_open_to_everyone=True, registered_clients_may_be_legacy=True)
    return certified


def described(variant: Variant, **changes):
    return {
        "client_name": "Relying party under test",
        "redirect_uris": [CALLBACK],
        "response_types": [variant.response_type],
        "grant_types": variant.grant_types,
        "token_endpoint_auth_method": "client_secret_basic",
    } | changes


def test_oidcc_3rd_party_init_login(offered, variant):
    """The answer has it, reading the registration brings it, and the launcher starts there."""
    made = registered(offered, **described(variant, initiate_login_uri=START))
    read = manage(offered, "GET", made)
    browser = offered.browser()

    assert made["initiate_login_uri"] == START
    assert read.status_code == 200
    assert read.mimetype == "application/json"
    assert read.json["initiate_login_uri"] == START
    assert tile(browser).startswith(f"{START}?iss=http")
    suite = Suite(offered, variant)
    suite.client = as_client(offered, made)
    assert suite.arrive(suite.answer(agree(browser, suite.ask(browser)))).answer["state"] == "st4te"
    assert manage(offered, "DELETE", made).status_code == 204


def test_oidcc_3rd_party_init_login_nohttps(offered, variant):
    refused = register(offered, **described(variant, initiate_login_uri=START.replace("https:", "http:")))

    assert refused.status_code == 400
    assert refused.mimetype == "application/json"
    assert refused.json["error"] == "invalid_client_metadata"


def pytest_generate_tests(metafunc):
    """The plan lets whoever is certified choose the response type."""
    if "variant" in metafunc.fixturenames:
        kinds = ("code", "id_token", "id_token token", "code id_token", "code token", "code id_token token")
        metafunc.parametrize("variant", [Variant(kind) for kind in kinds], ids=str)
