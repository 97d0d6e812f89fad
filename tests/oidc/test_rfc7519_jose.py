"""RFC 7515, 7519 and 8725: what is signed, and what is believed (D13, O15, O16)."""

import base64
import hmac
import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from idp.keyring.keyring import Key
from idp.oidc import jose
from idp.oidc.jose import Purpose, Typ, Unverified
from tests.oidc.support import ISSUER, NOON, claims, header
from tests.support.steady import steady

RSA_KEY = Key("key_rsa", "token-signing", "RSA-2048", "active", rsa.generate_private_key(65537, 2048), "", "")
EC_KEY = Key("key_ec", "token-signing", "P-256", "active", ec.generate_private_key(ec.SECP256R1()), "", "")
OWN = jose.own_keys([RSA_KEY, EC_KEY])
AT = int(NOON.timestamp())
SAID = {"iss": ISSUER, "aud": ISSUER, "sub": "ann", "iat": AT, "exp": AT + 60}


def verified(token, purpose=Purpose.ACCESS_TOKEN, keys=OWN, **changes):
    good = {"issuer": ISSUER, "is_audience": ISSUER.__eq__, "now": NOON}
    return jose.verify(token, purpose, keys, **(good | changes))


def b64(raw) -> str:
    raw = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def good_token(key=EC_KEY, typ=Typ.ACCESS_TOKEN, **changes) -> str:
    return jose.sign({name: value for name, value in (SAID | changes).items() if value is not None}, key, typ)


@pytest.mark.parametrize(("key", "alg", "library_key"), [(RSA_KEY, "RS256", RSAKey), (EC_KEY, "ES256", ECKey)])
def test_another_library_reads_what_we_sign_with_the_key_that_we_publish(key, alg, library_key):
    token = good_token(key)
    published = next(one for one in jose.public_set([RSA_KEY, EC_KEY])["keys"] if one["kid"] == key.id)

    assert header(token) == {"alg": alg, "kid": key.id, "typ": "at+jwt"}
    assert published.get("alg") == (None if alg == "RS256" else alg), "an RSA key is for RS256 and PS256"
    assert published["use"] == "sig"
    assert not {"d", "p", "q", "dp", "dq", "qi"} & published.keys()
    assert jwt.decode(token, library_key.import_key(published), algorithms=[alg]).claims == SAID


@pytest.mark.parametrize("key", [RSA_KEY, EC_KEY], ids=["RS256", "ES256"])
def test_we_read_what_we_sign(key):
    assert verified(good_token(key)) == SAID


def test_d13_callers_cannot_pass_an_algorithm_that_the_purpose_does_not_allow():
    for wanted in ("none", "HS256", "ES384"):
        with pytest.raises(Unverified):
            verified(good_token(), algorithm=wanted)


HEADERS = [
    {"alg": "none"},
    {"alg": "None"},
    {"alg": "NONE"},
    {"alg": ""},
    {"alg": None},
    {"alg": ["ES256"]},
    {"alg": "HS256"},
    {"alg": "RS256", "kid": "key_ec"},
    {"alg": "ES384"},
    {"alg": "ES256K"},
    {"alg": "PS256", "kid": "key_rsa"},
    {"alg": "PBES2-HS256+A128KW", "p2c": 2**31},
    {"alg": "dir", "enc": "A128GCM"},
    {"kid": "key_rsa"},
    {"kid": "../../etc/passwd"},
    {"kid": "key_ec\x00"},
    {"kid": 7},
    {"kid": ["key_ec"]},
    {"kid": "' OR 1=1 --"},
    {"crit": ["exp"], "exp": 1},
    {"crit": []},
    {"b64": False, "crit": ["b64"]},
    {"zip": "DEF"},
    {"jku": "https://evil.example/jwks"},
    {"x5u": "https://evil.example/x5u"},
    {"x5c": ["MIIB"]},
    {"typ": "JWT"},
    {"typ": "logout+jwt"},
    {"typ": ""},
    {"typ": None},
    {"typ": 7},
]


@pytest.mark.parametrize("change", HEADERS, ids=str)
def test_o15_a_header_chooses_nothing(change):
    said = b64(SAID)
    head = {"alg": "ES256", "kid": "key_ec", "typ": "at+jwt"} | change
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(EC_KEY.private.sign(f"{b64(head)}.{said}".encode(), ec.ECDSA(hashes.SHA256())))
    token = f"{b64(head)}.{said}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    with pytest.raises(Unverified):
        verified(token)


def test_o15_a_key_in_the_header_is_not_used():
    mine = ECKey.generate_key("P-256")
    for inside in ({"jwk": mine.as_dict(private=False)}, {"jwk": mine.as_dict(private=False), "kid": "key_ec"}):
        token = jwt.encode({"alg": "ES256", "typ": "at+jwt", **inside}, SAID, mine)
        with pytest.raises(Unverified):
            verified(token)


def test_o15_a_public_key_is_no_shared_secret():
    pem = RSAKey.import_key(jose.public_set([RSA_KEY])["keys"][0]).as_pem(private=False)
    for secret in (pem, pem.strip(), b"", EC_KEY.id.encode()):
        head = b64({"alg": "HS256", "kid": "key_rsa", "typ": "at+jwt"})
        signed = f"{head}.{b64(SAID)}"
        with pytest.raises(Unverified):
            verified(f"{signed}.{b64(hmac.digest(secret, signed.encode(), 'sha256'))}")


def mangled(token):
    head, said, signature = token.split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    yield ""
    yield "."
    yield ".."
    yield head
    yield f"{head}.{said}"
    yield f"{head}.{said}."
    yield f"{head}..{signature}"
    yield f".{said}.{signature}"
    yield f"{token}."
    yield f"{token}.{signature}"
    yield f"{head}.{said}.{signature}=="
    yield f"{head}.{said}.{signature} "
    yield f" {token}"
    yield f"{token}\n"
    yield f"{head}.{said}.{b64(raw[:-1])}"
    yield f"{head}.{said}.{b64(raw + b'x')}"
    yield f"{head}.{said}.{b64(bytes(64))}"
    yield f"{head}.{said}.{b64(bytes([raw[0] ^ 1]) + raw[1:])}"
    yield f"{head}.{b64(SAID | {'sub': 'mallory'})}.{signature}"
    yield f"{head}.{said.replace('e', 'é', 1)}.{signature}"
    yield token.replace("-", "+").replace("_", "/") + "+"
    yield "A" * 9000
    yield json.dumps({"payload": said, "signatures": [{"protected": head, "signature": signature}]})
    yield json.dumps({"payload": said, "signatures": []})
    yield f"{b64(b'[1]')}.{said}.{signature}"
    yield f"{b64(b'{')}.{said}.{signature}"
    yield f"{b64(b'[' * 5000)}.{said}.{signature}"
    yield b64(b'{"alg":"none","alg":"ES256","kid":"key_ec","typ":"at+jwt"}') + f".{said}.{signature}"


@pytest.mark.parametrize("token", list(mangled(good_token())), ids=steady)
def test_o15_what_is_not_the_whole_token_is_none(token):
    with pytest.raises(Unverified):
        verified(token)


def test_o15_the_last_bits_of_a_part_cannot_be_changed():
    """Base64url of 64 bytes has four spare bits: other letters there decode alike, and are refused."""
    token = good_token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twins = [token[:-1] + letter for letter in alphabet if letter != token[-1]]

    for twin in twins:
        with pytest.raises(Unverified):
            verified(twin)


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"iss": [ISSUER]},
        {"iss": None},
        {"aud": "cli_x"},
        {"aud": []},
        {"aud": ["cli_x", "cli_y"]},
        {"aud": [ISSUER, 7]},
        {"aud": [[ISSUER]]},
        {"aud": None},
        {"aud": {}},
        {"exp": None},
        {"exp": AT - 60},
        {"exp": str(AT + 60)},
        {"exp": True},
        {"exp": -1},
        {"exp": 10**18},
        {"iat": AT + 61},
        {"nbf": AT + 61},
    ],
    ids=str,
)
def test_q8_claims_are_always_checked(change):
    with pytest.raises(Unverified):
        verified(good_token(**change))


def test_o16_only_an_access_token_may_name_several_audiences():
    """RFC 9068 section 2.2; everything else is for one party (O14)."""
    several = ["https://api.example/orders", ISSUER]

    assert verified(good_token(aud=several))["aud"] == several
    with pytest.raises(Unverified):
        verified(good_token(typ=Typ.ID_TOKEN, aud=several), Purpose.ID_TOKEN_HINT)
    with pytest.raises(Unverified):
        verified(good_token(typ=Typ.ID_TOKEN, aud=[ISSUER]), Purpose.CLIENT_ASSERTION)


@pytest.mark.parametrize("change", [{"exp": AT - 59}, {"iat": AT + 60}, {"nbf": AT + 60}], ids=str)
def test_a_minute_of_skew_is_forgiven(change):
    assert verified(good_token(**change))


def test_an_expired_id_token_is_a_good_hint_and_a_bad_anything_else():
    old = good_token(typ=Typ.ID_TOKEN, exp=AT - 10**7)

    assert verified(old, Purpose.ID_TOKEN_HINT)["sub"] == "ann"
    with pytest.raises(Unverified):
        verified(old, Purpose.ACCESS_TOKEN)
    with pytest.raises(Unverified):
        verified(old, Purpose.CLIENT_ASSERTION)


@pytest.mark.parametrize(
    ("typ", "purposes"),
    [
        (Typ.ACCESS_TOKEN, {Purpose.ACCESS_TOKEN}),
        (Typ.ID_TOKEN, {Purpose.ID_TOKEN_HINT, Purpose.CLIENT_ASSERTION, Purpose.REQUEST_OBJECT}),
    ],
)
def test_o16_a_token_of_one_kind_is_not_read_as_another(typ, purposes):
    """An ID token, a client assertion and a request object share a typ; their iss, aud and keys differ."""
    for purpose in Purpose:
        if purpose in purposes:
            assert verified(good_token(typ=typ), purpose)
        else:
            with pytest.raises(Unverified):
                verified(good_token(typ=typ), purpose)


def test_a_key_that_is_not_published_any_more_verifies_nothing():
    with pytest.raises(Unverified):
        verified(good_token(EC_KEY), keys=jose.own_keys([RSA_KEY]))


def test_a_key_of_the_same_name_but_other_matter_verifies_nothing():
    other = replace(EC_KEY, private=ec.generate_private_key(ec.SECP256R1()))

    with pytest.raises(Unverified):
        verified(good_token(EC_KEY), keys=jose.own_keys([other]))


def test_o15_a_bomb_costs_nothing():
    bombs = ["a." * 4000, ".".join([b64(b'{"a":' * 1000), "x", "x"]), "A" * 10**6]
    began = time.process_time()
    for bomb in bombs:
        with pytest.raises(Unverified):
            verified(bomb)

    assert time.process_time() - began < 0.5


def test_half_hash_is_that_of_the_specification():
    """OpenID Connect Core, appendix A.3 and A.4."""
    assert jose.half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS256") == "77QmUPtjPfzWtF2AnpK9RQ"
    assert jose.half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk", "RS256") == (
        "LDktKdoQak3Pk0cnXxCltA"
    )


def test_o16_the_tokens_of_one_sign_on_are_good_for_one_thing_each(place, client, browser):
    tokens = place.tokens(browser, client)
    others = {"id token": tokens["id_token"], "refresh token": tokens["refresh_token"]}

    for name, token in others.items():
        assert place.userinfo(token).status_code == 401, name
    assert place.introspect(client, tokens["id_token"]) == {"active": False}
    for wrong in (tokens["access_token"], tokens["refresh_token"], "x.y.z"):
        assert "invalid_request" in place.authorize(browser, client, id_token_hint=wrong).headers["Location"]
    for wrong in (tokens["access_token"], tokens["id_token"]):
        assert place.refresh(client, wrong).json["error"] == "invalid_grant"
        assert place.redeem(client, wrong).json["error"] == "invalid_grant"
    assert claims(tokens["access_token"])["aud"] != claims(tokens["id_token"])["aud"]


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"])
def test_o15_no_octets_in_the_place_of_a_signature_do_more_than_fail(algorithm):
    from tests.oidc.test_client_authentication import KEYS

    keys = jose.client_keys(KEYS)
    said = b64(SAID | {"jti": "x"})
    for length in (1, 31, 32, 63, 64, 65, 70, 72, 128, 255, 256, 257, 512):
        for octets in (bytes(length), b"\xff" * length, bytes(range(256)) * 2):
            token = f"{b64({'alg': algorithm})}.{said}.{b64(octets[:length])}"
            with pytest.raises(Unverified, match="signature"):
                verified(token, Purpose.CLIENT_ASSERTION, keys)


@pytest.mark.parametrize(
    "odd",
    [
        {"use": "other"},
        {"use": ["sig"]},
        {"kty": "EC", "crv": "P-521"},
        {"kty": "OKP", "crv": "X25519", "x": "AAAA"},
        {"kty": "AKP"},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {"kty": "RSA", "n": "!", "e": "AQAB"},
        {"kty": "RSA"},
        {"alg": "RS512"},
    ],
    ids=str,
)
def test_keys_that_we_have_no_use_for_are_passed_over(odd):
    from tests.oidc.test_client_authentication import KEYS

    good = KEYS["keys"][0]

    assert [key.id for key in jose.client_keys({"keys": [good | odd | {"kid": "odd"}, good]})] == ["ec"]


@pytest.mark.parametrize(
    ("use", "fits"),
    [
        ("sig", {"ES256"}),
        ("enc", {"ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"}),
        (None, {"ES256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"}),
    ],
)
def test_a_key_is_for_what_it_says(use, fits):
    """RFC 7517 section 4.2: what is for encryption verifies nothing."""
    from tests.oidc.test_client_authentication import KEYS

    key = {name: value for name, value in KEYS["keys"][0].items() if name not in ("use", "alg")}

    assert jose.client_keys({"keys": [key if use is None else key | {"use": use}]})[0].algorithms == fits


def test_a_key_is_used_with_the_algorithm_that_it_states():
    from tests.oidc.test_client_authentication import KEYS

    stated = KEYS["keys"][1] | {"alg": "PS256"}

    assert jose.client_keys({"keys": [stated]})[0].algorithms == {"PS256"}


def test_o15_what_was_right_once_is_right_only_with_the_same_key_and_octets():
    """That a signature was right is remembered; which keys count, and when, is not."""
    token = good_token(EC_KEY)
    assert verified(token) == verified(token) == SAID
    same_name = Key("key_ec", "token-signing", "P-256", "active", ec.generate_private_key(ec.SECP256R1()), "", "")

    for keys in ([], jose.own_keys([RSA_KEY]), jose.own_keys([same_name])):
        with pytest.raises(Unverified):
            verified(token, keys=keys)
    for wrong in mangled(token):
        with pytest.raises(Unverified):
            verified(wrong)
    with pytest.raises(Unverified):
        verified(token, now=NOON + timedelta(minutes=10))


def test_what_is_remembered_of_signatures_is_bounded_and_no_token(monkeypatch):
    monkeypatch.setattr(jose, "_MOST_READ", 5)
    jose._READ.clear()
    tokens = [good_token(EC_KEY, sub=str(number)) for number in range(12)]
    for token in tokens:
        verified(token)

    assert 0 < len(jose._READ) <= 5
    assert all(isinstance(digest, bytes) and len(digest) == 32 for digest in jose._READ)
    verified(tokens[-1])["sub"] = "mallory"
    assert verified(tokens[-1])["sub"] == "11", "what one reads of it is one's own"


@pytest.mark.parametrize(("bits", "zeros"), [(1024, 0), (1024, 128), (1024, 1024), (2047, 8), (16_392, 0)])
def test_o15_a_clients_rsa_key_is_as_long_as_its_modulus_whatever_stands_before_it(bits, zeros):
    """RFC 7518 section 3.3: at least 2048 bits. Above what the arithmetic takes a key could never be right."""
    modulus = ((1 << bits) - 1).to_bytes((bits + 7) // 8)

    with pytest.raises(jose.UnusableKeys):
        jose.client_keys({"keys": [{"kty": "RSA", "n": b64(bytes(zeros) + modulus), "e": "AQAB"}]})
