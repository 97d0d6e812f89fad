"""RFC 7523 and draft-ietf-oauth-rfc7523bis: a client proves who it is by an assertion (O14, O15, O18)."""

import base64
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from threading import Barrier, BoundedSemaphore, Event

import pytest
from joserfc.jwk import ECKey

from idp.base.errors import Unavailable
from idp.directory import sites
from idp.oidc import client_auth, remote_keys
from idp.web.door import places
from tests.oidc.assertions import EC, ED, KEYS, MACHINE, OTHER, RSA, assertion
from tests.oidc.support import BASE_URL, ISSUER, NOON, reference
from tests.support.steady import steady


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


@pytest.mark.parametrize(
    ("key", "alg"), [(EC, "ES256"), (RSA, "RS256"), (RSA, "PS256"), (ED, "EdDSA"), (ED, "Ed25519")], ids=steady
)
def test_a_signed_assertion_proves_the_client(place, keyed, key, alg):
    answer = call(place, keyed, assertion(keyed, key, alg))

    assert answer.status_code == 200, answer.text


def test_an_assertion_without_a_key_id_is_tried_with_the_keys_that_fit(place, keyed):
    nameless = ECKey.import_key({k: v for k, v in EC.as_dict(private=True).items() if k != "kid"})

    assert call(place, keyed, assertion(keyed, nameless)).status_code == 200


AT = int(NOON.timestamp())


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": f"{ISSUER}/oauth2/token"},
        {"aud": [ISSUER]},
        {"aud": [ISSUER, "https://other.example"]},
        {"aud": ISSUER + "/"},
        {"aud": BASE_URL},
        {"aud": f"{BASE_URL}/sites/acme-eu"},
        {"aud": None},
        {"iss": "cli_other"},
        {"iss": None},
        {"sub": "cli_other"},
        {"sub": None},
        {"exp": None},
        {"exp": AT - 61},
        {"exp": AT + 361},
        {"exp": "soon"},
        {"exp": True},
        {"nbf": AT + 61},
        {"iat": AT + 61},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"header": {"typ": "at+jwt"}},
        {"header": {"typ": "logout+jwt"}},
        {"header": {"kid": "unknown"}},
        {"key": OTHER},
    ],
    ids=steady,
)
def test_o14_anything_else_about_an_assertion_is_refused(place, keyed, changes):
    answer = call(place, keyed, assertion(keyed, **changes))

    assert answer.status_code == 401
    assert answer.json["error"] == "invalid_client"


@pytest.fixture
def lenient(place):
    """The site takes what OpenID Connect Core section 9 recommends: the token endpoint as the audience."""
    with place.work() as work:
        sites.edit(work, "acme", assertions_for_token_endpoint=True)


@pytest.mark.parametrize("aud", [ISSUER, f"{ISSUER}/oauth2/token"], ids=["issuer", "token endpoint"])
def test_o14_a_site_may_take_assertions_for_its_token_endpoint(place, keyed, lenient, aud):
    assert call(place, keyed, assertion(keyed, aud=aud)).status_code == 200


@pytest.mark.parametrize(
    "aud",
    [
        [f"{ISSUER}/oauth2/token"],
        [ISSUER, f"{ISSUER}/oauth2/token"],
        f"{ISSUER}/oauth2/token/",
        f"{ISSUER}/oauth2/par",
        f"{BASE_URL}/sites/acme-eu/oauth2/token",
        "https://other.example/token",
    ],
    ids=str,
)
def test_o14_and_for_nobody_elses_even_then(place, keyed, lenient, aud):
    assert call(place, keyed, assertion(keyed, aud=aud)).json["error"] == "invalid_client"


def test_o14_another_site_does_not_take_them_for_that(place, lenient):
    other = place.register(site="acme-eu", token_endpoint_auth_method="private_key_jwt", jwks=KEYS, **MACHINE)
    token = assertion(other, aud=f"{BASE_URL}/sites/acme-eu/oauth2/token")

    assert call(place, other, token, site="acme-eu").json["error"] == "invalid_client"


def test_o14_an_assertion_is_honoured_once(place, keyed):
    token = assertion(keyed)

    assert call(place, keyed, token).status_code == 200
    assert call(place, keyed, token).json["error"] == "invalid_client"
    assert call(place, keyed, assertion(keyed, RSA, "RS256")).json["error"] == "invalid_client", (
        "by its jti, not its text"
    )
    assert call(place, keyed, assertion(keyed, jti="twice")).status_code == 200


@pytest.mark.both_databases
def test_o14_of_fifty_with_one_assertion_one_wins(place, keyed):
    token, together = assertion(keyed), Barrier(50)

    def show(_):
        together.wait()
        return call(place, keyed, token)

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(show, range(50)))

    assert [answer.status_code for answer in answers].count(200) == 1
    assert {answer.json["error"] for answer in answers if answer.status_code != 200} <= {
        "invalid_client",
        "temporarily_unavailable",
    }


def test_o14_also_one_whose_request_was_refused(place, keyed):
    token = assertion(keyed)

    assert call(place, keyed, token, scope="nothing-of-mine").json["error"] == "invalid_scope"
    assert call(place, keyed, token).json["error"] == "invalid_client"


def test_o14_a_jti_is_the_clients_own(place, keyed):
    other = place.register(client_name="Other", token_endpoint_auth_method="private_key_jwt", jwks=KEYS, **MACHINE)

    assert call(place, keyed, assertion(keyed)).status_code == 200
    assert call(place, other, assertion(other)).status_code == 200


def test_o14_it_is_remembered_for_as_long_as_it_could_be_used(place, keyed):
    token = assertion(keyed, exp=AT + 300)
    assert call(place, keyed, token).status_code == 200

    place.later(seconds=355)

    assert "used before" in place.attempt(reference(call(place, keyed, token))).cause


def test_o14_the_registered_algorithm_is_the_only_one(place):
    client = place.register(
        token_endpoint_auth_method="private_key_jwt", jwks=KEYS, token_endpoint_auth_signing_alg="ES256", **MACHINE
    )

    assert call(place, client, assertion(client, RSA, "RS256")).json["error"] == "invalid_client"
    assert call(place, client, assertion(client)).status_code == 200


def test_o15_a_secret_made_of_the_public_key_is_no_key(place, keyed):
    for alg, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
        signed = assertion(keyed, RSA, "RS256").split(".")[1]
        head = base64.urlsafe_b64encode(json.dumps({"alg": alg, "kid": "rsa"}).encode()).rstrip(b"=").decode()
        mac = hmac.digest(RSA.as_pem(private=False), f"{head}.{signed}".encode(), digest)
        forged = f"{head}.{signed}." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
        assert call(place, keyed, forged).json["error"] == "invalid_client"


@pytest.mark.parametrize("stated", [None, "urn:ietf:params:oauth:client-assertion-type:saml2-bearer", ""])
def test_the_type_of_the_assertion_is_stated(place, keyed, stated):
    assert call(place, keyed, assertion(keyed), client_assertion_type=stated).json["error"] == "invalid_client"


# jwks_uri


@pytest.fixture
def remote(place, monkeypatch):
    """A client that keeps its keys at an address; ``calls`` counts who asked, ``answer`` is what is there."""
    client = place.register(token_endpoint_auth_method="private_key_jwt", jwks_uri="https://rp.example/jwks", **MACHINE)
    world = {"client": client, "calls": 0, "answer": KEYS}

    def fetch(address, *, allowed, most_bytes, **_):
        assert (address, list(allowed), most_bytes) == ("https://rp.example/jwks", [], 256 * 1024)
        world["calls"] += 1
        if world["answer"] is None:
            raise Unavailable("no", cause="the far end is down")
        import orjson

        return orjson.dumps(world["answer"])

    monkeypatch.setattr("idp.base.egress.fetch", fetch)
    return world


def test_keys_at_an_address_are_fetched_once(place, remote):
    for number in range(3):
        assert call(place, remote["client"], assertion(remote["client"], jti=str(number))).status_code == 200

    assert remote["calls"] == 1


def test_o18_i8_who_waits_for_a_clients_keys_holds_nobody_up(place, remote, monkeypatch):
    """O18, I8: the address may hang for as long as we wait; others are answered meanwhile."""
    app, asked, go_on = place.app, Event(), Event()
    app._working = places(1)  # as if all the others were waiting, too

    def hang(*_, **__):
        asked.set()
        assert go_on.wait(5)
        raise Unavailable("no", cause="no answer in time")

    monkeypatch.setattr("idp.base.egress.fetch", hang)
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(call, place, remote["client"], assertion(remote["client"]))
        assert asked.wait(5)
        others = pool.submit(app.test_client().get, "/livez")
        try:
            assert others.result(2).status_code == 200
        finally:
            go_on.set()
    assert waiting.result().json["error"] == "invalid_client"


def test_o18_i8_not_everybody_can_wait_for_keys_at_once(place, remote):
    app = place.app
    app._aside = BoundedSemaphore(1)
    app._aside.acquire()

    assert call(place, remote["client"], assertion(remote["client"])).status_code == 503
    assert remote["calls"] == 0

    app._aside.release()
    assert call(place, remote["client"], assertion(remote["client"])).status_code == 200


def test_o18_i8_whoever_lets_us_wait_takes_no_place_of_another_networks(place, remote):
    """Anybody can register addresses that hang, where a site lets clients register themselves."""
    app, client = place.app, remote["client"]
    with ExitStack() as waiting:
        for _ in range(16):
            waiting.enter_context(app.aside("127.0.0.1"))
        assert call(place, client, assertion(client)).status_code == 503, "this one comes from there, too"
        assert remote["calls"] == 0
        waiting.enter_context(app.aside("192.0.2.1"))

    assert call(place, client, assertion(client)).status_code == 200
    assert not app._aside_of, "nobody is remembered who waits no more"


def test_o18_made_up_key_ids_do_not_make_us_call(place, remote):
    client = remote["client"]
    for number in range(5):
        call(place, client, assertion(client, jti=str(number), header={"kid": f"k{number}"}))

    assert remote["calls"] == 1


def test_o18_what_is_no_key_set_is_a_refusal_that_says_nothing(place, remote):
    for answer in (None, [], {}, {"keys": []}, "x", {"keys": [{"kty": "oct", "k": "eA"}]}):
        remote_keys.forget()
        remote["answer"] = answer
        refused = call(place, remote["client"], assertion(remote["client"]))

        assert refused.json["error"] == "invalid_client"
        assert "rp.example" not in refused.text
        assert any(step["step"] == "client-keys" for step in place.attempt(reference(refused)).steps)


def test_a_new_key_is_found_after_half_a_minute(monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr("idp.base.clock.monotonic", lambda: moment[0])
    import orjson

    wanted = remote_keys.known("https://rp.example/jwks", "ec")
    assert remote_keys.fetch(wanted, lambda _: orjson.dumps(KEYS)) == ""
    assert {key.id for key in remote_keys.known("https://rp.example/jwks", "new")} == {"ec", "rsa", "ed"}

    moment[0] += 31
    assert remote_keys.known("https://rp.example/jwks", "new") == wanted
    assert remote_keys.known("https://rp.example/jwks", "ec") != wanted

    moment[0] += timedelta(minutes=10).total_seconds()
    assert remote_keys.known("https://rp.example/jwks", "ec") == wanted


def test_known_keys_stay_good_while_the_address_is_down(monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr("idp.base.clock.monotonic", lambda: moment[0])
    import orjson

    def down(_address):
        raise Unavailable("no", cause="down")

    wanted = remote_keys.known("https://rp.example/jwks", "ec")
    remote_keys.fetch(wanted, lambda _: orjson.dumps(KEYS))
    moment[0] += 700

    assert "down" in remote_keys.fetch(wanted, down)
    assert {key.id for key in remote_keys.known("https://rp.example/jwks", "ec")} == {"ec", "rsa", "ed"}


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.e30", "e30.W10.e30", 7])
def test_what_is_no_assertion_names_no_client(place, keyed, token):
    assert call(place, keyed, str(token)).json["error"] == "invalid_client"
    assert call(place, keyed, str(token), client_id=keyed.client_id).json["error"] == "invalid_client"


def test_the_stated_client_is_the_one_of_the_assertion(place, keyed):
    assert call(place, keyed, assertion(keyed), client_id="cli_other").json["error"] == "invalid_client"
    assert call(place, keyed, assertion(keyed), client_id=keyed.client_id).status_code == 200


@pytest.mark.parametrize("path", ["revoke", "introspect"])
def test_o12_the_other_endpoints_of_clients_ask_for_the_same_proof(place, remote, path):
    client = remote["client"]
    form = {
        "token": "x",
        "client_assertion_type": client_auth.ASSERTION_TYPE,
        "client_assertion": assertion(client),
    }

    def post():
        return place.app.test_client().post(f"/sites/acme/oauth2/{path}", data=form)

    assert post().status_code == 200
    assert remote["calls"] == 1
    assert post().json["error"] == "invalid_client", "and an assertion is honoured once, wherever it is shown"


def test_keys_that_change_under_our_hands_are_a_matter_of_trying_again(place, remote, monkeypatch):
    monkeypatch.setattr(remote_keys, "fetch", lambda wanted, get: "")

    refused = call(place, remote["client"], assertion(remote["client"]))

    assert refused.status_code == 503
    assert refused.json["error"] == "temporarily_unavailable"
    assert refused.headers["Retry-After"]


def test_the_memory_of_keys_is_bounded():
    for number in range(1100):
        remote_keys.fetch(remote_keys.Wanted(f"https://rp.example/{number}"), lambda _: b"{}")

    assert isinstance(remote_keys.known("https://rp.example/0", None), remote_keys.Wanted)
    assert remote_keys.known("https://rp.example/1099", None) == ()
