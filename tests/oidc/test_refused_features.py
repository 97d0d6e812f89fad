"""O17, O30, O33, O36: what is not offered is refused at every door, and reached by no path."""

import pytest

from tests.oidc.support import answered


@pytest.mark.parametrize(
    "response_type",
    [
        "token",
        "id_token",
        "id_token token",
        "code token",
        "code id_token",
        "code id_token token",
        "none",
        "CODE",
        "code code",
        "device_code",
    ],
)
def test_o30_only_codes_are_answered(place, client, browser, response_type):
    location = place.authorize(browser, client, response_type=response_type).headers["Location"]

    assert (
        answered(place.authorize(browser, client, response_type=response_type))["error"] == "unsupported_response_type"
    )
    assert "#" not in location


@pytest.mark.parametrize("mode", ["fragment", "jwt", "query.jwt", "form_post.jwt", "web_message", "", "QUERY"])
def test_o30_no_code_travels_in_a_fragment(place, client, browser, mode):
    found = answered(place.authorize(browser, client, response_mode=mode))

    assert ("code" in found) is (mode == "")


@pytest.mark.parametrize(
    "grant_type",
    [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "urn:openid:params:grant-type:ciba",
        "Authorization_Code",
        "authorization_code ",
        "__class__",
    ],
)
def test_o30_o36_no_other_grant_type(place, client, grant_type):
    refused = place.token(client, grant_type=grant_type, username="ann", password="x", subject_token="x", assertion="x")

    assert refused.status_code == 400
    assert refused.json["error"] == "unsupported_grant_type"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ],
)
@pytest.mark.parametrize(
    "value", ["http://127.0.0.1:1/x", "https://rp.example/r.jwt", "urn:ietf:params:oauth:request_uri:x", "a.b.c"]
)
def test_o17_o33_requests_by_value_or_address_are_refused_and_never_fetched(
    place, client, browser, monkeypatch, name, error, value
):
    called = []
    monkeypatch.setattr("idp.base.egress.fetch", lambda *a, **k: called.append(a))

    assert answered(place.authorize(browser, client, **{name: value}))["error"] == error
    assert called == []


@pytest.mark.parametrize("path", ["par", "device", "register", "ciba", "bc-authorize"])
def test_o19_o33_there_is_no_such_endpoint(place, path):
    for below in (f"/sites/acme/oauth2/{path}", f"/sites/acme/{path}"):
        assert place.app.test_client().post(below).status_code == 404
