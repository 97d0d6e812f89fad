"""RFC 7518 section 3, RFC 8037 section 3.1: what we sign with is each client's choice, and only what the site can."""

import hashlib
import json

import pytest
import sqlalchemy as sa
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from idp.base.errors import Invalid
from idp.keyring.models import SigningKey
from idp.oidc import jose, logout_tokens
from idp.signon.teller import Told
from tests.oidc.support import BASE_URL, ISSUER, claims, header

# The other library says that RFC 9864 has a new name for EdDSA; OpenID Connect knows the old one.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
HASHES = {"RS256": hashlib.sha256, "PS256": hashlib.sha256, "ES256": hashlib.sha256, "EdDSA": hashlib.sha512}
DISCOVERY = "/sites/acme/.well-known/openid-configuration"


def published(place) -> KeySet:
    return KeySet.import_key_set(place.app.test_client().get("/sites/acme/oauth2/jwks").json)


def read(place, token: str, algorithm: str) -> dict:
    """Verify *token* as another party does: with our published keys and another library."""
    assert header(token)["alg"] == algorithm
    return jwt.decode(token, published(place), algorithms=[algorithm]).claims


@pytest.mark.parametrize("id_token", ALGORITHMS)
@pytest.mark.parametrize("access_token", ALGORITHMS)
def test_each_kind_of_token_is_signed_by_what_the_client_chose(place, browser, id_token, access_token):
    client = place.register(id_token_signed_response_alg=id_token, access_token_signed_response_alg=access_token)
    tokens = place.tokens(browser, client)

    assert read(place, tokens["id_token"], id_token)["aud"] == client.client_id
    assert read(place, tokens["access_token"], access_token)["client_id"] == client.client_id


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_we_read_our_own_tokens_of_every_algorithm(place, browser, algorithm):
    client = place.register(
        id_token_signed_response_alg=algorithm, access_token_signed_response_alg=algorithm, scope="openid profile"
    )
    tokens = place.tokens(browser, client)

    assert place.userinfo(tokens["access_token"]).status_code == 200
    assert place.introspect(client, tokens["access_token"])["active"] is True
    hinted = place.authorize(browser, client, id_token_hint=tokens["id_token"], prompt="none")
    assert "code=" in hinted.headers["Location"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_logout_token_is_signed_like_the_id_tokens(place, browser, algorithm):
    """OpenID Connect Back-Channel Logout 1.0 section 2.4."""
    client = place.register(
        id_token_signed_response_alg=algorithm, backchannel_logout_uri="https://rp.example/backchannel"
    )
    with place.work() as work:
        told = Told(
            organization_id=place.provider(work).organization_id,
            application_id=client.application_id,
            session_id="ses_x",
            account_id="acc_x",
            subject={"sub": "sub_x"},
            message_id="msg_x",
        )
        letter = logout_tokens.tellers(BASE_URL)["oidc"].letter(work, told)
    token = letter.seal(letter.body, None).decode().partition("=")[2]

    assert read(place, token, algorithm)["iss"] == ISSUER


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_at_hash_is_the_left_half_of_the_hash_of_the_algorithm(place, browser, algorithm):
    """OpenID Connect Core 3.1.3.6; for EdDSA, SHA-512 (RFC 8032 section 5.1), as other libraries have it."""
    tokens = place.tokens(browser, place.register(id_token_signed_response_alg=algorithm))
    digest = HASHES[algorithm](tokens["access_token"].encode()).digest()

    assert claims(tokens["id_token"])["at_hash"] == jose._encoded(digest[: len(digest) // 2]).decode()


def test_rs256_and_ps256_are_of_one_key_and_neither_signature_passes_for_the_other(place, browser):
    tokens = [
        place.tokens(browser, place.register(id_token_signed_response_alg=one))["id_token"] for one in ALGORITHMS[:2]
    ]

    assert header(tokens[0])["kid"] == header(tokens[1])["kid"]
    for token, other in zip(tokens, ("PS256", "RS256"), strict=True):
        _, said, signature = token.split(".")
        head = jose._encoded(json.dumps(header(token) | {"alg": other}).encode()).decode()
        with pytest.raises(BadSignatureError):
            jws.deserialize_compact(f"{head}.{said}.{signature}", published(place), algorithms=[other])


def test_discovery_names_what_the_site_has_an_active_key_for(place, browser):
    def named() -> list[str]:
        return place.app.test_client().get(DISCOVERY).json["id_token_signing_alg_values_supported"]

    assert named() == ALGORITHMS
    with place.work() as work:
        work.tx.session.execute(sa.delete(SigningKey).where(SigningKey.algorithm == "Ed25519"))

    assert named() == ALGORITHMS[:3]


@pytest.mark.parametrize("name", ["id_token_signed_response_alg", "access_token_signed_response_alg"])
def test_what_the_site_has_no_key_for_yet_cannot_be_chosen(place, name):
    with place.work() as work:
        work.tx.session.execute(sa.delete(SigningKey).where(SigningKey.algorithm == "Ed25519"))

    with pytest.raises(Invalid, match="no active key") as refused:
        place.register(**{name: "EdDSA"})
    assert refused.value.field == name
    assert place.register(**{name: "PS256"})


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512", "ES384", "Ed25519", "ed25519", ""])
def test_no_other_algorithm_can_be_chosen(place, algorithm):
    with pytest.raises(Invalid):
        place.register(id_token_signed_response_alg=algorithm)


def test_a_key_does_not_sign_by_what_it_is_not_for(place):
    from tests.oidc.test_rfc7519_jose import EC_KEY

    with pytest.raises(ValueError, match="does not sign by"):
        jose.sign({}, EC_KEY, jose.Typ.ID_TOKEN, "RS256")
