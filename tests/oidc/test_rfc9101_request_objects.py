"""RFC 9101 and OpenID Connect Core section 6.1: authorization requests as JWTs (O4, O15, O16)."""

import base64
import hmac
import json
import warnings

import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning

from tests.oidc.assertions import EC, ED, KEYS, OTHER, RSA, assertion
from tests.oidc.support import CALLBACK, ISSUER, NOON, answered, claims, request

AT = int(NOON.timestamp())
BY_ALGORITHM = {"ES256": EC, "RS256": RSA, "PS256": RSA, "EdDSA": ED, "Ed25519": ED}


@pytest.fixture
def signer(place):
    """A client with keys, which has registered no algorithm."""
    return place.register(jwks=KEYS)


@pytest.fixture
def strict(place):
    """A client whose requests are signed, always."""
    return place.register(jwks=KEYS, require_signed_request_object=True)


def signed(client, key=EC, alg="ES256", head=None, **changes):
    """A request object of *client* that is good but for *changes*; None leaves a claim out."""
    good = {**request(client), "iss": client.client_id, "aud": ISSUER, "iat": AT, "nbf": AT, "exp": AT + 60}
    said = {name: value for name, value in (good | changes).items() if value is not None}
    header = {"alg": alg, "kid": key.kid, "typ": "oauth-authz-req+jwt", **(head or {})}
    header = {name: value for name, value in header.items() if value is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode(header, said, key, algorithms=[alg])


def b64(value) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned(said, head=None) -> str:
    return f"{b64(head or {'alg': 'none'})}.{b64(said)}."


def bring(browser, client, token, **beside):
    return browser.get(
        "/sites/acme/oauth2/authorize", query_string={"client_id": client.client_id, "request": token, **beside}
    )


@pytest.mark.parametrize("alg", BY_ALGORITHM)
def test_a_signed_request_is_answered(place, signer, browser, alg):
    found = answered(bring(browser, signer, signed(signer, BY_ALGORITHM[alg], alg)))

    assert found["state"] == "st4te"
    tokens = place.redeem(signer, found["code"]).json
    assert claims(tokens["id_token"])["nonce"] == "n0nce"


def test_the_metadata_says_which_algorithms_are_read(place):
    said = place.app.test_client().get("/sites/acme/.well-known/openid-configuration").json

    assert said["request_parameter_supported"] is True
    assert set(said["request_object_signing_alg_values_supported"]) == {*BY_ALGORITHM, "none"}


@pytest.mark.parametrize("typ", ["oauth-authz-req+jwt", "JWT", "jwt", "application/oauth-authz-req+jwt", None])
def test_the_kind_of_token_may_be_left_out(place, signer, browser, typ):
    assert "code" in answered(bring(browser, signer, signed(signer, head={"typ": typ})))


@pytest.mark.parametrize("left_out", ["iss", "aud", "exp", "nbf", "iat", "client_id"])
def test_what_the_specification_leaves_open_may_be_left_out(place, signer, browser, left_out):
    assert "code" in answered(bring(browser, signer, signed(signer, **{left_out: None})))


def test_the_audience_may_be_a_list_with_us_in_it(place, signer, browser):
    assert "code" in answered(bring(browser, signer, signed(signer, aud=["https://other.example", ISSUER])))


def test_of_a_signed_request_only_what_it_says_counts(place, signer, browser):
    """RFC 9101 section 6.3."""
    token = signed(signer, scope="openid", state=None, nonce=None)
    found = answered(
        bring(
            browser,
            signer,
            token,
            redirect_uri="https://evil.example/",
            state="theirs",
            scope="openid profile",
            nonce="theirs",
            response_type="id_token",
            prompt="login",
        )
    )

    assert "state" not in found
    tokens = place.redeem(signer, found["code"]).json
    assert tokens["scope"] == "openid"
    assert "nonce" not in claims(tokens["id_token"])


def test_values_are_written_as_json_has_them(place, signer, browser):
    """RFC 9101 section 4: a number for max_age, an object for claims."""
    wanted = {"userinfo": {"groups": None}}
    token = signed(signer, max_age=600, claims=wanted, scope="openid")
    tokens = place.redeem(signer, answered(bring(browser, signer, token))["code"]).json

    assert place.userinfo(tokens["access_token"]).json["groups"] == ["Research", "Staff"]
    place.later(minutes=11)
    late = signed(signer, max_age=600, exp=None)
    assert bring(browser, signer, late).headers["Location"].startswith("/signin/")


@pytest.mark.parametrize(
    "change",
    [
        {"scope": 7},
        {"scope": ["openid"]},
        {"state": {"a": "b"}},
        {"redirect_uri": [CALLBACK]},
        {"max_age": True},
        {"max_age": 1.5},
        {"max_age": "soon"},
        {"claims": ["x"]},
        {"claims": "{"},
        {"prompt": True},
        {"resource": []},
        {"resource": [7]},
        {"resource": ["https://api.example"] * 9},
    ],
    ids=str,
)
def test_values_of_another_kind_are_refused(place, signer, browser, change):
    answer = bring(browser, signer, signed(signer, **change), redirect_uri=CALLBACK)

    assert answered(answer)["error"] in ("invalid_request_object", "invalid_request")


def test_a_form_may_carry_it_as_well(place, signer, browser):
    sent = {"client_id": signer.client_id, "request": signed(signer)}
    bounced = place.app.test_client().post("/sites/acme/oauth2/authorize", data=sent)

    assert "code" in answered(browser.get(bounced.headers["Location"]))
    assert "code" in answered(browser.post("/sites/acme/oauth2/authorize", data=sent))


def test_whoever_must_agree_first_comes_back_with_a_code(place, browser):
    third = place.register(jwks=KEYS, first_party=False, require_signed_request_object=True)
    path = bring(browser, third, signed(third)).headers["Location"]
    token = browser.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    place.later(minutes=5)
    after = browser.post(f"{path}/consent", data={"csrf_token": token})
    while after.headers["Location"].startswith("/"):
        after = browser.get(after.headers["Location"])

    assert "code" in answered(after), "the object was good when it came"


def test_it_may_be_pushed(place, strict, browser):
    push = place.app.test_client().post
    found = push("/sites/acme/oauth2/par", data={"request": signed(strict)}, headers=strict.basic)
    bare = push("/sites/acme/oauth2/par", data=request(strict), headers=strict.basic)
    sent = {"client_id": strict.client_id, "request_uri": found.json["request_uri"]}

    assert "code" in answered(browser.get("/sites/acme/oauth2/authorize", query_string=sent))
    assert bare.json["error"] == "invalid_request", "and so it must be, if the client has registered so"


# What is refused

HEADERS = [
    {"typ": "at+jwt"},
    {"typ": "client-authentication+jwt"},
    {"typ": "logout+jwt"},
    {"kid": "../../etc/passwd"},
    {"kid": "rsa"},
    {"jku": "https://evil.example/jwks"},
    {"x5u": "https://evil.example/cert"},
    {"jwk": OTHER.as_dict(private=False)},
    {"x5c": ["MII"]},
    {"zip": "DEF"},
    {"enc": "A128GCM"},
]


def refused(browser, client, token, error="invalid_request_object", **beside) -> None:
    """It is refused: to the address that the plain parameters prove, and where they prove none, on a page."""
    bare = bring(browser, client, token, **beside)
    assert bare.status_code == 400
    assert "Location" not in bare.headers
    found = answered(bring(browser, client, token, **{"redirect_uri": CALLBACK, "state": "plain", **beside}))
    assert (found["error"], found["state"], found["iss"]) == (error, "plain", ISSUER)
    evil = bring(browser, client, token, **{**beside, "redirect_uri": "https://evil.example/"})
    assert evil.status_code == 400
    assert "Location" not in evil.headers


@pytest.mark.parametrize("head", HEADERS, ids=lambda head: "-".join(head))
def test_o15_a_header_chooses_neither_key_nor_rules(place, signer, browser, monkeypatch, head):
    called = []
    monkeypatch.setattr("idp.base.egress.fetch", lambda *a, **k: called.append(a))
    parts = signed(signer).split(".")
    header = {"alg": "ES256", "kid": "ec", "typ": "oauth-authz-req+jwt", **head}
    from joserfc.jws import JWSRegistry

    to_sign = f"{b64(header)}.{parts[1]}"
    signature = JWSRegistry.algorithms["ES256"].sign(to_sign.encode(), EC)

    refused(browser, signer, f"{to_sign}.{b64(signature)}")
    assert called == []


def test_o15_crit_is_refused(place, signer, browser):
    parts = signed(signer).split(".")
    header = {"alg": "ES256", "kid": "ec", "crit": ["exp"], "exp": AT + 60}

    refused(browser, signer, f"{b64(header)}.{parts[1]}.{parts[2]}")


@pytest.mark.parametrize("alg", ["HS256", "none", "NONE", "None", "nOnE", "RS384", "", None, 7])
def test_o15_another_algorithm_is_no_signature(place, signer, browser, alg):
    parts = signed(signer).split(".")
    head = b64({"alg": alg, "kid": "ec"})

    refused(browser, signer, f"{head}.{parts[1]}.{parts[2]}")
    if alg != "none":
        refused(browser, signer, f"{head}.{parts[1]}.")


def test_o15_a_public_key_is_no_secret(place, signer, browser):
    parts = signed(signer).split(".")
    to_sign = f"{b64({'alg': 'HS256', 'kid': 'rsa'})}.{parts[1]}"
    for secret in (RSA.as_pem(private=False), b""):
        refused(browser, signer, f"{to_sign}.{b64(hmac.digest(secret, to_sign.encode(), 'sha256'))}")


@pytest.mark.parametrize("key", [OTHER, RSA], ids=["another with this id", "another kind"])
def test_another_key_is_refused(place, signer, browser, key):
    alg = "ES256" if key is OTHER else "RS256"
    head = {"kid": "ec"}

    refused(browser, signer, signed(signer, key, alg, head=head))


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "cli_other"},
        {"iss": 7},
        {"aud": "https://other.example"},
        {"aud": []},
        {"aud": [7]},
        {"aud": f"{ISSUER}/oauth2/token"},
        {"aud": {"a": ISSUER}},
        {"exp": AT - 60},
        {"exp": "soon"},
        {"nbf": AT + 61},
        {"iat": AT + 61},
        {"client_id": "cli_other"},
        {"client_id": 7},
    ],
    ids=str,
)
def test_what_it_says_of_itself_is_checked(place, signer, browser, change):
    refused(browser, signer, signed(signer, **change))


@pytest.mark.parametrize("name", ["request", "request_uri"])
@pytest.mark.parametrize("value", ["https://rp.example/r", "a.b.c", "", None, 7])
def test_it_holds_no_other_request(place, signer, browser, name, value):
    said = {**request(signer), name: value}

    refused(browser, signer, unsigned(said))
    if value is not None:
        refused(browser, signer, signed(signer, **{name: value}))


def test_o16_a_client_assertion_is_no_request(place, signer, browser):
    """RFC 9101 section 10.8."""
    refused(browser, signer, assertion(signer))
    refused(browser, signer, signed(signer, sub=signer.client_id))


def test_o16_nor_is_a_request_a_client_assertion(place):
    from tests.oidc.test_rfc7523_client_assertions import call

    client = place.register(token_endpoint_auth_method="private_key_jwt", jwks=KEYS)
    token = signed(client, sub=client.client_id, jti="x")

    assert call(place, client, token).json["error"] == "invalid_client"


def test_o16_an_id_token_of_ours_is_no_request(place, signer, browser):
    refused(browser, signer, place.tokens(browser, signer)["id_token"])


def test_another_clients_object_is_refused(place, signer, browser):
    other = place.register(jwks=KEYS, client_name="Other")

    refused(browser, signer, signed(other))


def test_an_object_for_another_site_is_refused(place, signer, browser):
    refused(browser, signer, signed(signer, aud="http://localhost:8000/sites/acme-eu"))


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "a.b", "a.b.c.d.e", "e30.e30.", "e30.W10.e30", ".", "..", "...", "ü.ü.ü"]
)
def test_what_is_no_jwt_is_refused(place, signer, browser, token):
    refused(browser, signer, token)


def test_a_client_without_keys_signs_nothing(place, client, browser):
    refused(browser, client, signed(client))


def test_it_comes_by_value_or_by_address(place, signer, browser):
    refused(browser, signer, signed(signer), error="invalid_request", request_uri="https://rp.example/request.jwt")


@pytest.mark.parametrize("name", ["state", "request", "scope"])
def test_q6_what_comes_beside_it_is_not_repeated(place, signer, browser, name):
    query = f"client_id={signer.client_id}&redirect_uri={CALLBACK}&request={signed(signer)}&{name}=x&{name}=y"

    assert answered(browser.get(f"/sites/acme/oauth2/authorize?{query}"))["error"] == "invalid_request"


def test_o4_an_unregistered_address_inside_gets_a_page(place, signer, browser):
    token = signed(signer, redirect_uri="https://evil.example/")
    answer = bring(browser, signer, token, redirect_uri=CALLBACK)

    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_o4_where_only_a_bad_object_names_the_address_there_is_a_page_and_the_attempt_says_why(place, signer, browser):
    token = signed(signer, exp=int(NOON.timestamp()) - 3600)

    shown = browser.get("/sites/acme/oauth2/authorize", query_string={"client_id": signer.client_id, "request": token})

    assert shown.status_code == 400
    assert "Location" not in shown.headers
    assert "it is over" not in shown.text
    assert place.attempts()[-1].cause == "request object: it is over"


def test_nobody_is_answered_for_a_client_that_is_not_known(place, signer, browser):
    answer = browser.get("/sites/acme/oauth2/authorize", query_string={"request": signed(signer)})

    assert answer.status_code == 400
    assert "Location" not in answer.headers


# Unsigned ones


def test_an_unsigned_request_is_another_way_to_write_parameters(place, client, browser):
    """OpenID Connect Core section 6.1: what it does not say may be said beside it."""
    said = {"redirect_uri": CALLBACK, "scope": "openid", "nonce": "inside"}
    found = answered(
        bring(browser, client, unsigned(said), **request(client, redirect_uri="https://evil.example/", nonce="beside"))
    )
    tokens = place.redeem(client, found["code"]).json

    assert found["state"] == "st4te"
    assert tokens["scope"] == "openid"
    assert claims(tokens["id_token"])["nonce"] == "inside"


@pytest.mark.parametrize("change", [{"response_type": "id_token"}, {"client_id": "cli_other"}])
def test_the_two_agree_on_who_asks_for_what(place, client, browser, change):
    token = unsigned({**request(client), **change})

    refused(browser, client, token, response_type="code")


def test_o15_an_unsigned_request_is_none_where_a_signature_is_registered(place, browser):
    for registered in (
        {"request_object_signing_alg": "ES256"},
        {"require_signed_request_object": True},
        {"require_signed_request_object": True, "request_object_signing_alg": "ES256"},
    ):
        client = place.register(jwks=KEYS, **registered)
        refused(browser, client, unsigned(request(client)))


def test_an_unsigned_request_may_be_registered(place, browser):
    client = place.register(jwks=KEYS, request_object_signing_alg="none")

    assert "code" in answered(bring(browser, client, unsigned(request(client))))
    refused(browser, client, signed(client))


@pytest.mark.parametrize("alg", BY_ALGORITHM)
def test_only_the_registered_algorithm_counts(place, browser, alg):
    client = place.register(jwks=KEYS, request_object_signing_alg=alg)
    for other, key in BY_ALGORITHM.items():
        token = signed(client, key, other)
        if other == alg:
            assert "code" in answered(bring(browser, client, token))
        else:
            refused(browser, client, token)


def test_plain_parameters_are_none_where_a_signature_is_required(place, strict, browser):
    assert answered(place.authorize(browser, strict))["error"] == "invalid_request"
    assert "code" in answered(bring(browser, strict, signed(strict)))


def test_the_attempt_says_what_was_wrong(place, signer, browser):
    answered(bring(browser, signer, signed(signer, OTHER), redirect_uri=CALLBACK))

    assert "the signature is wrong" in str(place.attempts()[-1].steps)


# Keys at an address


@pytest.fixture
def remote(place, monkeypatch):
    """A client that keeps its keys at an address; ``calls`` counts who asked."""
    world = {"client": place.register(jwks_uri="https://rp.example/jwks"), "calls": 0}

    def fetch(address, **_):
        assert address == "https://rp.example/jwks"
        world["calls"] += 1
        return json.dumps(KEYS).encode()

    monkeypatch.setattr("idp.base.egress.fetch", fetch)
    return world


def test_keys_at_an_address_are_fetched_once(place, remote, browser):
    client = remote["client"]
    for _ in range(3):
        assert "code" in answered(bring(browser, client, signed(client)))

    assert remote["calls"] == 1


def test_o18_made_up_key_ids_fetch_nothing_more(place, remote, browser):
    client = remote["client"]
    for number in range(5):
        refused(browser, client, signed(client, head={"kid": f"made-up-{number}"}))

    assert remote["calls"] == 1


def test_o18_an_unsigned_request_fetches_nothing(place, remote, browser):
    assert "code" in answered(bring(browser, remote["client"], unsigned(request(remote["client"]))))
    assert remote["calls"] == 0


def test_where_the_keys_do_not_come_the_request_is_refused(place, remote, browser, monkeypatch):
    from idp.base.errors import Unavailable

    def down(*_, **__):
        raise Unavailable("no", cause="the far end is down")

    monkeypatch.setattr("idp.base.egress.fetch", down)
    found = answered(bring(browser, remote["client"], signed(remote["client"]), redirect_uri=CALLBACK))

    assert found["error"] == "invalid_request_object"
    assert "the far end is down" not in str(found)
    assert "the far end is down" in str(place.attempts()[-1].steps)
