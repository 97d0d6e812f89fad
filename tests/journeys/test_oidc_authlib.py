"""An OpenID Connect client that is not ours (Authlib's) walks the whole road against a running server."""

import re
from urllib.parse import urlsplit

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client, OAuthError
from authlib.oauth2.rfc6749.errors import MismatchingStateException
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.journeys.oidc import CALLBACK, PASSWORD, running
from tests.oidc.support import ANN

pytestmark = pytest.mark.journey

__all__ = ["running"]

BYE = "https://rp.example/bye"


@pytest.fixture
def metadata(running) -> dict:
    found = httpx.get(f"{running.address}/sites/acme/.well-known/openid-configuration", timeout=30).json()
    assert found["issuer"] == f"{running.address}/sites/acme"
    return found


def client_of(registered, **more) -> OAuth2Client:
    return OAuth2Client(
        registered.client_id,
        registered.secret,
        token_endpoint_auth_method=registered.registration["token_endpoint_auth_method"],
        redirect_uri=CALLBACK,
        scope="openid profile email groups",
        code_challenge_method="S256",
        timeout=30,
        **more,
    )


def sign_in(browser: httpx.Client, address: str) -> str:
    """Follow *address* as a browser does, typing the password where asked; return where it leaves us for."""
    answer = browser.get(address)
    while True:
        if answer.status_code == 303:
            where = str(answer.url.join(answer.headers["Location"]))
            if urlsplit(where).hostname != "127.0.0.1":
                return where
            answer = browser.get(where)
            continue
        assert answer.status_code == 200, answer.text
        token = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)[1]
        form = {"csrf_token": token, "username": ANN, "password": PASSWORD}
        answer = browser.post(f"{answer.url}/password", data=form)


def test_code_with_pkce_userinfo_refresh_and_logout(running, metadata):
    client = client_of(running.register(post_logout_redirect_uris=[BYE]))
    browser = httpx.Client(timeout=30)
    verifier = "v" * 64
    address, state = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce="n0nce"
    )

    back = sign_in(browser, address)
    with pytest.raises(MismatchingStateException):
        client.fetch_token(
            metadata["token_endpoint"], authorization_response=back, state="other", code_verifier=verifier
        )
    tokens = client.fetch_token(
        metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
    )

    keys = KeySet.import_key_set(httpx.get(metadata["jwks_uri"], timeout=30).json())
    said = jwt.decode(tokens["id_token"], keys, algorithms=metadata["id_token_signing_alg_values_supported"]).claims
    assert said["iss"] == metadata["issuer"]
    assert said["aud"] == client.client_id
    assert said["nonce"] == "n0nce"

    person = client.get(metadata["userinfo_endpoint"]).json()
    assert person == {
        "sub": said["sub"],
        "name": "Ann Archer",
        "email": ANN,
        "email_verified": True,
        "groups": ["Research", "Staff"],
    }

    again = client.refresh_token(metadata["token_endpoint"])
    assert again["access_token"] != tokens["access_token"]
    assert client.get(metadata["userinfo_endpoint"]).status_code == 200
    with pytest.raises(OAuthError, match="invalid_grant"):
        client_of_same(client).refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])

    out = browser.get(
        metadata["end_session_endpoint"], params={"id_token_hint": again["id_token"], "post_logout_redirect_uri": BYE}
    )
    assert out.headers["Location"] == BYE
    passive, _ = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, prompt="none"
    )
    assert "error=login_required" in browser.get(passive).headers["Location"]


def client_of_same(client: OAuth2Client) -> OAuth2Client:
    return OAuth2Client(client.client_id, client.client_secret, timeout=30)


def test_the_second_application_opens_without_a_password(running, metadata):
    browser, verifier = httpx.Client(timeout=30), "v" * 64
    first, second = (client_of(running.register(client_name=name)) for name in ("First", "Second"))
    address, _ = first.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    sign_in(browser, address)

    address, state = second.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    answer = browser.get(address)

    assert answer.headers["Location"].startswith(CALLBACK)
    tokens = second.fetch_token(
        metadata["token_endpoint"],
        authorization_response=answer.headers["Location"],
        state=state,
        code_verifier=verifier,
    )
    assert "id_token" in tokens


@pytest.mark.parametrize("method", ["client_secret_post", "none"])
def test_the_other_ways_of_a_client_to_present_itself(running, metadata, method):
    client = client_of(running.register(token_endpoint_auth_method=method))
    verifier = "v" * 64
    address, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    back = sign_in(httpx.Client(timeout=30), address)

    assert client.fetch_token(
        metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
    )["id_token"]


def test_private_key_jwt(running, metadata):
    key = RSAKey.generate_key(2048)
    registered = running.register(
        token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [key.as_dict(private=False)]},
        grant_types=["client_credentials"],
        scope="reports",
        redirect_uris=[],
    )
    client = OAuth2Client(
        registered.client_id,
        key.as_pem(private=True).decode(),
        token_endpoint_auth_method="private_key_jwt",
        timeout=30,
    )
    now = int(running.now.timestamp())
    client.register_client_auth_method(
        PrivateKeyJWT(metadata["issuer"], claims={"aud": metadata["issuer"], "exp": now + 60, "iat": now})
    )

    assert client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")["scope"] == "reports"


def test_what_we_say_of_ourselves_passes_authlibs_checks(metadata):
    from authlib.oidc.discovery import OpenIDProviderMetadata

    of_loopback = {
        name: value.replace("http://127.0.0.1", "https://id.example") if isinstance(value, str) else value
        for name, value in metadata.items()
    }
    OpenIDProviderMetadata(of_loopback).validate()
