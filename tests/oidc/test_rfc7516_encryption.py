"""RFC 7516, OpenID Connect Core sections 5.3.2, 10.2 and 16.14: ID tokens and UserInfo encrypted to a key of the client."""

import json
import warnings

import pytest
from authlib.deprecate import AuthlibDeprecationWarning
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from idp.base.errors import Invalid, Unavailable
from idp.oidc import remote_keys
from idp.oidc.client_auth import ASSERTION_TYPE
from tests.oidc.support import ANN, ISSUER, answered, claims, header, reference
from tests.oidc.test_client_authentication import KEYS, assertion
from tests.support.steady import steady

RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "enc"})
CURVE = ECKey.generate_key("P-256", {"kid": "p-256", "use": "enc"})
X25519 = OKPKey.generate_key("X25519", {"kid": "x25519", "use": "enc"})
ANYTHING = RSAKey.generate_key(2048, {"kid": "anything"})
SIGNING = ECKey.generate_key("P-256", {"kid": "signing", "use": "sig"})
ALL = (SIGNING, ANYTHING, RSA, CURVE)
ALGORITHMS = {
    "RSA-OAEP-256": RSA,
    "RSA-OAEP": RSA,
    "ECDH-ES": CURVE,
    "ECDH-ES+A128KW": CURVE,
    "ECDH-ES+A256KW": CURVE,
}
METHODS = ["A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"]
REMOTE = "https://rp.example/jwks"


def jwks(*keys) -> dict:
    return {"keys": [key.as_dict(private=False) for key in keys]}


def register(place, *, keys=ALL, what="id_token", alg="RSA-OAEP-256", enc=None, **changes):
    wanted = {f"{what}_encrypted_response_alg": alg, f"{what}_encrypted_response_enc": enc, "jwks": jwks(*keys)}
    return place.register(**(wanted | changes))


def opened(token: str, key) -> bytes:
    """What *token* hides, as another library reads it with the client's private key."""
    stated = header(token)
    return jwe.decrypt_compact(token, key, algorithms=[stated["alg"], stated["enc"]]).plaintext


def signed_by_us(place, token: bytes | str, algorithm: str = "RS256") -> dict:
    published = KeySet.import_key_set(place.app.test_client().get("/sites/acme/oauth2/jwks").json)
    return jwt.decode(token, published, algorithms=[algorithm]).claims


@pytest.mark.parametrize("enc", METHODS)
@pytest.mark.parametrize(("alg", "key"), ALGORITHMS.items(), ids=list(ALGORITHMS))
def test_an_id_token_is_signed_and_then_encrypted(place, browser, alg, key, enc):
    client = register(place, alg=alg, enc=enc)
    token = place.tokens(browser, client)["id_token"]

    stated = header(token)
    assert {name: stated[name] for name in ("alg", "enc", "kid", "cty")} == {
        "alg": alg,
        "enc": enc,
        "kid": key.kid,
        "cty": "JWT",
    }
    assert token.count(".") == 4
    said = signed_by_us(place, opened(token, key))
    assert (said["iss"], said["aud"], said["nonce"]) == (ISSUER, client.client_id, "n0nce")


@pytest.mark.parametrize(("alg", "key"), [("RSA-OAEP-256", RSA), ("ECDH-ES+A128KW", CURVE)])
def test_authlib_reads_it_too(place, browser, alg, key):
    token = place.tokens(browser, register(place, alg=alg, enc="A256GCM"))["id_token"]
    with warnings.catch_warnings(action="ignore", category=AuthlibDeprecationWarning):
        from authlib.jose import JsonWebEncryption  # here, because it warns of its own age when it is imported

    found = JsonWebEncryption().deserialize_compact(token, key.as_dict(private=True))

    assert signed_by_us(place, found["payload"])["iss"] == ISSUER


def test_x25519_keys_are_taken(place, browser):
    client = register(place, keys=(X25519,), alg="ECDH-ES", enc="A128GCM")

    assert signed_by_us(place, opened(place.tokens(browser, client)["id_token"], X25519))


def test_the_method_of_the_specification_is_the_default(place, browser):
    """OpenID Connect Dynamic Client Registration 1.0 section 2."""
    client = register(place)

    assert client.registration["id_token_encrypted_response_enc"] == "A128CBC-HS256"
    assert header(place.tokens(browser, client)["id_token"])["enc"] == "A128CBC-HS256"


def test_a_refreshed_id_token_is_encrypted_too(place, browser):
    client = register(place)
    renewed = place.refresh(client, place.tokens(browser, client)["refresh_token"]).json

    assert signed_by_us(place, opened(renewed["id_token"], RSA))["aud"] == client.client_id


def test_a_key_for_anything_will_do_and_one_for_encryption_comes_first(place, browser):
    for keys, expected in (((SIGNING, ANYTHING), "anything"), ((ANYTHING, RSA), "rsa")):
        assert header(place.tokens(browser, register(place, keys=keys))["id_token"])["kid"] == expected


def test_the_signed_token_inside_is_a_good_hint(place, browser):
    """OpenID Connect Core 3.1.2.1: the client decrypts it first."""
    client = register(place)
    token = place.tokens(browser, client)["id_token"]

    assert "code" in answered(
        place.authorize(browser, client, id_token_hint=opened(token, RSA).decode(), prompt="none")
    )
    assert answered(place.authorize(browser, client, id_token_hint=token))["error"] == "invalid_request"


def test_access_tokens_are_not_meant_for_the_client_and_stay_as_they_are(place, browser):
    tokens = place.tokens(browser, register(place))

    assert place.userinfo(tokens["access_token"]).json["email"] == ANN


# UserInfo (section 5.3.2)


def userinfo(place, browser, client):
    found = place.userinfo(place.tokens(browser, client)["access_token"])
    assert found.status_code == 200, found.text
    assert found.headers["Cache-Control"] == "no-store"
    return found


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_signed_userinfo_says_by_whom_and_for_whom(place, browser, algorithm):
    client = place.register(userinfo_signed_response_alg=algorithm)
    answer = userinfo(place, browser, client)

    said = signed_by_us(place, answer.text, algorithm)
    assert answer.content_type == "application/jwt"
    assert (said["iss"], said["aud"], said["email"]) == (ISSUER, client.client_id, ANN)
    assert said["sub"] == claims(place.tokens(browser, client)["id_token"])["sub"]


def test_o16_signed_userinfo_is_no_id_token(place, browser):
    """Of the same keys, issuer and audience; but it has no typ and never ends."""
    client = place.register(userinfo_signed_response_alg="RS256")
    answer = userinfo(place, browser, client).text

    assert "typ" not in header(answer)
    assert "exp" not in claims(answer)
    assert answered(place.authorize(browser, client, id_token_hint=answer))["error"] == "invalid_request"
    assert place.userinfo(answer).status_code == 401


def test_userinfo_is_signed_and_then_encrypted(place, browser):
    client = register(place, what="userinfo", alg="ECDH-ES", enc="A256GCM", userinfo_signed_response_alg="ES256")
    answer = userinfo(place, browser, client)

    assert answer.content_type == "application/jwt"
    assert header(answer.text)["cty"] == "JWT"
    said = signed_by_us(place, opened(answer.text, CURVE), "ES256")
    assert (said["iss"], said["aud"], said["email"]) == (ISSUER, client.client_id, ANN)


def test_userinfo_that_is_only_encrypted_is_json_inside(place, browser):
    answer = userinfo(place, browser, register(place, what="userinfo"))

    assert answer.content_type == "application/jwt"
    assert "cty" not in header(answer.text)
    assert json.loads(opened(answer.text, RSA))["email"] == ANN


def test_each_is_a_choice_of_its_own(place, browser):
    client = register(place, what="userinfo")
    tokens = place.tokens(browser, client)

    assert header(tokens["id_token"])["alg"] == "RS256"
    assert place.userinfo(place.tokens(browser, register(place))["access_token"]).is_json


def test_errors_are_told_in_json_all_the_same(place, browser):
    register(place, what="userinfo")

    refused = place.userinfo("x.y.z")
    assert (refused.status_code, refused.json["error"]) == (401, "invalid_token")


# Never plain text


@pytest.fixture
def remote(monkeypatch):
    """What is at a client's jwks_uri, and how often it was asked for."""
    world = {"calls": 0, "answer": jwks(*ALL)}

    def fetch(address, **_):
        assert address == REMOTE
        world["calls"] += 1
        if world["answer"] is None:
            raise Unavailable("no", cause="the far end is down")
        return json.dumps(world["answer"]).encode()

    monkeypatch.setattr("idp.base.egress.fetch", fetch)
    return world


def at_an_address(place, **changes):
    return register(place, jwks=None, jwks_uri=REMOTE, **changes)


def test_keys_at_an_address_are_fetched_when_they_are_first_needed(place, browser, remote):
    client = at_an_address(place)

    for _ in range(2):
        assert signed_by_us(place, opened(place.tokens(browser, client)["id_token"], RSA))
    assert remote["calls"] == 1


def test_for_userinfo_too(place, browser, remote):
    client = at_an_address(place, what="userinfo")

    assert json.loads(opened(userinfo(place, browser, client).text, RSA))["email"] == ANN
    assert remote["calls"] == 1


def test_a_client_that_proves_itself_by_a_key_is_not_taken_for_a_replay_while_another_is_fetched(
    place, browser, remote, monkeypatch
):
    """What the first try wrote (the jti that was used) must not be there in the second."""
    seconds = {"now": 1000.0}
    monkeypatch.setattr("idp.oidc.remote_keys.clock.monotonic", lambda: seconds["now"])
    client = at_an_address(place, token_endpoint_auth_method="private_key_jwt")
    code = place.code(browser, client)

    def redeem(jti: str):
        proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion(client, jti=jti)}
        return place.redeem(client, code, headers={}, **proof)

    remote["answer"] = own = {"keys": [key | {"use": "sig"} for key in KEYS["keys"]]}
    assert redeem("first").json["error"] == "invalid_request", "there is no key to encrypt to"
    seconds["now"] += 31
    remote["answer"] = {"keys": [*own["keys"], *jwks(RSA)["keys"]]}
    found = redeem("second")

    assert found.status_code == 200, found.text
    assert opened(found.json["id_token"], RSA)
    assert remote["calls"] == 2
    again = redeem("second")
    assert (again.status_code, again.json["error"]) == (401, "invalid_client"), "the jti of the second try counts"


@pytest.mark.parametrize("answer", [None, {"keys": []}, {"x": 1}, jwks(SIGNING), jwks(CURVE)], ids=steady)
def test_without_a_usable_key_there_is_no_token_and_the_code_stays_good(place, browser, remote, answer):
    client = at_an_address(place)
    remote["answer"] = answer
    code = place.code(browser, client)
    refused = place.redeem(client, code)

    assert refused.status_code == 400
    assert refused.json["error"] == "invalid_request"
    assert "id_token" not in refused.json
    attempt = place.attempt(reference(refused))
    assert "no key of the client is for RSA-OAEP-256" in str(attempt.steps)
    assert ("far end is down" in str(attempt.steps)) is (answer is None)

    remote["answer"] = jwks(RSA)
    remote_keys.forget()
    assert opened(place.redeem(client, code).json["id_token"], RSA)


def test_without_a_usable_key_userinfo_says_nothing(place, browser, remote):
    client = at_an_address(place, what="userinfo")
    remote["answer"] = jwks(SIGNING)
    refused = place.userinfo(place.tokens(browser, client)["access_token"])

    assert refused.status_code == 400
    assert ANN not in refused.text
    assert "no key of the client" in str(place.attempt(reference(refused)).steps)


def test_a_new_key_is_looked_for_and_not_more_often_than_every_half_minute(place, browser, remote, monkeypatch):
    client = at_an_address(place)
    remote["answer"] = jwks(SIGNING)
    seconds = {"now": 1000.0}
    monkeypatch.setattr("idp.oidc.remote_keys.clock.monotonic", lambda: seconds["now"])

    def redeem():
        return place.redeem(client, place.code(browser, client)).status_code

    assert [redeem(), redeem()] == [400, 400]
    assert remote["calls"] == 1
    remote["answer"] = jwks(SIGNING, RSA)
    seconds["now"] += 31
    assert redeem() == 200
    assert remote["calls"] == 2


# Logout tokens (OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6)


@pytest.fixture
def told(place, remote, monkeypatch):
    """A client whose ID tokens are encrypted is told of a logout; what it was sent."""
    sent = []

    def post(address, body, **_):
        from idp.base.egress import Answer

        sent.append(body.decode().partition("=")[2])
        return Answer(200, b"")

    monkeypatch.setattr("idp.base.egress.post", post)
    client = at_an_address(place, backchannel_logout_uri="https://rp.example/out")

    def sign_out() -> list[str]:
        from tests.oidc.test_backchannel_logout import sign_out

        browser = place.browser()
        remote_keys.forget()
        place.tokens(browser, client)
        remote_keys.forget()
        sign_out(browser)
        return sent

    return sign_out


def test_a_logout_token_is_encrypted_where_the_id_tokens_are(place, told, remote):
    [token] = told()

    said = signed_by_us(place, opened(token, RSA))
    assert said["iss"] == ISSUER
    assert "events" in said


# Registration


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("jwks", {"keys": ()}),
        ("jwks", {"keys": (SIGNING,)}),
        ("jwks", {"keys": (CURVE,)}),
        ("jwks", {"keys": (RSA,), "alg": "ECDH-ES"}),
        ("jwks", {"jwks": None}),
        ("id_token_encrypted_response_alg", {"alg": "RSA1_5"}),
        ("id_token_encrypted_response_alg", {"alg": "dir"}),
        ("id_token_encrypted_response_alg", {"alg": "A128KW"}),
        ("id_token_encrypted_response_alg", {"alg": "PBES2-HS256+A128KW"}),
        ("id_token_encrypted_response_alg", {"alg": "none"}),
        ("id_token_encrypted_response_enc", {"enc": "A128CBC"}),
        ("id_token_encrypted_response_enc", {"enc": "none"}),
        ("id_token_encrypted_response_enc", {"alg": None, "enc": "A128GCM"}),
        ("userinfo_signed_response_alg", {"userinfo_signed_response_alg": "none"}),
        ("userinfo_signed_response_alg", {"userinfo_signed_response_alg": "HS256"}),
        ("jwks", {"token_endpoint_auth_method": "private_key_jwt", "keys": (RSA,)}),
    ],
    ids=steady,
)
def test_what_cannot_be_done_cannot_be_registered(place, field, asked):
    with pytest.raises(Invalid) as refused:
        register(place, **asked)
    assert refused.value.field == field


def test_discovery_names_what_there_is(place):
    said = place.app.test_client().get("/sites/acme/.well-known/openid-configuration").json

    for what in ("id_token", "userinfo"):
        assert said[f"{what}_encryption_alg_values_supported"] == list(ALGORITHMS)
        assert said[f"{what}_encryption_enc_values_supported"] == METHODS
    assert said["userinfo_signing_alg_values_supported"] == ["RS256", "PS256", "ES256", "EdDSA"]


NO_POINT = {"kty": "OKP", "crv": "X25519", "kid": "zero", "x": "A" * 43}
NO_MODULUS = {"kty": "RSA", "kid": "even", "n": "_" * 341 + "g", "e": "AQAB"}


@pytest.mark.parametrize(("key", "alg"), [(NO_POINT, "ECDH-ES"), (NO_MODULUS, "RSA-OAEP")])
def test_o15_a_key_that_nothing_can_be_encrypted_to_is_the_clients_fault_and_no_error_of_ours(place, browser, key, alg):
    client = place.register(id_token_encrypted_response_alg=alg, jwks={"keys": [key]})
    found = place.redeem(client, place.code(browser, client))

    assert (found.status_code, found.json["error"]) == (400, "invalid_request")
    assert key["kid"] in place.attempt(reference(found)).steps[-1]["cause"]
