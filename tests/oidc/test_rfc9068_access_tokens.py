"""RFC 9068: JSON Web Token Profile for OAuth 2.0 Access Tokens; and opaque ones, which say nothing themselves."""

import base64
import hashlib
from datetime import timedelta

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.oidc import api_scopes, apis, housekeeping
from idp.oidc.contexts import SECOND_STEP
from idp.oidc.models import Grant, OpaqueToken
from tests.oidc.support import ANN, ISSUER, NOON, claims, header
from tests.oidc.test_rfc7009_revocation import revoke

ORDERS, READ = "https://api.example/orders", "orders:read"
FORMATS = ["jwt", "opaque"]
INACTIVE = {"active": False}


@pytest.fixture
def opaque(place, client):
    return place.api(ORDERS, READ, to=[client], token_format="opaque")


def test_an_access_token_says_what_the_profile_has_and_its_grant(place, client, browser):
    """Section 2.2; ``grant_id`` is by what we find the sign-on again."""
    place.api(ORDERS, READ, to=[client])
    token = place.tokens(browser, client, scope=READ)["access_token"]
    said = claims(token)

    assert header(token)["typ"] == "at+jwt"
    assert said == {
        "iss": ISSUER,
        "sub": said["sub"],
        "aud": ORDERS,
        "client_id": client.client_id,
        "iat": int(NOON.timestamp()),
        "exp": int(NOON.timestamp()) + 600,
        "jti": said["jti"],
        "scope": READ,
        "auth_time": int(NOON.timestamp()),
        "acr": SECOND_STEP,
        "grant_id": said["grant_id"],
    }


def test_a_clients_own_speaks_of_no_sign_on(place):
    robot = place.register(grant_types=["client_credentials"], scope="", redirect_uris=[])
    place.api(ORDERS, READ, to=[robot])
    said = claims(place.token(robot, grant_type="client_credentials", scope=READ).json["access_token"])

    assert said["sub"] == said["client_id"] == robot.client_id
    assert not {"auth_time", "acr", "amr", "grant_id"} & said.keys()


def test_an_api_verifies_it_with_what_we_publish(place, client, browser):
    place.api(ORDERS, READ, to=[client])
    token = place.tokens(browser, client, scope=READ)["access_token"]
    keys = KeySet.import_key_set(place.app.test_client().get("/sites/acme/oauth2/jwks").json)

    assert jwt.decode(token, keys, algorithms=["RS256", "ES256"]).claims["aud"] == ORDERS


# Opaque ones


def test_an_opaque_token_says_nothing(place, client, browser, opaque):
    found = place.tokens(browser, client, scope=READ)

    assert found["access_token"].startswith("opq_")
    assert len(found["access_token"]) == 47
    assert (found["expires_in"], found["scope"], found["token_type"]) == (600, READ, "Bearer")


def test_o13_only_its_fingerprint_is_stored(place, client, browser, opaque):
    token = place.tokens(browser, client, scope=READ)["access_token"]
    with place.work() as work:
        row = work.tx.session.scalars(sa.select(OpaqueToken)).one()

    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(row.claims)


def test_an_opaque_token_ends_at_its_time(place, client, browser, opaque):
    token = place.tokens(browser, client, scope=READ)["access_token"]

    place.later(minutes=9, seconds=59)
    assert place.introspect(opaque, token)["active"]
    place.later(seconds=1)
    assert place.introspect(opaque, token) == INACTIVE


def test_userinfo_takes_an_opaque_token_that_is_for_us_too(place, client, browser, opaque):
    both = place.tokens(browser, client, scope=f"openid email {READ}")["access_token"]
    other = place.tokens(browser, client, scope=READ)["access_token"]

    assert both.startswith("opq_")
    assert place.userinfo(both).json["email"] == ANN
    assert place.userinfo(other).status_code == 401


def test_another_site_does_not_know_it(place, client, browser, opaque):
    token = place.tokens(browser, client, scope=f"openid {READ}")["access_token"]

    assert place.userinfo(token).status_code == 200
    assert place.userinfo(token, site="acme-eu").status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[:-1],
        lambda t: t + "A",
        lambda t: t + "=",
        lambda t: t.swapcase(),
        lambda t: "rfr_" + t[4:],
        lambda t: t[4:],
        lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"),
        lambda t: t + "\x01",
        lambda t: " " + t,
    ],
)
def test_o24_only_the_whole_token_counts(place, client, browser, opaque, change):
    token = place.tokens(browser, client, scope=READ)["access_token"]

    assert place.introspect(opaque, change(token)) == INACTIVE
    assert place.introspect(opaque, token)["active"]


def test_o24_no_beginning_of_it_counts(place, client, browser, opaque):
    token = place.tokens(browser, client, scope=READ)["access_token"]

    assert not any(place.introspect(opaque, token[:length])["active"] for length in range(1, len(token)))


def test_a_jwt_for_one_and_an_opaque_token_for_another_are_two_tokens(place, client, browser, opaque):
    place.api("https://api.example/stock", "stock:count", to=[client])
    code = place.code(browser, client, scope=f"{READ} stock:count")

    both = place.redeem(client, code, resource=[ORDERS, "https://api.example/stock"])
    assert both.json["error"] == "invalid_target"
    assert place.redeem(client, code, resource=ORDERS).json["access_token"].startswith("opq_")


# Both


@pytest.mark.parametrize("form", FORMATS)
def test_o23_its_client_revokes_it_and_nobody_else(place, client, browser, form):
    api = place.api(ORDERS, READ, to=[client], token_format=form)
    tokens = place.tokens(browser, client, scope=f"openid {READ}")
    other = place.register(client_name="Other")

    assert revoke(place, other, tokens["access_token"]).status_code == 200
    assert place.introspect(api, tokens["access_token"])["active"]
    assert revoke(place, client, tokens["access_token"]).status_code == 200

    assert place.introspect(api, tokens["access_token"]) == INACTIVE
    assert place.introspect(client, tokens["access_token"]) == INACTIVE
    assert place.userinfo(tokens["access_token"]).status_code == 401
    assert place.refresh(client, tokens["refresh_token"]).status_code == 200
    assert len(place.audited("token.revoked")) == 1


@pytest.mark.parametrize("form", FORMATS)
def test_o23_a_revoked_long_token_stays_revoked_as_long_as_it_would_have_lived(place, client, browser, form):
    api = place.api(ORDERS, READ, to=[client], token_format=form, token_seconds=1800)
    token = place.tokens(browser, client, scope=f"{READ} offline_access")["access_token"]
    revoke(place, client, token)

    for _ in range(6):
        place.later(minutes=5)
        with place.work() as work:
            housekeeping.sweep(work)
        assert place.introspect(api, token) == INACTIVE


@pytest.mark.parametrize("form", FORMATS)
def test_o16_it_is_good_for_what_it_is_and_nothing_else(place, client, browser, form):
    place.api(ORDERS, READ, to=[client], token_format=form)
    token = place.tokens(browser, client, scope=f"openid {READ}")["access_token"]

    assert place.refresh(client, token).json["error"] == "invalid_grant"
    assert place.redeem(client, token).json["error"] == "invalid_grant"
    assert "invalid_request" in place.authorize(browser, client, id_token_hint=token).headers["Location"]
    as_secret = base64.b64encode(f"{client.client_id}:{token}".encode()).decode()
    refused = place.token(client, headers={"Authorization": f"Basic {as_secret}"}, grant_type="client_credentials")
    assert refused.status_code == 401
    browser.set_cookie("ostiary_session", token)
    assert place.authorize(browser, client).headers["Location"].startswith("/signin/")


@pytest.mark.parametrize("kind", ["refresh_token", "id_token", "code", "secret", "api secret", "session"])
def test_o16_and_nothing_else_is_good_as_one(place, client, browser, opaque, kind):
    tokens = place.tokens(browser, client, scope=f"openid {READ}")
    session = browser.get_cookie("ostiary_session").value
    values = {
        "code": place.code(browser, client),
        "secret": client.secret,
        "api secret": opaque.secret,
        "session": session,
        **tokens,
    }
    found = values[kind]

    assert place.userinfo(found).status_code == 401
    assert place.introspect(opaque, found) == INACTIVE
    relabelled = "opq_" + found.partition("_")[2]
    assert place.userinfo(relabelled).status_code == 401
    assert place.introspect(opaque, relabelled) == INACTIVE


@pytest.mark.parametrize("form", FORMATS)
def test_o22_a_deleted_api_takes_its_tokens_along(place, client, browser, form):
    api = place.api(ORDERS, READ, to=[client], token_format=form)
    token = place.tokens(browser, client, scope=f"openid {READ}")["access_token"]
    with place.work() as work:
        apis.delete(work, api.id)

    assert READ not in place.introspect(client, token).get("scope", "")
    place.api(ORDERS, "orders:list", to=[client], name="Successor")
    with place.work() as work:
        api_scopes.add(work, ORDERS, READ, "Something else")
    assert READ not in place.introspect(client, token).get("scope", ""), "a namesake is another API"


def test_the_form_may_be_changed_and_old_tokens_stay_good(place, client, browser):
    api = place.api(ORDERS, READ, to=[client])
    before = place.tokens(browser, client, scope=READ)["access_token"]
    with place.work() as work:
        apis.edit(work, api.id, token_format="opaque", token_seconds=60)
    after = place.tokens(browser, client, scope=READ)

    assert place.introspect(api, before)["active"]
    assert place.introspect(api, after["access_token"])["active"]
    assert after["expires_in"] == 60


@pytest.mark.parametrize("form", ["jwt", "opaque"])
def test_o20_o22_an_access_token_lives_no_longer_than_the_grant_that_it_came_of(place, client, browser, form):
    """An API that reads a JWT by itself does not learn that the session is over."""
    place.api("https://api.example/orders", "orders:read", to=[client], token_format=form, token_seconds=3600)
    found = place.tokens(browser, client, scope="openid orders:read", resource="https://api.example/orders")
    with place.work() as work:
        [grant] = work.tx.session.query(Grant).all()
        grant.expires_at = place.now + timedelta(minutes=5)

    renewed = place.refresh(client, found["refresh_token"]).json

    assert (found["expires_in"], renewed["expires_in"]) == (3600, 300)
    assert place.introspect(client, renewed["access_token"])["exp"] == int(place.now.timestamp()) + 300
