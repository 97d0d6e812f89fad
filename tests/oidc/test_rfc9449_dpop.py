"""RFC 9449: DPoP, tokens that only the holder of a key can use (O34)."""

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idp.base.crypto import Vault
from idp.base.db import Database
from tests.oidc.devices import Device, television
from tests.oidc.support import BASE_URL, CALLBACK, ISSUER, VERIFIER, Place, answered, claims
from tests.support.dpop import Holder, b64
from tests.support.visitor import Visitor

TOKEN, USERINFO = f"{ISSUER}/oauth2/token", f"{ISSUER}/oauth2/userinfo"
MACHINE = {"grant_types": ["client_credentials"], "redirect_uris": [], "scope": "reports"}


@pytest.fixture
def holder() -> Holder:
    return Holder()


@pytest.fixture
def machine(place):
    return place.register(**MACHINE)


def nonce_of(place, site="acme") -> str:
    """As a client learns it: from a refusal."""
    made = Holder().proof("POST", f"{BASE_URL}/sites/{site}/oauth2/token", at=place.now.timestamp())
    machine = place.register(site=site, client_name="Learns nonces", **MACHINE)
    refused = place.token(machine, site, headers={**machine.basic, "DPoP": made}, grant_type="client_credentials")
    assert refused.json["error"] == "use_dpop_nonce"
    return refused.headers["DPoP-Nonce"]


def proof(place, holder, method="POST", url=TOKEN, **changes) -> str:
    changes.setdefault("nonce", nonce_of(place))
    return holder.proof(method, url, **({"at": place.now.timestamp()} | changes))


def with_proof(client, sent: str) -> dict[str, str]:
    return {"DPoP": sent} if client.secret is None else {**client.basic, "DPoP": sent}


def for_itself(place, machine, sent, **form):
    return place.token(machine, headers=with_proof(machine, sent), grant_type="client_credentials", **form)


def redeem(place, client, code, sent, **changes):
    form = {"client_id": client.client_id if client.secret is None else None}
    return place.redeem(client, code, headers=with_proof(client, sent), **form, **changes)


def refresh(place, client, token, sent):
    form = {"client_id": client.client_id if client.secret is None else None}
    return place.refresh(client, token, headers=with_proof(client, sent), **form)


def bound_tokens(place, browser, client, holder, **changes):
    found = redeem(place, client, place.code(browser, client, **changes), proof(place, holder))
    assert found.status_code == 200, found.text
    return found.json


def userinfo(place, authorization, sent=None, method="GET"):
    headers = {"Authorization": authorization} | ({"DPoP": sent} if sent is not None else {})
    return place.app.test_client().open("/sites/acme/oauth2/userinfo", method=method, headers=headers)


def at_userinfo(place, holder, token, **changes):
    return userinfo(place, f"DPoP {token}", proof(place, holder, "GET", USERINFO, access_token=token, **changes))


# The token endpoint (section 5)


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA", "Ed25519"])
def test_a_proof_binds_the_access_token_to_its_key(place, browser, client, alg):
    holder = Holder(alg)
    tokens = bound_tokens(place, browser, client, holder)

    assert tokens["token_type"] == "DPoP"
    assert claims(tokens["access_token"])["cnf"] == {"jkt": holder.thumbprint}
    assert at_userinfo(place, holder, tokens["access_token"]).json["email"] == "ann@acme.example"


def test_without_a_proof_the_token_is_a_bearer_token(place, browser, client):
    tokens = place.tokens(browser, client)

    assert tokens["token_type"] == "Bearer"
    assert "cnf" not in claims(tokens["access_token"])


def test_a_client_that_acts_for_itself_gets_bound_tokens_too(place, machine, holder):
    found = for_itself(place, machine, proof(place, holder))

    assert found.json["token_type"] == "DPoP"
    assert claims(found.json["access_token"])["cnf"] == {"jkt": holder.thumbprint}


def test_o34_a_client_that_is_registered_for_bound_tokens_gets_no_other(place, browser, holder):
    """Section 5.2."""
    client = place.register(dpop_bound_access_tokens=True)
    code = place.code(browser, client)

    refused = place.redeem(client, code)
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_dpop_proof")
    tokens = redeem(place, client, code, proof(place, holder))
    assert tokens.json["token_type"] == "DPoP"
    assert place.refresh(client, tokens.json["refresh_token"]).json["error"] == "invalid_dpop_proof"


def test_bound_tokens_are_not_for_clients_whose_tokens_come_in_an_address():
    from idp.base.errors import Invalid
    from idp.oidc import metadata

    asked = {"redirect_uris": [CALLBACK], "client_name": "Old", "dpop_bound_access_tokens": True}
    assert metadata.read(asked, allow_http_loopback=False)["dpop_bound_access_tokens"] is True
    with pytest.raises(Invalid):
        metadata._read_tokens(asked, {"response_types": ["code token"]})


# One good proof, then one change at a time (section 4.3)


PUBLIC_PEM = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
CURVE_384 = ec.generate_private_key(ec.SECP384R1())
OTHER = Holder()


@cache
def rsa_holder(bits: int = 2048) -> Holder:
    return Holder("RS256", rsa_bits=bits)


def private_jwk(holder):
    return holder.key.as_dict(private=True)


def hs256(key: bytes):
    return lambda signed: hmac.digest(key, signed, hashlib.sha256)


def repeated_member(holder, good) -> str:
    head, said, _ = good.split(".")
    said = b64(b'{"htm":"GET",' + json.dumps(claims(good)).encode()[1:])
    return f"{head}.{said}.{b64(holder.sign(f'{head}.{said}'.encode()))}"


FORGED = {
    "alg none, no signature": {"header": {"alg": "none"}, "sign": lambda signed: b""},
    "alg none, good signature": {"header": {"alg": "none"}},
    "no alg": {"header": {"alg": None}},
    "alg is a list": {"header": {"alg": ["ES256"]}},
    "HS256 with the public key as PEM": {
        "header": {"alg": "HS256", "jwk": OTHER.jwk},
        "sign": lambda signed: hs256(OTHER.private.public_key().public_bytes(*PUBLIC_PEM))(signed),
    },
    "HS256 with a symmetric jwk": {
        "header": {"alg": "HS256", "jwk": {"kty": "oct", "k": b64(b"k" * 32)}},
        "sign": hs256(b"k" * 32),
    },
    "HS256 and an empty key": {"header": {"alg": "HS256"}, "sign": hs256(b"")},
    "ES384": {"header": {"alg": "ES384"}},
    "RS256 of an elliptic key": {"header": {"alg": "RS256"}},
    "a private jwk": {"header": lambda holder: {"jwk": private_jwk(holder)}},
    "no jwk": {"header": {"jwk": None}},
    "jwk is a text": {"header": {"jwk": "ES256"}},
    "jwk of another key": {"header": {"jwk": OTHER.jwk}},
    "jwk of another curve": {"header": lambda holder: {"jwk": {**holder.jwk, "crv": "P-384"}}},
    "jwk beside the curve": {"header": lambda holder: {"jwk": {**holder.jwk, "y": holder.jwk["x"]}}},
    "jwk with padding": {"header": lambda holder: {"jwk": {**holder.jwk, "x": holder.jwk["x"] + "="}}},
    "jwk with a longer coordinate": {"header": lambda holder: {"jwk": {**holder.jwk, "x": "AAAA" + holder.jwk["x"]}}},
    "jwk for encryption": {"header": lambda holder: {"jwk": {**holder.jwk, "use": "enc"}}},
    "jwk to sign with": {"header": lambda holder: {"jwk": {**holder.jwk, "key_ops": ["sign"]}}},
    "jwk of another algorithm": {"header": lambda holder: {"jwk": {**holder.jwk, "alg": "ES384"}}},
    "an RSA key of 1024 bits": {
        "header": lambda holder: {"alg": "RS256", "jwk": rsa_holder(1024).jwk},
        "sign": lambda signed: rsa_holder(1024).sign(signed),
    },
    "an RSA key with a long exponent": {
        "header": lambda holder: {"alg": "RS256", "jwk": {**rsa_holder().jwk, "e": rsa_holder().jwk["n"]}},
        "sign": lambda signed: rsa_holder().sign(signed),
    },
    "an RSA key with leading zeros": {
        "header": lambda holder: {"alg": "RS256", "jwk": {**rsa_holder().jwk, "e": b64(b"\0\1\0\1")}},
        "sign": lambda signed: rsa_holder().sign(signed),
    },
    "x5c": {"header": {"x5c": ["MIIB"]}},
    "x5u": {"header": {"x5u": "https://evil.example/x5u"}},
    "jku": {"header": {"jku": "https://evil.example/jwks"}},
    "crit": {"header": {"crit": ["exp"], "exp": 1}},
    "b64": {"header": {"b64": False}},
    "typ JWT": {"header": {"typ": "JWT"}},
    "no typ": {"header": {"typ": None}},
    "signature of another key": {"sign": OTHER.sign},
    "signature in DER": {
        "header": {"jwk": OTHER.jwk},
        "sign": lambda signed: OTHER.private.sign(signed, ec.ECDSA(hashes.SHA256())),
    },
    "signature of zeros": {"sign": lambda signed: bytes(64)},
    "another method": {"claims": {"htm": "GET"}},
    "method in small letters": {"claims": {"htm": "post"}},
    "no htm": {"claims": {"htm": None}},
    "another address": {"claims": {"htu": f"{ISSUER}/oauth2/userinfo"}},
    "another site": {"claims": {"htu": f"{BASE_URL}/sites/acme-eu/oauth2/token"}},
    "another host": {"claims": {"htu": "http://evil.example/sites/acme/oauth2/token"}},
    "another scheme": {"claims": {"htu": TOKEN.replace("http:", "https:")}},
    "another port": {"claims": {"htu": TOKEN.replace(":8000", ":8001")}},
    "a user in the address": {"claims": {"htu": TOKEN.replace("//", "//x@")}},
    "a longer path": {"claims": {"htu": TOKEN + "/"}},
    "letter case of the path": {"claims": {"htu": TOKEN.replace("token", "Token")}},
    "an escaped slash": {"claims": {"htu": TOKEN.replace("/token", "%2Ftoken")}},
    "a line break in the address": {"claims": {"htu": TOKEN + "\n"}},
    "an address without a host": {"claims": {"htu": "/sites/acme/oauth2/token"}},
    "no htu": {"claims": {"htu": None}},
    "htu is a list": {"claims": {"htu": [TOKEN]}},
    "iat 61 seconds ago": {"ago": 61},
    "iat in 11 seconds": {"ago": -11},
    "no iat": {"claims": {"iat": None}},
    "iat is a text": {"claims": {"iat": "now"}},
    "iat is true": {"claims": {"iat": True}},
    "exp is over": {"claims": lambda place: {"exp": place.now.timestamp() - 1}},
    "nbf is to come": {"claims": lambda place: {"nbf": place.now.timestamp() + 60}},
    "no jti": {"claims": {"jti": None}},
    "an empty jti": {"claims": {"jti": ""}},
    "jti is a number": {"claims": {"jti": 7}},
    "a jti of 129 characters": {"claims": {"jti": "j" * 129}},
    "a jti that is no text": {"claims": {"jti": "\ud800"}},
    "more than 4096 characters": {"claims": {"more": "m" * 3000}},
}


@pytest.mark.parametrize("changes", FORGED.values(), ids=FORGED.keys())
def test_o34_a_proof_that_is_wrong_in_one_thing_is_refused(place, machine, holder, changes):
    made = dict(changes)
    if callable(made.get("header")):
        made["header"] = made["header"](holder)
    if callable(made.get("claims")):
        made["claims"] = made["claims"](place)
    made["at"] = place.now.timestamp() - made.pop("ago", 0)

    refused = for_itself(place, machine, proof(place, holder, **made))

    assert refused.status_code == 400
    assert refused.json["error"] == "invalid_dpop_proof"
    assert "access_token" not in refused.json
    assert for_itself(place, machine, proof(place, holder)).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda holder, good: "",
        lambda holder, good: "x.y.z",
        lambda holder, good: good.rpartition(".")[0],
        lambda holder, good: good.rpartition(".")[0] + ".",
        lambda holder, good: f"{good}, {good}",
        lambda holder, good: f"{good},",
        lambda holder, good: good[:-2],
        lambda holder, good: good + "==",
        repeated_member,
    ],
    ids=["empty", "none", "cut", "unsigned", "two", "comma", "shortened", "padded", "repeated member"],
)
def test_o34_the_header_is_one_jwt(place, machine, holder, change):
    refused = for_itself(place, machine, change(holder, proof(place, holder)))

    assert refused.json["error"] == "invalid_dpop_proof"


def test_o34_two_headers_are_refused(place, machine, holder):
    headers = [*machine.basic.items(), ("DPoP", proof(place, holder)), ("DPoP", proof(place, holder))]
    refused = place.app.test_client().post(
        "/sites/acme/oauth2/token", data={"grant_type": "client_credentials"}, headers=headers
    )

    assert refused.json["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize(
    "htu",
    [
        TOKEN,
        TOKEN + "?query=1",
        TOKEN + "#fragment",
        TOKEN.replace("http://localhost", "HTTP://LocalHost"),
        TOKEN.replace("/token", "/%74oken"),
        TOKEN.replace("/oauth2/", "/x/../oauth2/./"),
    ],
)
def test_the_address_is_compared_in_its_normal_form(place, machine, holder, htu):
    """Section 4.3: RFC 3986 sections 6.2.2 and 6.2.3; query and fragment do not count."""
    assert for_itself(place, machine, proof(place, holder, claims={"htu": htu})).status_code == 200


@pytest.mark.parametrize("ago", [60, 0, -10])
def test_the_clock_of_the_client_may_go_a_little_wrong(place, machine, holder, ago):
    sent = proof(place, holder, at=place.now.timestamp() - ago)

    assert for_itself(place, machine, sent).status_code == 200


def test_d20_the_host_header_says_nothing_of_the_address(place, machine, holder):
    sent = proof(place, holder, url="http://evil.example/sites/acme/oauth2/token")
    headers = {**with_proof(machine, sent), "Host": "evil.example"}

    assert place.token(machine, headers=headers, grant_type="client_credentials").json["error"] == "invalid_dpop_proof"


def test_a_refused_proof_is_told_to_the_administrator(place, machine, holder):
    from tests.oidc.support import reference

    refused = for_itself(place, machine, proof(place, holder, claims={"htu": "https://evil.example/"}))

    attempt = place.attempt(reference(refused))
    assert attempt.application_id == machine.application_id
    assert "evil.example" in attempt.cause
    assert "evil.example" not in refused.text


# Once (section 11.1)


def test_o34_a_proof_is_good_once(place, machine, holder):
    sent = proof(place, holder)

    assert for_itself(place, machine, sent).status_code == 200
    again = for_itself(place, machine, sent)
    assert again.json["error"] == "invalid_dpop_proof"
    assert "used before" in again.json["error_description"]


def test_o34_also_after_a_request_that_was_refused(place, machine, holder):
    sent = proof(place, holder)

    assert for_itself(place, machine, sent, scope="other").json["error"] == "invalid_scope"
    assert for_itself(place, machine, sent).json["error"] == "invalid_dpop_proof"


def test_another_key_may_use_the_same_jti(place, machine, holder):
    said = {"jti": "one"}

    assert for_itself(place, machine, proof(place, holder, claims=said)).status_code == 200
    assert for_itself(place, machine, proof(place, Holder(), claims=said)).status_code == 200


@pytest.mark.both_databases
def test_o34_also_on_another_worker(place, machine, holder, vault):
    other = Place(Database(place.database.url, vault, memory_seconds=0))
    sent = proof(place, holder)

    assert for_itself(place, machine, sent).status_code == 200
    assert for_itself(other, machine, sent).json["error"] == "invalid_dpop_proof"
    other.database.dispose()


@pytest.mark.both_databases
def test_o34_of_fifty_with_one_proof_one_wins(place, machine, holder):
    sent = proof(place, holder)

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: for_itself(place, machine, sent), range(50)))

    assert sorted(answer.status_code for answer in answers).count(200) == 1
    assert {a.json["error"] for a in answers if a.status_code != 200} <= {
        "invalid_dpop_proof",
        "temporarily_unavailable",
    }


# Nonces (sections 8 and 9)


def test_a_proof_without_a_nonce_is_to_be_made_again_and_uses_nothing_up(place, browser, client, holder):
    code = place.code(browser, client)
    first = redeem(place, client, code, holder.proof("POST", TOKEN, at=place.now.timestamp()))

    assert (first.status_code, first.json["error"]) == (400, "use_dpop_nonce")
    assert first.headers["Cache-Control"] == "no-store"
    nonce = first.headers["DPoP-Nonce"]
    assert redeem(place, client, code, proof(place, holder, nonce=nonce)).status_code == 200


def test_asking_for_a_nonce_is_no_refusal(place, machine):
    before = len(place.attempts()), len(place.audited("token.refused"))
    nonce_of(place)

    assert (len(place.attempts()), len(place.audited("token.refused"))) == before


def test_the_nonce_of_the_five_minutes_before_is_good_and_the_new_one_comes_along(place, machine, holder):
    old = nonce_of(place)
    place.later(minutes=5)
    found = for_itself(place, machine, proof(place, holder, nonce=old))

    assert found.status_code == 200
    assert found.headers["DPoP-Nonce"] not in ("", old)
    assert for_itself(place, machine, proof(place, holder, nonce=found.headers["DPoP-Nonce"])).status_code == 200


def test_every_worker_knows_the_nonce(place, machine, holder, vault):
    other = Place(Database(place.database.url, vault, memory_seconds=0))

    assert for_itself(other, machine, proof(place, holder)).status_code == 200
    other.database.dispose()


def stale(place):
    nonce = nonce_of(place)
    place.later(minutes=10)
    return nonce


def of_another_installation(place):
    vault = Vault({"wrap-test": bytes(32)}, "wrap-test")
    from idp.oidc import dpop_nonces

    return dpop_nonces.current(vault, ISSUER, place.now)


NONCES = {
    "stale": stale,
    "of another site": lambda place: nonce_of(place, "acme-eu"),
    "of another installation": of_another_installation,
    "made up": lambda place: b64(bytes(18)),
    "empty": lambda place: "",
    "a list": lambda place: [nonce_of(place)],
    "cut": lambda place: nonce_of(place)[:-1],
    "to come": lambda place: _nonce_to_come(place),
    "not ASCII": lambda place: "ü" * 24,
}


def _nonce_to_come(place):
    place.later(minutes=5)
    nonce = nonce_of(place)
    place.later(minutes=-5)
    return nonce


@pytest.mark.parametrize("nonce", NONCES.values(), ids=NONCES.keys())
def test_o34_only_a_nonce_of_ours_that_is_new_will_do(place, machine, holder, nonce):
    made = nonce(place)
    refused = for_itself(place, machine, proof(place, holder, nonce=made))

    assert (refused.status_code, refused.json["error"]) == (400, "use_dpop_nonce")
    assert refused.headers["DPoP-Nonce"] != made


def test_who_sends_no_proof_is_given_no_nonce(place, machine):
    assert "DPoP-Nonce" not in place.token(machine, grant_type="client_credentials").headers


# Binding the code (section 10)


def test_a_code_goes_to_the_key_that_the_request_named(place, browser, client, holder):
    code = place.code(browser, client, dpop_jkt=holder.thumbprint)

    assert redeem(place, client, code, proof(place, holder)).json["token_type"] == "DPoP"


@pytest.mark.parametrize("who", ["another key", "no key"])
def test_o34_a_code_is_nothing_without_the_key_that_the_request_named(place, browser, client, holder, who):
    code = place.code(browser, client, dpop_jkt=holder.thumbprint)
    refused = (
        redeem(place, client, code, proof(place, Holder())) if who == "another key" else place.redeem(client, code)
    )

    assert refused.json["error"] == "invalid_grant"
    assert redeem(place, client, code, proof(place, holder)).status_code == 200, "it is still good"


@pytest.mark.parametrize("jkt", ["x", "a" * 42, "a" * 44, "+" * 43, "a" * 42 + "\n"])
def test_a_dpop_jkt_that_is_no_thumbprint_is_refused(place, browser, client, jkt):
    assert answered(place.authorize(browser, client, dpop_jkt=jkt))["error"] == "invalid_request"


# Refresh tokens (section 5)


def test_o34_a_public_clients_refresh_tokens_are_bound(place, browser, public, holder):
    first = bound_tokens(place, browser, public, holder)["refresh_token"]

    for refused in (refresh(place, public, first, proof(place, Holder())), place.refresh(public, first)):
        assert refused.json["error"] == "invalid_grant"
    again = refresh(place, public, first, proof(place, holder))
    assert again.json["token_type"] == "DPoP"
    assert refresh(place, public, again.json["refresh_token"], proof(place, Holder())).json["error"] == "invalid_grant"
    assert refresh(place, public, again.json["refresh_token"], proof(place, holder)).status_code == 200


def test_a_public_client_can_bind_its_refresh_tokens_later_and_not_loosen_them(place, browser, public, holder):
    first = place.tokens(browser, public)["refresh_token"]
    second = refresh(place, public, first, proof(place, holder)).json["refresh_token"]

    assert place.refresh(public, second).json["error"] == "invalid_grant"
    assert refresh(place, public, second, proof(place, holder)).status_code == 200


def test_a_confidential_client_may_change_its_key(place, browser, client, holder):
    """Its refresh tokens are bound to its own authentication; each access token to the key of the proof."""
    first = bound_tokens(place, browser, client, holder)["refresh_token"]
    other = Holder()
    again = refresh(place, client, first, proof(place, other))

    assert claims(again.json["access_token"])["cnf"] == {"jkt": other.thumbprint}
    assert place.refresh(client, again.json["refresh_token"]).json["token_type"] == "Bearer"


def test_o34_the_refresh_tokens_of_a_device_are_bound_too(place, holder):
    tv = television(place)
    device = Device(place, tv)
    device.allowed_by(Visitor(place.browser()))
    sent = {"client_id": tv.client_id}
    tokens = device.poll(headers={"DPoP": proof(place, holder)}, **sent)

    assert claims(tokens.json["access_token"])["cnf"] == {"jkt": holder.thumbprint}
    first = tokens.json["refresh_token"]
    assert place.refresh(tv, first).json["error"] == "invalid_grant"
    assert refresh(place, tv, first, proof(place, holder)).status_code == 200


# Protected resources (section 7)


def test_o34_a_bound_token_is_no_bearer_token(place, browser, client, holder):
    token = bound_tokens(place, browser, client, holder)["access_token"]
    sent = proof(place, holder, "GET", USERINFO, access_token=token)

    for refused in (place.userinfo(token), userinfo(place, f"Bearer {token}", sent)):
        bearer, dpop = refused.headers.getlist("WWW-Authenticate")
        assert refused.status_code == 401
        assert 'Bearer error="invalid_token"' in bearer
        assert dpop == 'DPoP algs="ES256 EdDSA Ed25519 PS256 RS256"'
    in_form = place.app.test_client().post("/sites/acme/oauth2/userinfo", data={"access_token": token})
    assert in_form.status_code == 401


def test_o34_an_unbound_token_is_no_bound_one(place, browser, client, holder):
    token = place.tokens(browser, client)["access_token"]
    refused = at_userinfo(place, holder, token)

    assert refused.status_code == 401
    assert 'DPoP error="invalid_token"' in refused.headers["WWW-Authenticate"]


AT_USERINFO = {
    "another key": {"holder": OTHER},
    "of another token": {"access_token": "another"},
    "no ath": {"claims": {"ath": None}},
    "ath is a list": {"claims": {"ath": ["x"]}},
    "method of a form": {"claims": {"htm": "POST"}},
    "for the token endpoint": {"claims": {"htu": TOKEN}},
    "too old": {"ago": 61},
}


@pytest.mark.parametrize("changes", AT_USERINFO.values(), ids=AT_USERINFO.keys())
def test_o34_a_bound_token_comes_with_a_good_proof_of_its_key(place, browser, client, holder, changes):
    token = bound_tokens(place, browser, client, holder)["access_token"]
    made = {"access_token": token} | changes
    by = made.pop("holder", holder)
    made["at"] = place.now.timestamp() - made.pop("ago", 0)

    refused = userinfo(place, f"DPoP {token}", proof(place, by, "GET", USERINFO, **made))

    dpop, bearer = refused.headers.getlist("WWW-Authenticate")
    assert refused.status_code == 401
    assert dpop.startswith('DPoP error="invalid_dpop_proof"')
    assert 'algs="ES256' in dpop
    assert bearer == "Bearer"
    assert at_userinfo(place, holder, token).status_code == 200


def test_o34_a_bound_token_without_a_proof_is_refused(place, browser, client, holder):
    token = bound_tokens(place, browser, client, holder)["access_token"]
    refused = userinfo(place, f"DPoP {token}")

    assert refused.status_code == 401
    assert 'error="invalid_dpop_proof"' in refused.headers["WWW-Authenticate"]


def test_o34_a_proof_at_userinfo_is_good_once(place, browser, client, holder):
    token = bound_tokens(place, browser, client, holder)["access_token"]
    sent = proof(place, holder, "GET", USERINFO, access_token=token)

    assert userinfo(place, f"DPoP {token}", sent).status_code == 200
    assert userinfo(place, f"DPoP {token}", sent).status_code == 401


def test_userinfo_asks_for_a_nonce_too(place, browser, client, holder):
    token = bound_tokens(place, browser, client, holder)["access_token"]
    refused = at_userinfo(place, holder, token, nonce=None)

    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith('DPoP error="use_dpop_nonce"')
    assert at_userinfo(place, holder, token, nonce=refused.headers["DPoP-Nonce"]).status_code == 200


def test_userinfo_takes_bound_tokens_by_post(place, browser, client, holder):
    token = bound_tokens(place, browser, client, holder)["access_token"]
    sent = proof(place, holder, "POST", USERINFO, access_token=token)

    assert userinfo(place, f"dpop {token}", sent, "POST").status_code == 200


def test_whoever_shows_no_token_learns_both_schemes(place):
    bearer, dpop = place.app.test_client().get("/sites/acme/oauth2/userinfo").headers.getlist("WWW-Authenticate")

    assert bearer == f'Bearer realm="{ISSUER}"'
    assert dpop == 'DPoP algs="ES256 EdDSA Ed25519 PS256 RS256"'


def test_introspection_tells_the_key(place, browser, client, holder):
    """Section 6.2."""
    said = place.introspect(client, bound_tokens(place, browser, client, holder)["access_token"])

    assert said["active"]
    assert said["token_type"] == "DPoP"
    assert said["cnf"] == {"jkt": holder.thumbprint}


# What we say of ourselves, and scripts


def test_the_metadata_names_the_algorithms(place):
    """Section 5.1; that each of them works is tested above."""
    said = place.app.test_client().get("/sites/acme/.well-known/openid-configuration").json

    assert said["dpop_signing_alg_values_supported"] == ["ES256", "EdDSA", "Ed25519", "PS256", "RS256"]


@pytest.mark.parametrize("endpoint", ["token", "userinfo"])
def test_scripts_of_a_public_client_can_send_proofs_and_read_nonces(place, public, endpoint):
    def asked(origin):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "dpop"}
        return place.app.test_client().options(f"/sites/acme/oauth2/{endpoint}", headers=headers).headers

    known, unknown = asked("https://rp.example"), asked("https://evil.example")

    assert "DPoP" in known["Access-Control-Allow-Headers"].split(", ")
    assert "DPoP-Nonce" in known["Access-Control-Expose-Headers"].split(", ")
    assert "Access-Control-Allow-Headers" not in unknown


def test_the_whole_road_with_the_verifier(place, browser, public, holder):
    code = place.code(browser, public, dpop_jkt=holder.thumbprint)
    found = redeem(place, public, code, proof(place, holder), code_verifier=VERIFIER)

    assert at_userinfo(place, holder, found.json["access_token"]).status_code == 200
