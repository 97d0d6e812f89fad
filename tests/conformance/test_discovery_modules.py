"""
OpenID Provider certification plan Config, and the same module in the plan Dynamic: every condition on the metadata.

The address of the installation is https, as under certification; a condition that would only warn is held, too.
"""

from urllib.parse import urlsplit

import pytest

from tests.oidc.registration import allow
from tests.oidc.support import Place

BASE = "https://id.example"
ISSUER = f"{BASE}/sites/acme"
PATH = "/sites/acme/.well-known/openid-configuration"

# IANA, OAuth Authorization Server Metadata: a name that is not there would be a warning.
REGISTERED = {
    *("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint"),
    *("revocation_endpoint", "introspection_endpoint", "device_authorization_endpoint", "end_session_endpoint"),
    *("pushed_authorization_request_endpoint", "check_session_iframe", "scopes_supported", "claims_supported"),
    *("claim_types_supported", "claims_parameter_supported", "response_types_supported", "response_modes_supported"),
    *("grant_types_supported", "prompt_values_supported", "acr_values_supported", "subject_types_supported"),
    *("id_token_signing_alg_values_supported", "id_token_encryption_alg_values_supported"),
    *("id_token_encryption_enc_values_supported", "userinfo_signing_alg_values_supported"),
    *("userinfo_encryption_alg_values_supported", "userinfo_encryption_enc_values_supported"),
    *("token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported"),
    *("revocation_endpoint_auth_methods_supported", "revocation_endpoint_auth_signing_alg_values_supported"),
    *("introspection_endpoint_auth_methods_supported", "introspection_endpoint_auth_signing_alg_values_supported"),
    *("code_challenge_methods_supported", "dpop_signing_alg_values_supported", "display_values_supported"),
    *("authorization_response_iss_parameter_supported", "request_parameter_supported", "ui_locales_supported"),
    *("request_uri_parameter_supported", "require_request_uri_registration", "claims_locales_supported"),
    *("request_object_signing_alg_values_supported", "require_signed_request_object", "service_documentation"),
    *("require_pushed_authorization_requests", "frontchannel_logout_supported", "op_policy_uri", "op_tos_uri"),
    *("frontchannel_logout_session_supported", "backchannel_logout_supported", "backchannel_logout_session_supported"),
}


@pytest.fixture(params=["static client", "dynamic client"])
def kind(request) -> str:
    return request.param


@pytest.fixture
def client(certified, kind):
    """A caller of an installation at https; clients may register themselves where the plan is Dynamic."""
    if kind == "dynamic client":
        allow(certified, "open", registered_clients_may_be_legacy=True, fetch_request_objects=True)
    made = Place(certified.database, base_url=BASE).app.test_client()
    return lambda path: made.get(path, base_url=BASE)


@pytest.fixture
def said(client) -> dict:
    return client(PATH).json


def test_the_response_is_200_and_json(client):
    """EnsureDiscoveryEndpointResponseStatusCodeIs200, CheckDiscoveryEndpointReturnedJsonContentType."""
    answer = client(PATH)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"


def test_response_types(said):
    """Core section 15.2: what a dynamic provider must have; the order of the parts means nothing."""
    offered = {frozenset(one.split()) for one in said["response_types_supported"]}

    assert {frozenset({"code"}), frozenset({"id_token"}), frozenset({"id_token", "token"})} <= offered


def test_the_issuer_is_where_the_document_is(said):
    """CheckDiscEndpointDiscoveryUrl, CheckDiscEndpointIssuer, CheckDiscEndpointIssuerIsValidUrl."""
    found = urlsplit(said["issuer"])

    assert said["issuer"] == ISSUER
    assert (found.scheme, found.query, found.fragment, found.username) == ("https", "", "", None)
    assert found.hostname


def test_subject_types(said):
    assert {*said["subject_types_supported"]} == {"public", "pairwise"}


def test_algorithms(said):
    for name in ("id_token", "userinfo", "request_object"):
        assert "RS256" in said[f"{name}_signing_alg_values_supported"]
    assert "none" not in said["id_token_signing_alg_values_supported"]


def test_every_endpoint_is_an_https_address_without_a_fragment(said, kind):
    endpoints = {name: value for name, value in said.items() if name.endswith(("_endpoint", "_uri", "_iframe"))}

    assert {"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"} <= endpoints.keys()
    assert ("registration_endpoint" in endpoints) == (kind == "dynamic client")
    for name, address in endpoints.items():
        found = urlsplit(address)
        assert (found.scheme, found.fragment) == ("https", ""), name
        assert found.hostname, name


def test_the_keys(said, client):
    """CheckJwksUri, ValidateServerJWKs, EnsureServerJwksDoesNotContainPrivateOrSymmetricKeys, distinct key ids."""
    answer = client(said["jwks_uri"].removeprefix(BASE))
    keys = answer.json["keys"]

    assert answer.headers["Content-Type"].startswith("application/")
    assert {"RSA", "EC", "OKP"} == {key["kty"] for key in keys}
    assert all(key["kid"] and key["use"] == "sig" for key in keys)
    assert len({key["kid"] for key in keys}) == len(keys)
    assert not any({"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & key.keys() for key in keys)
    for key in keys:
        for part in {"n", "e", "x", "y"} & key.keys():
            assert "=" not in key[part]
            assert {"+", "/"}.isdisjoint(key[part])


def test_requests_as_objects(said, kind):
    assert said["request_parameter_supported"] is True
    assert said["request_uri_parameter_supported"] is (kind == "dynamic client")


def test_claims_and_scopes(said):
    """Recommended; without them a warning."""
    assert said["claims_parameter_supported"] is True
    assert {"sub", "name", "email", "address", "phone_number"} <= {*said["claims_supported"]}
    assert {"openid", "profile", "email", "address", "phone", "offline_access"} <= {*said["scopes_supported"]}
    assert all(one.isascii() and one.isprintable() and not {*' "\\'} & {*one} for one in said["scopes_supported"])


def test_grant_types(said):
    """OIDCCCheckDiscEndpointGrantTypesSupportedDynamic."""
    assert {"authorization_code", "implicit", "refresh_token"} <= {*said["grant_types_supported"]}


def test_code_challenge_methods(said):
    assert said["code_challenge_methods_supported"] == ["S256"]


def test_client_authentication_methods(said):
    """Each plan is run with one of them."""
    assert {"client_secret_basic", "client_secret_post", "private_key_jwt", "none"} <= {
        *said["token_endpoint_auth_methods_supported"]
    }


def test_every_member_is_registered_and_of_its_kind(said):
    """ValidateServerMetadataAgainstSchema, CheckForUnexpectedParametersInServerMetadata."""
    assert said.keys() <= REGISTERED
    for name, value in said.items():
        if name.endswith(("_values_supported", "s_supported")) and isinstance(value, list):
            assert value, name
            assert all(isinstance(one, str) for one in value), name
            assert len({*value}) == len(value), name
        elif name == "issuer" or name.endswith(("_endpoint", "_uri", "_iframe")):
            assert isinstance(value, str), name
        else:
            assert isinstance(value, bool), name


@pytest.mark.parametrize(
    "names",
    [
        pytest.param({"end_session_endpoint"}, id="rp-initiated-logout"),
        pytest.param({"check_session_iframe", "end_session_endpoint"}, id="session-management"),
        pytest.param(
            {"frontchannel_logout_supported", "frontchannel_logout_session_supported", "end_session_endpoint"},
            id="frontchannel-logout",
        ),
        pytest.param(
            {"backchannel_logout_supported", "backchannel_logout_session_supported", "end_session_endpoint"},
            id="backchannel-logout",
        ),
    ],
)
def test_discovery_endpoint_verification_of_the_logout_plans(said, names):
    assert all(said[name] for name in names)
