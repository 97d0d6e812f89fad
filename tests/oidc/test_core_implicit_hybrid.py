"""
OpenID Connect Core 1.0 sections 3.2 and 3.3, OAuth 2.0 Multiple Response Type Encoding Practices 1.0:
answers with tokens, for clients that are registered for them (O30).
"""

import base64
import hashlib

import pytest
from lxml import html

from idp.base.errors import Invalid
from tests.oidc.support import ANN, CALLBACK, ISSUER, answered, claims, header, request

LEGACY = ("id_token", "id_token token", "code id_token", "code token", "code id_token token")
WITH_CODE = tuple(one for one in LEGACY if "code" in one)
WITH_TOKEN = tuple(one for one in LEGACY if one.endswith(" token"))
WITH_ID_TOKEN = tuple(one for one in LEGACY if "id_token" in one)


@pytest.fixture
def legacy(place):
    """A client that is registered for every response type."""
    return place.register(
        client_name="Old",
        response_types=["code", *LEGACY],
        grant_types=["authorization_code", "implicit", "refresh_token"],
    )


def front(place, browser, client, response_type, **changes):
    return answered(place.authorize(browser, client, response_type=response_type, **changes), fragment=True)


def half(value: str) -> str:
    digest = hashlib.sha256(value.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


@pytest.mark.parametrize("response_type", LEGACY)
def test_what_is_asked_for_comes_in_the_fragment_and_nothing_else(place, browser, legacy, response_type):
    found = front(place, browser, legacy, response_type)

    wanted = set(response_type.split())
    assert ("code" in found) is ("code" in wanted)
    assert ("access_token" in found) is ("token" in wanted)
    assert ("id_token" in found) is ("id_token" in wanted)
    assert (found["state"], found["iss"]) == ("st4te", ISSUER), "RFC 9207"
    assert "refresh_token" not in found
    if "token" in wanted:
        assert (found["token_type"], found["expires_in"]) == ("Bearer", "600")
        assert found["scope"] == "openid profile email"


@pytest.mark.parametrize("asked", ["token id_token", "token id_token code", "id_token code token"])
def test_the_order_of_the_parts_means_nothing(place, browser, legacy, asked):
    found = front(place, browser, legacy, asked)

    assert {"access_token", "id_token"} <= set(found)
    assert ("code" in found) is ("code" in asked)


@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_the_id_token_is_bound_to_what_comes_with_it(place, browser, response_type, algorithm):
    """Core sections 3.2.2.10 and 3.3.2.11."""
    client = place.register(
        response_types=[response_type],
        grant_types=["authorization_code", "implicit"] if "code" in response_type else ["implicit"],
        id_token_signed_response_alg=algorithm,
    )
    found = front(place, browser, client, response_type)
    said = claims(found["id_token"])

    assert header(found["id_token"])["alg"] == algorithm
    assert said["nonce"] == "n0nce"
    assert said["aud"] == client.client_id
    assert said.get("c_hash") == (half(found["code"]) if "code" in found else None)
    assert said.get("at_hash") == (half(found["access_token"]) if "access_token" in found else None)


@pytest.mark.parametrize("response_type", LEGACY)
def test_claims_of_the_scope_are_in_the_id_token_only_where_there_is_no_access_token(
    place, browser, legacy, response_type
):
    """Core section 5.4."""
    found = front(place, browser, legacy, response_type)

    if response_type == "id_token":
        assert claims(found["id_token"])["email"] == ANN
    elif "id_token" in found:
        assert "email" not in claims(found["id_token"])


@pytest.mark.parametrize("response_type", WITH_CODE)
def test_the_code_of_a_hybrid_answer_is_redeemed_as_any_other(place, browser, legacy, response_type):
    found = front(place, browser, legacy, response_type)
    tokens = place.redeem(legacy, found["code"]).json

    later = claims(tokens["id_token"])
    assert "refresh_token" in tokens
    assert later["nonce"] == "n0nce"
    if "id_token" in found:
        first = claims(found["id_token"])
        same = ("iss", "sub", "auth_time", "acr", "amr", "sid", "nonce")
        assert {name: first[name] for name in same} == {name: later[name] for name in same}, "Core section 3.3.3.6"


@pytest.mark.parametrize("response_type", WITH_TOKEN)
def test_the_access_token_is_one_like_all_others(place, browser, legacy, response_type):
    token = front(place, browser, legacy, response_type)["access_token"]

    assert header(token)["typ"] == "at+jwt"
    assert place.userinfo(token).json["email"] == ANN
    assert place.introspect(legacy, token)["active"] is True
    place.app.test_client().post("/sites/acme/oauth2/revoke", data={"token": token}, headers=legacy.basic)
    assert place.userinfo(token).status_code == 401
    assert place.introspect(legacy, token) == {"active": False}


@pytest.mark.parametrize("response_type", [one for one in WITH_CODE if one.endswith(" token")])
def test_o7_a_code_used_twice_ends_the_token_that_came_with_it(place, browser, legacy, response_type):
    found = front(place, browser, legacy, response_type)
    second = place.redeem(legacy, found["code"]).json["access_token"]
    assert place.redeem(legacy, found["code"]).json["error"] == "invalid_grant"

    for token in (found["access_token"], second):
        assert place.userinfo(token).status_code == 401


def test_o22_the_token_ends_with_the_session(place, browser, legacy):
    token = front(place, browser, legacy, "id_token token")["access_token"]
    place.later(days=2)

    assert place.userinfo(token).status_code == 401


def test_an_issued_token_is_audited(place, browser, legacy):
    found = front(place, browser, legacy, "id_token token")
    issued = place.audited("token.issued")

    assert [(entry.details["grant_type"], entry.details["token_id"]) for entry in issued] == [
        ("implicit", claims(found["access_token"])["jti"])
    ]


# What is refused


@pytest.mark.parametrize("response_type", LEGACY)
def test_o30_a_client_that_is_not_registered_for_them_gets_none(place, client, browser, response_type):
    found = front(place, browser, client, response_type)

    assert found["error"] == "unauthorized_client"
    assert not {"code", "access_token", "id_token"} & set(found)


@pytest.mark.parametrize("response_type", LEGACY)
def test_o30_each_response_type_is_registered_by_itself(place, browser, response_type):
    client = place.register(
        response_types=[response_type],
        grant_types=["authorization_code", "implicit"] if "code" in response_type else ["implicit"],
    )
    for other in ("code", *LEGACY):
        answer = place.authorize(browser, client, response_type=other)
        found = answered(answer, fragment=other != "code")
        assert found.get("error") == (None if other == response_type else "unauthorized_client")


def test_o30_nothing_but_code_is_registered_by_default(place, client):
    assert client.registration["response_types"] == ["code"]
    assert "implicit" not in client.registration["grant_types"]


def test_o30_there_is_no_implicit_grant_at_the_token_endpoint(place, legacy):
    assert place.token(legacy, grant_type="implicit").json["error"] == "unsupported_grant_type"


@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
def test_an_id_token_in_an_answer_needs_a_nonce(place, browser, legacy, response_type):
    found = front(place, browser, legacy, response_type, nonce=None)

    assert (found["error"], found["state"]) == ("invalid_request", "st4te")


def test_a_code_with_an_access_token_needs_none(place, browser, legacy):
    assert "code" in front(place, browser, legacy, "code token", nonce=None)


@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
def test_an_id_token_needs_the_scope_openid(place, browser, legacy, response_type):
    assert front(place, browser, legacy, response_type, scope="profile")["error"] == "invalid_scope"


@pytest.mark.parametrize("response_type", WITH_CODE)
def test_o6_a_code_is_bound_to_a_challenge_in_these_answers_too(place, browser, legacy, response_type):
    left_out = {"code_challenge": None, "code_challenge_method": None}

    assert front(place, browser, legacy, response_type, **left_out)["error"] == "invalid_request"
    found = front(place, browser, legacy, response_type)
    assert place.redeem(legacy, found["code"], code_verifier="x" * 43).json["error"] == "invalid_grant"


def test_without_a_code_there_is_nothing_to_challenge(place, browser, legacy):
    left_out = {"code_challenge": None, "code_challenge_method": None}

    assert "id_token" in front(place, browser, legacy, "id_token", **left_out)


def test_without_a_code_there_is_no_access_while_the_person_is_away(place, browser, legacy):
    """Core section 11: offline_access is ignored."""
    found = front(place, browser, legacy, "id_token token", scope="openid offline_access")

    assert found["scope"] == "openid"


def test_a_client_that_binds_its_tokens_to_keys_is_registered_for_no_token_in_an_address(place):
    with pytest.raises(Invalid):
        place.register(response_types=["id_token token"], grant_types=["implicit"], dpop_bound_access_tokens=True)


@pytest.mark.parametrize("prompt", ["none"])
@pytest.mark.parametrize("response_type", LEGACY)
def test_an_error_goes_the_way_of_the_answer(place, legacy, response_type, prompt):
    found = front(place, place.app.test_client(), legacy, response_type, prompt=prompt)

    assert (found["error"], found["state"], found["iss"]) == ("login_required", "st4te", ISSUER)


# Response modes


@pytest.mark.parametrize("response_type", LEGACY)
@pytest.mark.parametrize("mode", ["query", "jwt", "fragment.jwt", "web_message", "FRAGMENT"])
def test_o30_tokens_travel_in_no_query(place, browser, legacy, response_type, mode):
    found = front(place, browser, legacy, response_type, response_mode=mode)

    assert found["error"] == "invalid_request"


@pytest.mark.parametrize("response_type", LEGACY)
def test_the_mode_fragment_may_be_named(place, browser, legacy, response_type):
    assert "error" not in front(place, browser, legacy, response_type, response_mode="fragment")


def test_o30_a_code_alone_travels_in_no_fragment(place, browser, legacy):
    assert answered(place.authorize(browser, legacy, response_mode="fragment"))["error"] == "invalid_request"


@pytest.mark.parametrize("response_type", LEGACY)
@pytest.mark.parametrize("state", ['"><script>alert(1)</script>', "</form><form action=https://evil.example>", "ü€😀"])
def test_o29_tokens_may_be_posted_and_the_state_is_text(place, browser, legacy, response_type, state):
    answer = place.authorize(browser, legacy, response_type=response_type, response_mode="form_post", state=state)
    page = html.fromstring(answer.text)
    form = page.xpath("//form")[0]
    found = {i.get("name"): i.get("value") for i in form.xpath(".//input[@type='hidden']")}

    assert answer.status_code == 200
    assert len(page.xpath("//form")) == 1
    assert (form.get("action"), form.get("method")) == (CALLBACK, "post")
    assert found["state"] == state
    assert ("access_token" in found) is ("token" in response_type.split())
    assert "<script>alert" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "form-action 'self' https://rp.example;" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("response_type", [*LEGACY, "token"])
def test_o4_an_unregistered_address_gets_a_page(place, browser, legacy, response_type):
    refused = place.authorize(browser, legacy, response_type=response_type, redirect_uri="https://evil.example/")

    assert refused.status_code == 400
    assert "Location" not in refused.headers


def test_whoever_signs_in_first_comes_back_with_tokens(place, legacy):
    third = place.register(
        first_party=False, response_types=["id_token token"], grant_types=["implicit"], client_name="Third"
    )
    browser = place.browser()
    response = browser.get("/sites/acme/oauth2/authorize", query_string=request(third, response_type="token id_token"))
    path = response.headers["Location"]
    token = browser.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    after = browser.post(f"{path}/consent", data={"csrf_token": token})
    while after.headers["Location"].startswith("/"):
        after = browser.get(after.headers["Location"])

    assert {"access_token", "id_token"} <= set(answered(after, fragment=True))
