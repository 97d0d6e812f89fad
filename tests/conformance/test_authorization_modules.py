"""
OpenID Provider certification plans Basic, Implicit, Hybrid and Form Post: what each module asks for.

A test is named after the module of the certification suite that it plays, and runs in every plan that has it.
"""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conformance.conftest import BASIC, Variant
from tests.conformance.support import Suite, agree, asks_to_sign_in, shows_a_page, unsigned
from tests.oidc.support import ANN, CALLBACK, CHALLENGE, VERIFIER, claims, header

PROFILE = {
    "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
    "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
}  # fmt: skip
EMAIL = {"email", "email_verified"}
ADDRESS = {"address"}
PHONE = {"phone_number", "phone_number_verified"}
BY_SCOPE = {"profile": PROFILE, "email": EMAIL, "address": ADDRESS, "phone": PHONE}


def test_oidcc_server(suite):
    found = suite.sign_on()

    assert found.claims["sub"]
    if found.access_token:
        assert suite.userinfo(found.access_token).json["sub"] == found.claims.get("sub", claims_of(found)["sub"])


def claims_of(found):
    return found.id_tokens[-1] if found.id_tokens else claims(found.access_token)


def test_oidcc_response_type_missing(suite):
    refused = suite.ask(response_type=None)

    assert shows_a_page(refused) or suite_error(suite, refused) == "invalid_request"


def suite_error(suite, response) -> str:
    """The error of an answer, which comes as a query where nobody knows what was asked for."""
    address = urlsplit(response.headers.get("Location", ""))
    sent = parse_qs(address.query) | parse_qs(address.fragment)
    return sent["error"][0] if "error" in sent else suite.answer(response)["error"]


@pytest.mark.parametrize("how", ["get", "header", "body"])
def test_oidcc_userinfo(suite, how):
    found = suite.sign_on()
    if found.access_token is None:
        assert suite.variant.response_type == "id_token"
        return
    answer = suite.userinfo(found.access_token, how)

    assert answer.status_code == 200
    assert answer.json["sub"] == claims_of(found)["sub"]


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(code_suite):
    if code_suite.variant.has_front_id_token:
        return
    assert "nonce" not in code_suite.arrive(code_suite.answer(code_suite.ask(nonce=None)), nonce=None).claims


def test_oidcc_ensure_request_without_nonce_fails(nonce_suite):
    assert nonce_suite.answer(nonce_suite.ask(nonce=None))["error"] == "invalid_request"


@pytest.mark.parametrize("scope", ["profile", "email", "address", "phone", "all"])
def test_oidcc_scope(suite, scope):
    wanted = ("profile", "email", "address", "phone") if scope == "all" else (scope,)

    found = suite.sign_on(scope=" ".join(("openid", *wanted)))

    about = suite.userinfo(found.access_token).json if found.access_token else found.claims
    for one in wanted:
        assert BY_SCOPE[one] <= about.keys()
    for other in BY_SCOPE.keys() - {*wanted}:
        assert not BY_SCOPE[other] & about.keys()


def test_oidcc_ensure_other_scope_order_succeeds(suite):
    assert suite.sign_on(scope="email openid profile").claims["sub"]


@pytest.mark.parametrize("display", ["page", "popup"])
def test_oidcc_display(suite, display):
    assert suite.sign_on(display=display).claims["sub"]


def test_oidcc_prompt_login(suite):
    first = suite.sign_on()
    asked = suite.ask(prompt="login")

    assert first.claims["sub"]
    assert asks_to_sign_in(suite.browser, asked)


def test_oidcc_prompt_none_not_logged_in(suite):
    answer = suite.answer(suite.ask(suite.place.app.test_client(), prompt="none"))

    assert answer["error"] == "login_required"
    assert answer["state"] == "st4te"
    assert "code" not in answer


def test_oidcc_prompt_none_logged_in(suite):
    first, second = suite.sign_on(), suite.sign_on(prompt="none")

    assert first.claims["sub"] == second.claims["sub"]
    assert first.claims.get("auth_time") == second.claims.get("auth_time")


def test_oidcc_max_age_1(suite):
    suite.sign_on()
    suite.place.later(seconds=2)

    assert asks_to_sign_in(suite.browser, suite.ask(max_age="1"))


def test_oidcc_max_age_10000(suite):
    first = suite.sign_on(max_age="15000")
    suite.place.later(seconds=2)
    second = suite.sign_on(max_age="10000")

    assert first.claims["auth_time"] == second.claims["auth_time"]


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(suite):
    assert suite.sign_on(extra="foobar").claims["sub"]


def test_oidcc_id_token_hint(suite):
    first = suite.sign_on()
    second = suite.sign_on(prompt="none", id_token_hint=first.raw_id_tokens[0])

    assert first.claims["sub"] == second.claims["sub"]


def test_oidcc_login_hint(suite):
    browser = suite.place.app.test_client()
    asked = suite.ask(browser, login_hint=ANN)

    assert f'value="{ANN}"' in browser.get(asked.headers["Location"]).text


@pytest.mark.parametrize("name", ["ui_locales", "claims_locales"])
def test_oidcc_locales(suite, name):
    assert suite.sign_on(**{name: "se"}).claims["sub"]


def test_oidcc_ensure_request_with_acr_values_succeeds(suite):
    supported = suite.discovery()["acr_values_supported"]

    found = suite.sign_on(acr_values=" ".join(supported))

    assert found.claims["acr"] in supported
    assert suite.sign_on(acr_values="1 2").claims["sub"]


@pytest.mark.parametrize("seconds", [1, 30], ids=["codereuse", "codereuse_30seconds"])
def test_oidcc_codereuse(code_suite, seconds):
    found = code_suite.sign_on()
    code_suite.place.later(seconds=seconds)

    assert code_suite.redeem(found.answer["code"]).json["error"] == "invalid_grant"
    assert code_suite.userinfo(found.access_token).status_code == 401, "the token of a stolen code is taken back"


def test_oidcc_ensure_registered_redirect_uri(suite):
    assert shows_a_page(suite.ask(redirect_uri=f"{CALLBACK}foobar"))


def test_oidcc_ensure_redirect_uri_in_authorization_request(suite):
    assert shows_a_page(suite.ask(redirect_uri=None))


def test_oidcc_ensure_post_request_succeeds(suite):
    answer = suite.ask(method="post")
    if answer.status_code == 303 and answer.headers["Location"].startswith("/sites/"):
        answer = suite.browser.get(answer.headers["Location"])  # a cross-site POST has no cookies: it is bounced

    assert suite.arrive(suite.answer(answer)).claims["sub"]


def test_oidcc_server_client_secret_post(code_suite):
    code_suite.client = code_suite.register(token_endpoint_auth_method="client_secret_post")
    client = code_suite.client
    answer = code_suite.answer(code_suite.ask())
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": CALLBACK,
        "client_id": client.client_id,
        "client_secret": client.secret,
    }

    assert code_suite.place.token(client, headers={}, **form).status_code == 200


def test_oidcc_claims_essential(suite):
    where = "userinfo" if suite.variant.response_type != "id_token" else "id_token"

    found = suite.sign_on(claims=f'{{"{where}": {{"name": {{"essential": true}}}}}}')

    about = suite.userinfo(found.access_token).json if found.access_token else found.claims
    assert about["name"] == "Ann Archer"


def test_oidcc_refresh_token(code_suite):
    code_suite.client = code_suite.register(
        grant_types=[*code_suite.variant.grant_types, "refresh_token"], scope="openid offline_access"
    )
    answered = agree(code_suite.browser, code_suite.ask(scope="openid offline_access", prompt="consent"))
    found = code_suite.arrive(code_suite.answer(answered))
    code_suite.place.later(seconds=2)

    again = code_suite.place.refresh(code_suite.client, found.refresh_token).json

    said = code_suite.read(again["id_token"])
    last = found.id_tokens[-1]
    assert said["iat"] > last["iat"]
    assert {name: said[name] for name in ("iss", "sub", "aud", "auth_time")} == {
        name: last[name] for name in ("iss", "sub", "aud", "auth_time")
    }
    assert again["access_token"] != found.access_token
    assert code_suite.userinfo(again["access_token"]).status_code == 200


def test_oidcc_idtoken_signature_and_unsigned(suite):
    """Signed by what is the default; unsigned ones are not offered, so the module that asks for them is left out."""
    for token in suite.sign_on().raw_id_tokens:
        assert header(token)["alg"] == "RS256"
        assert header(token)["kid"]
    assert "none" not in suite.discovery()["id_token_signing_alg_values_supported"]


def test_an_id_token_says_nothing_that_nobody_asked_for(suite):
    """EnsureIdTokenDoesNotContainNonRequestedClaims would warn."""
    for said in suite.sign_on().id_tokens:
        assert said.keys() <= {
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp"),
            *("at_hash", "c_hash", "nbf", "jti", "sid", "s_hash"),
        }


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(suite):
    """State and nonce stand in the object alone."""
    answer = suite.answer(suite.ask(request=unsigned(suite.request()), state=None, nonce=None))

    assert suite.arrive(answer).answer["state"] == "st4te"


def test_oidcc_ensure_request_object_with_redirect_uri(suite):
    """The one in the object counts, or a page says that the other is wrong."""
    answer = suite.ask(request=unsigned(suite.request()), redirect_uri=f"{CALLBACK}/invalid")

    assert shows_a_page(answer) or suite.arrive(suite.answer(answer)).answer["state"] == "st4te"


def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(suite):
    suite.client = suite.register(request_uris=["https://rp.example/requesturi/aB3"])
    refused = suite.ask(request_uri="https://rp.example/requesturi/aB3", state=None, nonce=None)

    assert suite.discovery()["request_uri_parameter_supported"] is False
    assert suite_error(suite, refused) == "request_uri_not_supported"


def test_oidcc_ensure_request_with_valid_pkce_succeeds(certified):
    for variant in BASIC:
        suite = Suite(certified, variant)
        answer = suite.answer(suite.ask(code_challenge=CHALLENGE, code_challenge_method="S256"))
        assert certified.redeem(suite.client, answer["code"], code_verifier=VERIFIER).status_code == 200


def test_a_person_who_signs_in_again_has_a_later_auth_time(certified):
    suite = Suite(certified, Variant("code"))
    first = suite.sign_on()
    certified.later(seconds=90)
    second = suite.sign_on(certified.browser())

    assert second.claims["auth_time"] - first.claims["auth_time"] == timedelta(seconds=90).total_seconds()
