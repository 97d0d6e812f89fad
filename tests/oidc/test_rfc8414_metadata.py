"""RFC 8414: the authorization server's metadata, at its own address and in its own words."""

import pytest

from tests.oidc.support import BASE_URL, ISSUER

WELL_KNOWN = "/.well-known/oauth-authorization-server/sites/acme"


@pytest.fixture
def said(place) -> dict:
    return place.app.test_client().get(WELL_KNOWN).json


def test_section_3_1_the_well_known_part_stands_between_host_and_path(place, said):
    assert said["issuer"] == ISSUER
    assert place.app.test_client().get("/sites/acme/.well-known/oauth-authorization-server").status_code == 404


def test_section_3_2_it_is_json_and_has_no_empty_list(place, said):
    answer = place.app.test_client().get(WELL_KNOWN)

    assert answer.mimetype == "application/json"
    assert all(value not in ([], None, "") for value in said.values())


def test_section_3_3_the_issuer_is_the_address_that_it_was_asked_at(place):
    for site in ("acme", "acme-eu"):
        found = place.app.test_client().get(f"/.well-known/oauth-authorization-server/sites/{site}").json
        assert found["issuer"] == f"{BASE_URL}/sites/{site}"


def test_section_2_every_endpoint_is_below_the_issuer(said):
    assert all(value.startswith(f"{ISSUER}/") for name, value in said.items() if name.endswith(("_endpoint", "_uri")))


def test_section_2_no_endpoint_takes_none_as_an_algorithm_of_clients(said):
    for name, value in said.items():
        if name.endswith("endpoint_auth_signing_alg_values_supported"):
            assert "none" not in value


def test_section_5_it_says_the_same_as_openid_connect_discovery(place, said):
    assert place.app.test_client().get("/sites/acme/.well-known/openid-configuration").json == said


def test_an_unknown_site_has_none(place):
    assert place.app.test_client().get("/.well-known/oauth-authorization-server/sites/nobody").status_code == 404
