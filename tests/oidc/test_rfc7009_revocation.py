"""RFC 7009: a client takes back its own tokens (O23)."""

import pytest

from idp.oidc import apis
from tests.oidc.support import claims, reference


def revoke(place, client, token, headers=None, **form):
    headers = client.basic if headers is None and client.secret else headers or {}
    form = form if client.secret else {"client_id": client.client_id} | form
    return place.app.test_client().post("/sites/acme/oauth2/revoke", data={"token": token, **form}, headers=headers)


@pytest.fixture
def tokens(place, client, browser):
    return place.tokens(browser, client)


def test_a_refresh_token_takes_everything_of_its_grant_with_it(place, client, tokens):
    answer = revoke(place, client, tokens["refresh_token"])

    assert (answer.status_code, answer.data) == (200, b"")
    assert place.refresh(client, tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert place.userinfo(tokens["access_token"]).status_code == 401
    assert [entry.details["cause"] for entry in place.audited("token.revoked")] == ["revoked by the client"]


def test_an_access_token_goes_alone(place, client, tokens):
    assert revoke(place, client, tokens["access_token"]).status_code == 200

    assert place.userinfo(tokens["access_token"]).status_code == 401
    assert place.introspect(client, tokens["access_token"]) == {"active": False}
    assert place.refresh(client, tokens["refresh_token"]).status_code == 200


def test_a_token_of_a_client_for_itself_can_be_revoked(place):
    robot = place.register(grant_types=["client_credentials"], scope="reports", redirect_uris=[])
    token = place.token(robot, grant_type="client_credentials").json["access_token"]
    revoke(place, robot, token)

    assert place.introspect(robot, token) == {"active": False}


def test_a_public_client_revokes_too(place, public, browser):
    tokens = place.tokens(browser, public)

    assert revoke(place, public, tokens["refresh_token"]).status_code == 200
    assert place.userinfo(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_o23_anothers_token_stays_as_it_is(place, client, tokens, kind):
    other = place.register(client_name="Other")

    assert revoke(place, other, tokens[kind]).status_code == 200
    assert place.userinfo(tokens["access_token"]).status_code == 200
    assert place.refresh(client, tokens["refresh_token"]).status_code == 200
    assert place.audited("token.revoked") == []


@pytest.mark.parametrize("token", ["x", "rfr_" + "a" * 43, "a.b.c", "ü"])
def test_what_is_no_token_is_no_error(place, client, token):
    """Section 2.2: an invalid token is as good as revoked."""
    assert revoke(place, client, token).status_code == 200


def test_twice_is_as_good_as_once(place, client, tokens):
    for _ in range(2):
        for kind in ("access_token", "refresh_token"):
            assert revoke(place, client, tokens[kind]).status_code == 200
    assert len(place.audited("token.revoked")) == 2


def test_a_wrong_hint_is_only_a_hint(place, client, tokens):
    assert revoke(place, client, tokens["refresh_token"], token_type_hint="access_token").status_code == 200
    assert place.refresh(client, tokens["refresh_token"]).status_code == 400


def test_the_client_must_prove_itself(place, client, tokens):
    refused = revoke(place, client, tokens["refresh_token"], headers={"Authorization": "Basic " + "A" * 40})

    assert refused.status_code == 401
    assert refused.json["error"] == "invalid_client"
    assert place.refresh(client, tokens["refresh_token"]).status_code == 200


def test_the_token_must_be_there(place, client):
    refused = revoke(place, client, "")

    assert refused.json["error"] == "invalid_request"
    assert place.attempt(reference(refused)).kind == "oidc.revoke"


def test_only_the_fingerprint_of_what_was_revoked_is_kept(place, client, tokens):
    revoke(place, client, tokens["access_token"])
    with place.work() as work:
        row = work.tx.connection.exec_driver_sql("SELECT token_id FROM revoked_tokens").one()

    assert row[0] == claims(tokens["access_token"])["jti"]


@pytest.mark.parametrize("form", ["jwt", "opaque"])
def test_o22_o23_what_was_revoked_while_it_was_good_for_nothing_stays_revoked(place, client, browser, form):
    """Section 2.2: the client was told that its token is not good any more, whatever comes back afterwards."""
    api = place.api("https://api.example/orders", "orders:read", to=[client], token_format=form)
    token = place.tokens(browser, client, scope="orders:read")["access_token"]
    with place.work() as work:
        apis.disable(work, api.identifier)

    assert revoke(place, client, token).status_code == 200
    with place.work() as work:
        apis.enable(work, api.identifier)

    assert place.introspect(client, token) == {"active": False}
    assert len(place.audited("token.revoked")) == 1
