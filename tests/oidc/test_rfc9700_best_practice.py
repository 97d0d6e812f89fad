"""RFC 9700: the best current practice of OAuth 2.0 security, clause by clause, as a client registered without a wish has it."""

import pytest

from tests.oidc.support import CALLBACK, ISSUER, VERIFIER, answered, claims


def test_section_2_1_an_address_is_compared_octet_by_octet(place, client, browser):
    refused = place.authorize(browser, client, redirect_uri=f"{CALLBACK}/")

    assert refused.status_code == 400
    assert "Location" not in refused.headers


def test_section_2_1_1_a_code_is_bound_to_a_challenge(place, client, public, browser):
    for asking in (client, public):
        refused = answered(place.authorize(browser, asking, code_challenge=None, code_challenge_method=None))
        assert refused["error"] == "invalid_request"


def test_section_2_1_2_no_token_travels_in_an_address(place, client, browser):
    for response_type in ("token", "id_token", "id_token token", "code token", "code id_token"):
        refused = place.authorize(browser, client, response_type=response_type)
        assert "access_token=" not in refused.headers["Location"]
        assert "id_token=" not in refused.headers["Location"].replace("response_type", "")
        assert "error=" in refused.headers["Location"]


def test_section_2_2_2_refresh_tokens_of_public_clients_rotate(place, public, browser):
    first = place.tokens(browser, public)["refresh_token"]
    second = place.refresh(public, first).json["refresh_token"]

    assert second != first
    assert place.refresh(public, first).json["error"] == "invalid_grant"
    assert place.refresh(public, second).json["error"] == "invalid_grant", "the thief and the owner are both stopped"


def test_section_2_3_an_access_token_is_for_one_audience_and_what_was_asked(place, client, browser):
    said = claims(place.tokens(browser, client, scope="openid email")["access_token"])

    assert said["aud"] == ISSUER
    assert said["scope"] == "openid email"


@pytest.mark.parametrize("grant_type", ["password", "urn:ietf:params:oauth:grant-type:jwt-bearer", "implicit", "x"])
def test_section_2_4_the_password_of_a_person_is_no_grant(place, client, grant_type):
    refused = place.token(client, grant_type=grant_type, username="ann@acme.example", password="x")

    assert refused.json["error"] in ("unsupported_grant_type", "unauthorized_client")


def test_section_2_5_asymmetric_client_authentication_is_offered(place):
    said = place.app.test_client().get("/sites/acme/.well-known/openid-configuration").json

    assert "private_key_jwt" in said["token_endpoint_auth_methods_supported"]
    assert "client_secret_jwt" not in said["token_endpoint_auth_methods_supported"]


def test_section_4_2_4_no_page_tells_where_it_came_from(place, client):
    asked = place.authorize(place.app.test_client(), client)
    page = place.app.test_client().get(asked.headers["Location"])

    assert asked.headers["Referrer-Policy"] == page.headers["Referrer-Policy"] == "no-referrer"


def test_section_4_4_2_every_answer_names_its_issuer(place, client, browser):
    good = answered(place.authorize(browser, client))
    bad = answered(place.authorize(browser, client, scope="nothing-known"))

    assert good["iss"] == bad["iss"] == ISSUER


def test_section_4_5_3_a_code_of_one_sign_on_does_not_fit_another(place, client, browser):
    code = place.code(browser, client)

    assert place.redeem(client, code, code_verifier="x" * 43).json["error"] == "invalid_grant"
    assert place.redeem(client, code).status_code == 200


def test_section_4_8_2_a_verifier_without_a_challenge_is_refused(place, browser):
    excused = place.register(pkce_required=False)
    code = place.code(browser, excused, code_challenge=None, code_challenge_method=None)

    assert place.redeem(excused, code, code_verifier=VERIFIER).json["error"] == "invalid_grant"
    assert place.redeem(excused, code, code_verifier=None).status_code == 200


def test_section_4_11_2_we_are_no_open_redirector(place, client, browser):
    for changes in ({"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}, {"redirect_uri": None}):
        assert "Location" not in place.authorize(browser, client, **changes).headers


def test_section_4_12_no_redirect_repeats_a_post(place, client, browser):
    answers = [
        place.authorize(browser, client),
        browser.post("/sites/acme/oauth2/authorize", data={"client_id": client.client_id, "redirect_uri": CALLBACK}),
    ]

    assert {answer.status_code for answer in answers} == {303}


def test_section_4_15_a_client_is_never_taken_for_a_person(place, browser, client):
    machine = place.register(grant_types=["client_credentials"], redirect_uris=[], scope="reports")
    person = claims(place.tokens(browser, client)["access_token"])["sub"]

    own = place.token(machine, grant_type="client_credentials").json["access_token"]

    assert claims(own)["sub"] == machine.client_id
    assert person.startswith("sub_")
    assert not machine.client_id.startswith("sub_"), "nobody chooses a client_id, and its form is another"
    assert place.userinfo(own).status_code == 403


def test_section_4_16_no_page_of_ours_stands_in_a_frame(place, client):
    asked = place.authorize(place.app.test_client(), client)
    page = place.app.test_client().get(asked.headers["Location"])

    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
