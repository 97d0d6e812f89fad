"""RFC 6749 section 2.3, OpenID Connect Core section 9: who calls (O12)."""

import base64

import pytest

from idp.oidc import client_auth
from tests.oidc.assertions import KEYS, MACHINE, assertion
from tests.oidc.support import reference

METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


@pytest.fixture
def keyed(place):
    return place.register(token_endpoint_auth_method="private_key_jwt", jwks=KEYS, **MACHINE)


def call(place, client, token, **changes):
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": client_auth.ASSERTION_TYPE,
        "client_assertion": token,
    }
    return place.token(client, headers={}, **(form | changes))


def presented(client, method, place):
    """How *client* would present itself by *method*: headers and form."""
    secret = client.secret or "cls_" + "a" * 43
    return {
        "client_secret_basic": (basic(client.client_id, secret), {}),
        "client_secret_post": ({}, {"client_id": client.client_id, "client_secret": secret}),
        "private_key_jwt": (
            {},
            {"client_assertion_type": client_auth.ASSERTION_TYPE, "client_assertion": assertion(client)},
        ),
        "none": ({}, {"client_id": client.client_id}),
        "empty secret": ({}, {"client_id": client.client_id, "client_secret": ""}),
        "empty basic": (basic(client.client_id, ""), {}),
        "wrong secret": (basic(client.client_id, "cls_" + "b" * 43), {}),
    }[method]


@pytest.mark.parametrize("registered", METHODS)
@pytest.mark.parametrize("sent", [*METHODS, "empty secret", "empty basic", "wrong secret"])
def test_o12_only_the_registered_method_counts(place, registered, sent):
    client = place.register(token_endpoint_auth_method=registered, jwks=KEYS)
    headers, form = presented(client, sent, place)

    answer = place.app.test_client().post(
        "/sites/acme/oauth2/token", data={"grant_type": "refresh_token", "refresh_token": "x", **form}, headers=headers
    )

    assert answer.json["error"] == ("invalid_grant" if sent == registered else "invalid_client")


@pytest.mark.parametrize("first", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
@pytest.mark.parametrize("second", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_o12_two_methods_at_once_are_none(place, first, second):
    if first == second:
        return
    client = place.register(token_endpoint_auth_method=first, jwks=KEYS)
    (one_header, one_form), (other_header, other_form) = (presented(client, m, place) for m in (first, second))

    answer = place.app.test_client().post(
        "/sites/acme/oauth2/token",
        data={"grant_type": "refresh_token", "refresh_token": "x", **one_form, **other_form},
        headers={**one_header, **other_header},
    )

    assert answer.json["error"] == "invalid_request"


def test_o12_the_request_names_one_client(place, client):
    other = place.register(client_name="Other")

    assert place.token(client, grant_type="refresh_token", client_id=other.client_id).json["error"] == "invalid_request"
    assert place.token(client, grant_type="refresh_token", client_id=client.client_id).json["error"] != "invalid_client"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"cli_%zz:x").decode(),
        "Basic " + base64.b64encode(b"cli_%ff:x").decode(),
        "Basic " + base64.b64encode("cli_ü:x".encode()).decode(),
        "Basic " + base64.b64encode(b"cli_x%00:x").decode(),
        "Basic " + base64.b64encode(b"a:b").decode().rstrip("="),
        "Basic " + base64.b64encode(b"a" * 2000 + b":b").decode(),
        "Bearer cli_x",
        "Digest x",
    ],
)
def test_o12_a_header_that_is_not_basic_is_refused(place, client, header):
    answer = place.token(client, headers={"Authorization": header}, grant_type="refresh_token", refresh_token="x")

    assert answer.json["error"] == "invalid_client"
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_the_halves_of_basic_are_form_encoded(place, client):
    escaped = "".join(f"%{byte:02x}" for byte in client.secret.encode())

    answer = place.token(
        client, headers=basic(client.client_id, escaped), grant_type="refresh_token", refresh_token="x"
    )

    assert answer.json["error"] == "invalid_grant"


def test_nobody_learns_whether_a_client_exists(place, client):
    unknown = place.token(client, headers=basic("cli_" + "a" * 26, "x"), grant_type="refresh_token")
    wrong = place.token(client, headers=basic(client.client_id, "x"), grant_type="refresh_token")

    def without_reference(answer):
        return answer.text.replace(reference(answer), "")

    assert without_reference(unknown) == without_reference(wrong)
    assert (unknown.status_code, unknown.headers["WWW-Authenticate"]) == (
        wrong.status_code,
        wrong.headers["WWW-Authenticate"],
    )
    assert place.attempt(reference(unknown)).cause != place.attempt(reference(wrong)).cause


def test_a_public_client_says_who_it_is(place, public):
    assert place.token(public, grant_type="refresh_token", client_id="").json["error"] == "invalid_client"
