"""RFC 7591 section 2 and OpenID Connect Registration 1.0 section 2: what may be registered."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey

from idp.base.errors import Invalid
from idp.oidc import addresses, metadata
from idp.oidc.addresses import RESPONSE_PARAMETERS, Kinds
from tests.support.steady import steady

GOOD = {"client_name": "Notebook", "redirect_uris": ["https://rp.example/cb"]}
KEY = ECKey.generate_key("P-256").as_dict(private=False)

SCRIPTS = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "\tjavascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "DATA:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://rp.example/",
    "blob:https://rp.example/x",
    "about:blank",
    "urn:ietf:wg:oauth:2.0:oob",
    "https://rp.example/<script>",
    'https://rp.example/"onload="x',
    "//rp.example/cb",
    "rp.example/cb",
    "",
]
FIELDS = [
    "redirect_uris",
    "post_logout_redirect_uris",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "initiate_login_uri",
    "jwks_uri",
]


def read(**changes):
    return metadata.read({**GOOD, **changes}, allow_http_loopback=False)


def refused(**changes):
    with pytest.raises(Invalid) as caught:
        read(**changes)
    assert caught.value.message.endswith((".", "?"))
    return caught.value


def test_the_defaults_are_those_of_the_specification():
    assert read() == {
        "client_name": "Notebook",
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "application_type": "web",
        "redirect_uris": ["https://rp.example/cb"],
        "post_logout_redirect_uris": [],
        "scope": "openid profile email address phone groups",
        "id_token_signed_response_alg": "RS256",
        "access_token_signed_response_alg": "ES256",
        "subject_type": "public",
    }


def test_offline_access_comes_with_refresh_tokens():
    made = read(grant_types=["authorization_code", "refresh_token"])

    assert made["scope"] == "openid profile email address phone groups offline_access"


def test_a_client_for_itself_needs_no_address_and_no_response_type():
    made = metadata.read(
        {"client_name": "Robot", "grant_types": ["client_credentials"], "scope": "reports"}, allow_http_loopback=False
    )

    assert (made["response_types"], made["redirect_uris"], made["scope"]) == ([], [], "reports")


def test_what_we_do_not_know_is_ignored_and_not_kept():
    assert "favourite_colour" not in read(favourite_colour="blue")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("address", SCRIPTS)
def test_o2_only_addresses_of_known_schemes_are_registered(field, address):
    if field.endswith("uris"):
        if address or field == "redirect_uris":
            assert refused(**{field: [address]}).field == field
    elif address:
        assert refused(**{field: address}).field == field


@pytest.mark.parametrize("name", sorted(RESPONSE_PARAMETERS))
def test_o3_an_address_cannot_hold_what_we_answer_with(name):
    refused(redirect_uris=[f"https://rp.example/cb?{name}=x"])
    refused(redirect_uris=[f"https://rp.example/cb?a=b&{name}"])
    refused(redirect_uris=[f"https://rp.example/cb#{name}=x"])
    refused(redirect_uris=[f"https://rp.example/cb?%{ord(name[0]):02x}{name[1:]}=x"])


def test_o3_a_logout_address_cannot_hold_a_state():
    refused(post_logout_redirect_uris=["https://rp.example/bye?state=x"])


@pytest.mark.parametrize(
    "address",
    [
        "http://rp.example/cb",
        "http://localhost/cb",
        "http://127.0.0.1/cb",
        "com.example.app:/cb",
        "myapp:/cb",
        "https://",
        "https:///cb",
        "https:rp.example/cb",
        "https://rp.example/cb#",
        "https://user@rp.example/cb",
        "https://rp.example:0/cb",
        "https://rp.example:99999/cb",
        "https://rp.example:/cb",
        "https://*.rp.example/cb",
        "https://RP.example/cb",
        "https://rp_1.example/cb",
        "https://rp.example./cb",
        "https://rp\u0435.example/cb",
        "https://rp.example/a/../cb",
        "https://rp.example/a/%2e%2e/cb",
        "https://rp.example/a%2fcb",
        "https://rp.example/a%5Ccb",
        "https://[::1/cb",
        "https://[fe80::1%25eth0]/cb",
        "https://rp.example/" + "a" * 2100,
        7,
        None,
    ],
)
def test_a_web_client_cannot_register(address):
    assert refused(redirect_uris=[address]).field == "redirect_uris"


@pytest.mark.parametrize(
    "address",
    [
        "https://rp.example/cb",
        "https://rp.example",
        "https://rp.example:8443/cb?a=b&c",
        "https://192.0.2.7/cb",
        "https://[2001:db8::1]/cb",
        "https://xn--bcher-kva.example/~a/%C3%BC",
    ],
)
def test_a_web_client_can_register(address):
    assert read(redirect_uris=[address])["redirect_uris"] == [address]


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1/cb", "http://[::1]:1234/cb", "com.example.app:/cb", "https://rp.example/cb"]
)
def test_o5_a_native_client_can_register(address):
    assert read(application_type="native", redirect_uris=[address])["redirect_uris"] == [address]


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost/cb",
        "http://192.0.2.1/cb",
        "myapp:/cb",
        "com.example.app://cb",
        "Com.Example.App:/cb",
        "javascript.x:alert",
    ],
)
def test_o5_a_native_client_cannot_register(address):
    if address == "javascript.x:alert":
        assert addresses.fault(address, Kinds(private_schemes=True)) is None, "a domain of somebody's, not a script"
        return
    refused(application_type="native", redirect_uris=[address])


def test_a_public_client_with_a_native_address_is_a_native_one():
    public = {"token_endpoint_auth_method": "none"}

    assert read(**public, redirect_uris=["com.example.app:/cb"])["application_type"] == "native"
    assert read(**public, redirect_uris=["http://127.0.0.1/cb"])["application_type"] == "native"
    assert read(**public)["application_type"] == "web"


def test_plain_http_on_loopback_needs_the_development_setting():
    asked = {**GOOD, "redirect_uris": ["http://localhost:5000/cb"], "client_uri": "http://localhost:5000/"}
    with pytest.raises(Invalid, match="plain http"):
        metadata.read(asked, allow_http_loopback=False)

    assert metadata.read(asked, allow_http_loopback=True)["redirect_uris"] == ["http://localhost:5000/cb"]
    with pytest.raises(Invalid):
        metadata.read({**asked, "redirect_uris": ["http://localhost.evil.example/cb"]}, allow_http_loopback=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_name": ""},
        {"client_name": 7},
        {"client_name": "x\x07"},
        {"client_name": "x" * 300},
        {"redirect_uris": []},
        {"redirect_uris": "https://rp.example/cb"},
        {"redirect_uris": ["https://rp.example/" + str(i) for i in range(51)]},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": "tls_client_auth"},
        {"token_endpoint_auth_method": ""},
        {"token_endpoint_auth_method": "none", "client_secret": "x"},
        {"token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "client_credentials"]},
        {"client_id": "mine"},
        {"client_secret": "mine"},
        {"grant_types": ["password"]},
        {"grant_types": ["implicit"]},
        {"grant_types": "authorization_code"},
        {"grant_types": ["refresh_token"]},
        {"grant_types": ["client_credentials"], "response_types": ["code"]},
        {"response_types": ["token"]},
        {"response_types": ["id_token"], "grant_types": ["authorization_code"]},
        {"response_types": ["code id_token"], "grant_types": ["authorization_code"]},
        {"response_types": ["code id_token"], "grant_types": ["implicit"]},
        {"response_types": ["code"], "grant_types": ["authorization_code", "implicit"]},
        {"response_types": ["id_token token"], "dpop_bound_access_tokens": True},
        {"response_types": []},
        {"application_type": "toaster"},
        {"scope": "a" * 1025},
        {"scope": " ".join(f"s{i}" for i in range(51))},
        {"scope": 'quo"te'},
        {"scope": "back\\slash"},
        {"scope": "tab\tbed"},
        {"scope": 7},
        {"subject_type": "private"},
        {"id_token_signed_response_alg": "none"},
        {"id_token_signed_response_alg": "HS256"},
        {"access_token_signed_response_alg": "none"},
        {"id_token_encrypted_response_alg": "RSA-OAEP"},
        {"userinfo_signed_response_alg": "RS512"},
        {"request_uris": ["http://rp.example/r"]},
        {"request_uris": "https://rp.example/r"},
        {"request_uris": ["urn:ietf:params:oauth:request_uri:x"]},
        {"request_object_signing_alg": "HS256"},
        {"request_object_encryption_alg": "RSA-OAEP"},
        {"require_pushed_authorization_requests": "yes"},
        {"require_signed_request_object": True, "jwks": {"keys": [KEY]}, "request_object_signing_alg": "none"},
        {"require_signed_request_object": True},
        {"dpop_bound_access_tokens": "yes"},
        {"default_max_age": -1},
        {"default_max_age": "60"},
        {"default_max_age": True},
        {"require_auth_time": "yes"},
        {"contacts": "ann@rp.example"},
        {"jwks": {"keys": [KEY]}, "jwks_uri": "https://rp.example/jwks"},
        {"jwks": [KEY]},
        {"jwks": {"keys": []}},
        {"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
        {"jwks": {"keys": [ECKey.generate_key("P-256").as_dict(private=True)]}},
        {"jwks": {"keys": [KEY] * 21}},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [KEY]},
            "token_endpoint_auth_signing_alg": "HS256",
        },
        {
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [KEY]},
            "token_endpoint_auth_signing_alg": "none",
        },
    ],
    ids=steady,
)
def test_it_cannot_be_registered(changes):
    assert refused(**changes).field


def test_q8_a_small_rsa_key_is_no_key():
    modulus = rsa.generate_private_key(65537, 1024).public_key().public_numbers().n.to_bytes(128, "big")
    small = {"kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode(modulus).rstrip(b"=").decode()}

    refused(jwks={"keys": [small]})
    read(jwks={"keys": [small, KEY]})


@pytest.mark.parametrize("address", ["https://rp.example/cb", "http://localhost:5000/cb", "com.example.app:/cb"])
def test_the_origin_of_an_address_is_a_csp_source(address):
    expected = {"https": "https://rp.example", "http": "http://localhost:5000", "com.example.app": "com.example.app:"}

    assert addresses.origin(address) == expected[address.partition(":")[0]]


def test_what_says_who_made_it_is_kept():
    asked = {
        "software_id": "notebook",
        "software_version": "2",
        "contacts": ["ann@rp.example"],
        "require_auth_time": True,
    }

    assert {name: read(**asked)[name] for name in asked} == asked


def test_null_is_as_good_as_absent():
    assert read(client_uri=None, grant_types=None, jwks=None, token_endpoint_auth_method=None) == read()


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"redirect_uris": ["https://rp.example/cb"]}, "rp.example"),
        ({"redirect_uris": ["https://rp.example/cb"], "client_uri": "https://www.rp.example/"}, "www.rp.example"),
        ({"grant_types": ["client_credentials"]}, "Application without a name"),
    ],
)
def test_a_client_without_a_name_is_called_by_its_host(asked, name):
    assert metadata.read(asked, allow_http_loopback=False)["client_name"] == name
