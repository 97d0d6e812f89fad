"""OpenID Connect Core section 5.3, RFC 6750: UserInfo."""

import json

import pytest

from idp.directory import accounts, policies
from idp.oidc import claims as claims_
from idp.policy.release import Level
from tests.oidc.support import ANN, claims, reference


@pytest.fixture
def token(place, client, browser):
    return place.tokens(browser, client, scope="openid profile email groups")["access_token"]


def ask(place, method="get", **sent):
    return getattr(place.app.test_client(), method)("/sites/acme/oauth2/userinfo", **sent)


def test_it_says_what_the_scope_asks_for_and_policy_lets_go(place, token):
    answer = place.userinfo(token)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "sub": claims(token)["sub"],
        "name": "Ann Archer",
        "email": ANN,
        "email_verified": True,
        "groups": ["Research", "Staff"],
    }


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("openid", set()),
        ("openid profile", {"name"}),
        ("openid email", {"email", "email_verified"}),
        ("openid groups", {"groups"}),
    ],
)
def test_no_more_than_the_scope(place, client, browser, scope, expected):
    token = place.tokens(browser, client, scope=scope)["access_token"]

    assert set(place.userinfo(token).json) == expected | {"sub"}


def test_x24_no_more_than_the_policy(place, client, token):
    with place.work() as work:
        policies.set_application_release(work, client.application_id, ["name"])

    assert set(place.userinfo(token).json) == {"sub", "name"}


def test_the_subject_is_that_of_the_id_token(place, client, browser):
    tokens = place.tokens(browser, client)

    assert place.userinfo(tokens["access_token"]).json["sub"] == claims(tokens["id_token"])["sub"]


# Single claims (section 5.5)


def wish(**members):
    return json.dumps(members)


def test_single_claims_come_where_they_are_asked_for(place, client, browser):
    tokens = place.tokens(
        browser, client, scope="openid", claims=wish(id_token={"email": None}, userinfo={"name": {"essential": True}})
    )

    assert claims(tokens["id_token"])["email"] == ANN
    assert "name" not in claims(tokens["id_token"])
    assert set(place.userinfo(tokens["access_token"]).json) == {"sub", "name"}


def test_x24_policy_holds_for_single_claims_too(place, client, browser):
    with place.work() as work:
        policies.set_application_release(work, client.application_id, ["name"])
    tokens = place.tokens(
        browser, client, scope="openid", claims=wish(id_token={"email": {"essential": True}}, userinfo={"groups": None})
    )

    assert "email" not in claims(tokens["id_token"])
    assert set(place.userinfo(tokens["access_token"]).json) == {"sub"}


def test_what_nobody_knows_is_passed_over(place, client, browser):
    tokens = place.tokens(
        browser, client, claims=wish(id_token={"shoe_size": {"essential": True}}, userinfo={"x" * 100: None})
    )

    assert "shoe_size" not in claims(tokens["id_token"])


@pytest.mark.parametrize("name", sorted(claims_.RESERVED))
def test_o26_a_claim_of_the_protocol_is_nobodys_wish(place, client, browser, name):
    before = claims(place.tokens(browser, client)["id_token"])
    after = claims(place.tokens(browser, client, claims=wish(id_token={name: None}, userinfo={name: None}))["id_token"])

    same = {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid"}
    assert {n: after[n] for n in same} == {n: before[n] for n in same}
    assert set(after) == set(before)


def test_o26_a_further_attribute_is_no_claim(place, client, browser):
    """No scope asks for it and no consent would speak of it, whatever policy lets out to other applications."""
    with place.work() as work:
        policies.set_organization_release(work, "acme", ["email", "department"])
        accounts.set_attributes(work, ANN, {"department": ["Research"]})
    tokens = place.tokens(browser, client, claims=wish(id_token={"department": None, "email": None}))

    assert claims(tokens["id_token"])["email"] == ANN
    assert "department" not in claims(tokens["id_token"])


def test_o26_nor_an_attributes(monkeypatch, place, client, browser):
    """However an attribute came to be called so: what the protocol says is written last."""
    monkeypatch.setattr(
        claims_, "attributes_of", lambda *_, **__: {"sub": ("mallory",), "iss": ("x",), "email": ("e",)}
    )
    monkeypatch.setattr(claims_, "release_levels", lambda *_: [Level("organization", ["sub", "iss", "email"])])
    tokens = place.tokens(browser, client, claims=wish(id_token={"sub": None, "iss": None, "email": None}))

    assert claims(tokens["id_token"])["sub"].startswith("sub_")
    assert claims(tokens["id_token"])["email"] == "e"
    assert place.userinfo(tokens["access_token"]).json["sub"].startswith("sub_")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '"x"',
        '{"id_token": []}',
        '{"id_token": {"email": 1}}',
        '{"id_token": {"email": []}}',
        '{"id_token": {"sub": {"value": 7}}}',
        '{"id_token": {"sub": {"values": ["a", "b"]}}}',
        '{"id_token": {"acr": {"values": [1]}}}',
        '{"id_token": {"acr": {"values": "urn:x"}}}',
        '{"id_token": {"acr": {"essential": "yes"}}}',
        '{"userinfo": {"email": {"essential": 1}}}',
        '{"id_token": {"sub": {"value": "a"}, "sub": {"value": "b"}}}',
        '{"id_token": {}, "id_token": {"email": null}}',
        json.dumps({"userinfo": {f"c{i}": None for i in range(51)}}),
        json.dumps({"userinfo": {"c" * 129: None}}),
        json.dumps({"userinfo": {"a": {"value": "x" * 4200}}}),
        "[" * 2000,
    ],
    ids=lambda value: value[:40],
)
def test_what_is_no_claims_request_is_refused(place, client, browser, value):
    location = place.authorize(browser, client, claims=value).headers["Location"]

    if value == "":
        assert "code=" in location, "a parameter without a value is absent (RFC 6749 section 3.1)"
    else:
        assert "error=invalid_request" in location


# RFC 6750


def test_a_token_may_come_in_a_form(place, token):
    assert ask(place, "post", data={"access_token": token}).json["email"] == ANN
    assert ask(place, "post", headers={"Authorization": f"Bearer {token}"}).json["email"] == ANN
    assert ask(place, headers={"Authorization": f"bearer {token}"}).json["email"] == ANN


def test_o25_a_token_in_the_address_is_refused(place, token):
    refused = ask(place, query_string={"access_token": token})

    assert refused.status_code == 400
    assert refused.json["error"] == "invalid_request"
    assert 'error="invalid_request"' in refused.headers["WWW-Authenticate"]


def test_o25_two_tokens_are_none(place, token):
    header = {"Authorization": f"Bearer {token}"}
    form = "application/x-www-form-urlencoded"

    assert ask(place, "post", headers=header, data={"access_token": token}).status_code == 400
    assert ask(place, headers=header, query_string={"access_token": token}).status_code == 400
    assert ask(place, "post", data=f"access_token={token}&access_token={token}", content_type=form).status_code == 400


def test_without_a_token_nothing_is_said_but_how(place):
    for header in ({}, {"Authorization": "Basic eDp5"}):
        refused = ask(place, headers=header)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == 'Bearer realm="http://localhost:8000/sites/acme"'
        assert refused.data == b""


@pytest.mark.parametrize(
    "change",
    [lambda t: t[:-1], lambda t: t + "A", lambda t: "x", lambda t: t.swapcase(), lambda t: t.rpartition(".")[0] + "."],
)
def test_o24_only_the_whole_token_counts(place, token, change):
    refused = place.userinfo(change(token))

    assert refused.status_code == 401
    assert refused.json["error"] == "invalid_token"
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert place.attempt(reference(refused)).kind == "oidc.userinfo"


def test_another_sites_userinfo_does_not_know_it(place, token):
    assert place.userinfo(token, site="acme-eu").status_code == 401


@pytest.mark.parametrize(("minutes", "status"), [(10, 200), (11, 401)])
def test_it_lives_ten_minutes(place, token, minutes, status):
    place.later(minutes=minutes)

    assert place.userinfo(token).status_code == status


def test_a_token_without_openid_is_of_no_sign_on(place, client, browser):
    refused = place.userinfo(place.tokens(browser, client, scope="profile")["access_token"])

    assert refused.status_code == 403
    assert refused.json["error"] == "insufficient_scope"
