"""The OAuth 2.1 Authorization Framework (draft-ietf-oauth-v2-1): what it makes of OAuth 2.0, held to by every client."""

import pytest

from tests.oidc.support import CHALLENGE, VERIFIER, answered

TOKEN = "/sites/acme/oauth2/token"


def test_section_3_1_a_parameter_without_a_value_was_not_sent(place, client, browser):
    assert "code" in answered(place.authorize(browser, client, prompt="", claims="", max_age=""))


def test_section_3_1_parameters_that_nobody_knows_are_passed_over(place, client, browser):
    assert "code" in answered(place.authorize(browser, client, colour="green"))
    assert place.token(client, grant_type="refresh_token", refresh_token="x", colour="green").json["error"] == (
        "invalid_grant"
    )


@pytest.mark.parametrize("name", ["scope", "state", "response_type", "nonce", "code_challenge"])
def test_section_3_1_no_parameter_comes_twice(place, client, browser, name):
    from tests.oidc.support import request

    pairs = [*request(client).items(), (name, "x")]

    refused = browser.get("/sites/acme/oauth2/authorize", query_string=pairs)

    assert answered(refused)["error"] == "invalid_request"


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_section_3_2_the_token_endpoint_takes_post_alone(place, method):
    refused = getattr(place.app.test_client(), method)(TOKEN)

    assert refused.status_code == 405


def test_section_3_2_it_takes_a_form_alone(place, client):
    refused = place.app.test_client().post(TOKEN, json={"grant_type": "client_credentials"}, headers=client.basic)

    assert (refused.status_code, refused.json["error"]) == (400, "invalid_request")


def test_section_3_2_nothing_of_it_is_kept_by_a_cache(place, client, browser):
    good = place.redeem(client, place.code(browser, client))
    bad = place.token(client, grant_type="x")

    assert good.headers["Cache-Control"] == bad.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["plain", "s256", None, "S512"])
def test_section_4_1_1_s256_is_the_method(place, client, browser, method):
    assert answered(place.authorize(browser, client, code_challenge_method=method))["error"] == "invalid_request"


@pytest.mark.parametrize("verifier", [None, "", CHALLENGE, VERIFIER[:42], VERIFIER + "é", VERIFIER.upper(), "x" * 129])
def test_section_4_1_3_the_verifier_is_the_one_of_the_challenge(place, client, browser, verifier):
    code = place.code(browser, client)

    assert place.redeem(client, code, code_verifier=verifier).json["error"] == "invalid_grant"


def test_section_4_1_3_a_code_is_used_once(place, client, browser):
    code = place.code(browser, client)
    tokens = place.redeem(client, code).json

    assert place.redeem(client, code).json["error"] == "invalid_grant"
    assert place.userinfo(tokens["access_token"]).status_code == 401


def test_section_4_3_1_a_refresh_token_that_was_followed_by_another_is_over(place, public, browser):
    first = place.tokens(browser, public)["refresh_token"]
    assert place.refresh(public, first).status_code == 200

    assert place.refresh(public, first).json["error"] == "invalid_grant"


def test_section_10_there_is_neither_the_implicit_nor_the_password_grant(place, client, browser):
    """Answers with tokens are for clients whose registration names them, and an access token never comes alone."""
    for response_type, error in (("token", "unsupported_response_type"), ("id_token token", "unauthorized_client")):
        refused = place.authorize(browser, client, response_type=response_type)
        assert answered(refused, fragment=True)["error"] == error
    assert place.token(client, grant_type="password").json["error"] == "unsupported_grant_type"
