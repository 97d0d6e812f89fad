"""O17, O30, O36: what is not offered is refused at every door, and reached by no path."""

import pytest

from tests.oidc.support import answered


@pytest.mark.parametrize(
    "response_type", ["none", "CODE", "code code", "device_code", "code  ", "Token", "code,token", "code+token"]
)
def test_o30_no_other_answer_than_a_code_or_a_token(place, client, browser, response_type):
    found = answered(place.authorize(browser, client, response_type=response_type))

    assert found["error"] == "unsupported_response_type"


@pytest.mark.parametrize("response_type", ["token", "token token", "code none token", "token id_token id_token"])
def test_o30_an_access_token_never_comes_alone(place, client, browser, response_type):
    found = answered(place.authorize(browser, client, response_type=response_type), fragment=True)

    assert found["error"] == "unsupported_response_type"


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


@pytest.mark.parametrize("value", ["http://127.0.0.1:1/x", "https://rp.example/r.jwt", "{}", "a.b.c"])
def test_o17_a_client_does_not_describe_itself_in_a_request(place, client, browser, monkeypatch, value):
    called = []
    monkeypatch.setattr("idp.base.egress.fetch", lambda *a, **k: called.append(a))

    assert answered(place.authorize(browser, client, registration=value))["error"] == "registration_not_supported"
    assert called == []


@pytest.mark.parametrize("path", ["device", "register", "ciba", "bc-authorize"])
def test_o19_there_is_no_such_endpoint(place, path):
    for below in (f"/sites/acme/oauth2/{path}", f"/sites/acme/{path}"):
        assert place.app.test_client().post(below).status_code == 404
