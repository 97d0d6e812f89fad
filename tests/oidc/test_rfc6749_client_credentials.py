"""RFC 6749 section 4.4, RFC 9068: a client for itself."""

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.oidc.support import ISSUER, claims, header


@pytest.fixture
def robot(place):
    return place.register(
        client_name="Robot",
        grant_types=["client_credentials"],
        scope="reports:read reports:write openid",
        redirect_uris=[],
    )


def ask(place, client, **changes):
    return place.token(client, grant_type="client_credentials", **changes)


def test_it_gets_an_access_token_and_nothing_else(place, robot):
    answer = ask(place, robot)

    assert answer.status_code == 200
    assert set(answer.json) == {"access_token", "token_type", "expires_in", "scope"}
    assert answer.json["scope"] == "reports:read reports:write"


def test_rfc9068_the_access_token_is_a_jwt_of_its_own_type(place, robot):
    token = ask(place, robot, scope="reports:read").json["access_token"]
    now = int(place.now.timestamp())
    said = claims(token)

    assert header(token)["typ"] == "at+jwt"
    assert header(token)["alg"] == "ES256"
    assert said.pop("jti").startswith("tok_")
    assert said == {
        "iss": ISSUER,
        "sub": robot.client_id,
        "aud": ISSUER,
        "client_id": robot.client_id,
        "iat": now,
        "exp": now + 600,
        "scope": "reports:read",
    }


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_a_client_chooses_among_our_algorithms(place, alg):
    client = place.register(
        grant_types=["client_credentials"], scope="reports", redirect_uris=[], access_token_signed_response_alg=alg
    )
    token = ask(place, client).json["access_token"]
    published = KeySet.import_key_set(place.app.test_client().get("/sites/acme/oauth2/jwks").json)

    assert jwt.decode(token, published, algorithms=[alg]).claims["sub"] == client.client_id


@pytest.mark.parametrize(
    "scope",
    [
        "admin",
        "reports:read admin",
        "openid",
        "profile",
        "reports:*",
        "REPORTS:READ",
        '"',
        "x" * 1100,
        " ".join(map(str, range(51))),
    ],
)
def test_o20_it_gets_no_scope_that_it_is_not_registered_for(place, robot, scope):
    """A scope that speaks of a person is none for a client by itself, registered or not."""
    refused = ask(place, robot, scope=scope)

    assert refused.status_code == 400
    assert refused.json["error"] == "invalid_scope"


def test_o20_a_huge_scope_costs_nothing(place, robot):
    import time

    began = time.process_time()
    refused = place.app.test_client().post(
        "/sites/acme/oauth2/token",
        data=b"grant_type=client_credentials&scope=" + b"a+" * 30000,
        headers={**robot.basic, "Content-Type": "application/x-www-form-urlencoded"},
    )

    assert refused.json["error"] == "invalid_request"
    assert time.process_time() - began < 0.25


@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
def test_o20_it_uses_only_the_grant_types_it_is_registered_for(place, robot, grant_type):
    assert place.token(robot, grant_type=grant_type).json["error"] == "unauthorized_client"


def test_o20_nor_does_a_client_of_people_act_for_itself(place, client):
    assert ask(place, client).json["error"] == "unauthorized_client"


def test_its_token_opens_no_userinfo(place, robot):
    refused = place.userinfo(ask(place, robot).json["access_token"])

    assert refused.status_code == 403
    assert refused.json["error"] == "insufficient_scope"
    assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]
    assert 'scope="openid"' in refused.headers["WWW-Authenticate"]


def test_every_issuance_is_recorded(place, robot):
    token = ask(place, robot, scope="reports:read").json["access_token"]
    (entry,) = place.audited("token.issued")

    assert entry.target_id == robot.application_id
    assert entry.details["token_id"] == claims(token)["jti"]
    assert entry.details["scope"] == "reports:read"
    assert place.attempts()[-1].outcome == "succeeded"
