"""RFC 7662: what a token is now, told to its own client only (O23)."""

import pytest

from tests.oidc.support import ISSUER, claims, reference

INACTIVE = {"active": False}


@pytest.fixture
def tokens(place, client, browser):
    return place.tokens(browser, client)


def test_an_access_token_of_the_client(place, client, tokens):
    said = claims(tokens["access_token"])

    assert place.introspect(client, tokens["access_token"]) == {
        "active": True,
        "scope": "openid profile email",
        "client_id": client.client_id,
        "token_type": "Bearer",
        "exp": said["exp"],
        "iat": said["iat"],
        "sub": said["sub"],
        "aud": ISSUER,
        "iss": ISSUER,
        "jti": said["jti"],
        "acr": "https://refeds.org/profile/mfa",
        "auth_time": said["iat"],
    }


def test_a_refresh_token_of_the_client(place, client, tokens):
    found = place.introspect(client, tokens["refresh_token"])

    assert found["active"]
    assert found["sub"] == claims(tokens["access_token"])["sub"]
    assert "jti" not in found


@pytest.mark.parametrize("kind", ["access_token", "refresh_token", "id_token"])
def test_o23_nobody_else_learns_anything(place, client, tokens, kind):
    assert place.introspect(place.register(client_name="Other"), tokens[kind]) == INACTIVE


@pytest.mark.parametrize("token", ["x", "a.b.c", "rfr_" + "a" * 43, "ü" * 10])
def test_what_is_no_token_is_not_active(place, client, token):
    assert place.introspect(client, token) == INACTIVE


def test_a_used_refresh_token_is_not_active_and_asking_ends_nothing(place, client, tokens):
    second = place.refresh(client, tokens["refresh_token"]).json

    assert place.introspect(client, tokens["refresh_token"]) == INACTIVE
    assert place.introspect(client, second["refresh_token"])["active"]


@pytest.mark.parametrize(("minutes", "active"), [(10, True), (11, False)])
def test_time_ends_it(place, client, tokens, minutes, active):
    """With a minute of skew, as everywhere a time in a token is read."""
    place.later(minutes=minutes)

    assert place.introspect(client, tokens["access_token"])["active"] is active


def test_o23_a_public_client_cannot_ask(place, public, browser):
    token = place.tokens(browser, public)["access_token"]
    refused = place.app.test_client().post(
        "/sites/acme/oauth2/introspect", data={"token": token, "client_id": public.client_id}
    )

    assert refused.status_code == 401
    assert place.attempt(reference(refused)).cause == "a public client cannot introspect"


def test_o25_the_token_is_not_asked_for_in_an_address(place, client, tokens):
    post = place.app.test_client().post
    query = {"token": tokens["access_token"]}

    assert post("/sites/acme/oauth2/introspect", query_string=query, headers=client.basic).status_code == 400
    assert place.app.test_client().get("/sites/acme/oauth2/introspect", query_string=query).status_code == 405


def test_the_answer_is_not_kept(place, client, tokens):
    answer = place.app.test_client().post(
        "/sites/acme/oauth2/introspect", data={"token": tokens["access_token"]}, headers=client.basic
    )

    assert answer.headers["Cache-Control"] == "no-store"


def test_the_token_must_be_there(place, client):
    refused = place.app.test_client().post("/sites/acme/oauth2/introspect", data={}, headers=client.basic)

    assert refused.json["error"] == "invalid_request"
    assert place.attempt(reference(refused)).kind == "oidc.introspect"
