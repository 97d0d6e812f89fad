"""OpenID Connect Discovery 1.0, RFC 8414, RFC 7517: what we say of ourselves is true."""

import pytest

from idp.directory import keys as keys_
from tests.oidc.support import ISSUER, answered

WELL_KNOWN = "/sites/acme/.well-known/openid-configuration"


@pytest.fixture
def said(place):
    return place.app.test_client().get(WELL_KNOWN).json


def test_o11_every_site_is_an_issuer_of_its_own(place, said):
    other = place.app.test_client().get("/sites/acme-eu/.well-known/openid-configuration").json

    assert said["issuer"] == ISSUER
    assert other["issuer"] == "http://localhost:8000/sites/acme-eu"
    assert all(
        address.startswith(ISSUER + "/") for name, address in said.items() if name.endswith(("_endpoint", "jwks_uri"))
    )


def test_nothing_is_built_from_the_host_header(place, said):
    """D20: an address of ours comes from the setting."""
    assert place.app.test_client().get(WELL_KNOWN, headers={"Host": "evil.example"}).json == said


def test_rfc8414_says_the_same_at_its_own_address(place, said):
    found = place.app.test_client().get("/.well-known/oauth-authorization-server/sites/acme")

    assert found.status_code == 200
    assert found.json == said


def test_an_unknown_site_has_none(place):
    assert place.app.test_client().get("/sites/nowhere/.well-known/openid-configuration").status_code == 404


def test_every_endpoint_is_there(place, said):
    get = place.app.test_client().get
    for name, address in said.items():
        if name.endswith(("_endpoint", "jwks_uri")):
            assert get(address.removeprefix("http://localhost:8000")).status_code != 404, name


def test_the_required_members_are_there(said):
    for name in (
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    ):
        assert said[name]
    assert "RS256" in said["id_token_signing_alg_values_supported"]


def test_o6_only_s256(said):
    assert said["code_challenge_methods_supported"] == ["S256"]


def test_o30_only_what_is_built(said):
    assert said["response_types_supported"] == [
        "code",
        "id_token",
        "id_token token",
        "code id_token",
        "code token",
        "code id_token token",
    ]
    assert set(said["grant_types_supported"]) == {
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
        "implicit",
    }
    assert said["response_modes_supported"] == ["query", "fragment", "form_post"]


def test_registration_is_said_where_a_site_offers_it_and_nowhere_else(place, said):
    from tests.oidc.registration import allow, register

    assert "registration_endpoint" not in said
    for how, status in (("token", 401), ("open", 201)):
        allow(place, how)
        address = place.app.test_client().get(WELL_KNOWN).json["registration_endpoint"]
        assert address == f"{ISSUER}/oauth2/register"
        assert register(place).status_code == status
        other = place.app.test_client().get("/sites/acme-eu/.well-known/openid-configuration").json
        assert "registration_endpoint" not in other
    allow(place, "off")
    assert place.app.test_client().get(WELL_KNOWN).json == said


def test_what_it_supports_works_and_what_it_does_not_say_does_not(place, said, browser):
    """Each stated value is accepted, and a neighbour of it is not."""
    for method in said["token_endpoint_auth_methods_supported"]:
        from tests.oidc.test_client_authentication import KEYS

        place.register(token_endpoint_auth_method=method, jwks=KEYS)
    client = place.register(grant_types=["authorization_code", "refresh_token"])
    for prompt in said["prompt_values_supported"]:
        assert "invalid_request" not in place.authorize(browser, client, prompt=prompt).headers["Location"]
    assert "invalid_request" in place.authorize(browser, client, prompt="create").headers["Location"]
    for scope in said["scopes_supported"]:
        assert "invalid_scope" not in place.authorize(browser, client, scope=f"openid {scope}").headers["Location"]
    for alg in said["id_token_signing_alg_values_supported"]:
        tokens = place.tokens(browser, place.register(id_token_signed_response_alg=alg))
        from tests.oidc.support import header

        assert header(tokens["id_token"])["alg"] == alg
    for acr in said["acr_values_supported"]:
        assert "code" in answered(place.authorize(browser, client, acr_values=acr))
    assert said["claims_parameter_supported"]
    assert said["authorization_response_iss_parameter_supported"]
    assert answered(place.authorize(browser, client))["iss"] == said["issuer"]


# Keys


def test_the_keys_hold_nothing_private(place):
    keys = place.app.test_client().get("/sites/acme/oauth2/jwks").json["keys"]

    assert {(key["kty"], key.get("alg"), key["use"]) for key in keys} == {
        ("RSA", None, "sig"),  # for RS256 and PS256
        ("EC", "ES256", "sig"),
        ("OKP", "EdDSA", "sig"),
    }
    assert not any({"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys() for key in keys)
    assert len({key["kid"] for key in keys}) == len(keys)


def test_every_site_has_keys_of_its_own(place):
    get = place.app.test_client().get
    one, other = (get(f"/sites/{site}/oauth2/jwks").json["keys"] for site in ("acme", "acme-eu"))

    assert not {key["kid"] for key in one} & {key["kid"] for key in other}


@pytest.mark.parametrize("path", [WELL_KNOWN, "/sites/acme/oauth2/jwks"])
def test_they_may_be_kept_and_asked_for_again_cheaply(place, path):
    get = place.app.test_client().get
    first = get(path)
    again = get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"].startswith("public, max-age=")
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert get(path, headers={"If-None-Match": "W/" + first.headers["ETag"]}).status_code == 304, (
        "a proxy that compresses weakens the tag, and the comparison is a weak one (RFC 9110 section 13.1.2)"
    )
    assert get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    assert place.app.test_client().head(path).headers["ETag"] == first.headers["ETag"]


def test_the_tag_of_the_keys_changes_with_them(place):
    get = place.app.test_client().get
    before = get("/sites/acme/oauth2/jwks").headers["ETag"]
    with place.work() as work:
        of = place.provider(work)
        keys_.rotate(work, of.organization_id, of.site_id, subject="acme")

    assert get("/sites/acme/oauth2/jwks", headers={"If-None-Match": before}).status_code == 200


def test_the_cookie_of_a_browser_is_not_set_there(place):
    assert "Set-Cookie" not in place.app.test_client().get(WELL_KNOWN).headers


# CORS


@pytest.fixture
def scripts(place):
    return place.register(
        client_name="Scripts", token_endpoint_auth_method="none", redirect_uris=["https://spa.example/cb"]
    )


READABLE = [
    ("post", "/sites/acme/oauth2/token"),
    ("get", "/sites/acme/oauth2/userinfo"),
    ("post", "/sites/acme/oauth2/revoke"),
    ("post", "/sites/acme/oauth2/par"),
    ("get", "/sites/acme/oauth2/jwks"),
    ("get", WELL_KNOWN),
    ("get", "/.well-known/oauth-authorization-server/sites/acme"),
]


@pytest.mark.parametrize(("method", "path"), READABLE)
def test_scripts_of_a_public_client_may_call_what_they_need(place, scripts, method, path):
    answer = getattr(place.app.test_client(), method)(path, headers={"Origin": "https://spa.example"})
    preflight = place.app.test_client().options(path, headers={"Origin": "https://spa.example"})

    for one in (answer, preflight):
        assert one.headers["Access-Control-Allow-Origin"] == "https://spa.example"
        assert "Access-Control-Allow-Credentials" not in one.headers
        assert "Origin" in one.headers["Vary"]
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://rp.example",
        "null",
        "https://spa.example.evil.example",
        "http://spa.example",
        "https://spa.example/",
        "*",
        "x" * 300,
    ],
)
@pytest.mark.parametrize(("method", "path"), READABLE)
def test_others_may_not(place, scripts, client, method, path, origin):
    """A confidential client's address is no origin either: a secret has no business in a browser."""
    answer = getattr(place.app.test_client(), method)(path, headers={"Origin": origin})

    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/sites/acme/oauth2/authorize", "/sites/acme/oauth2/logout", "/sites/acme/oauth2/introspect"]
)
def test_nor_anywhere_else(place, scripts, path):
    for method in ("get", "options", "post"):
        answer = getattr(place.app.test_client(), method)(path, headers={"Origin": "https://spa.example"})
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_nor_at_another_site(place, scripts):
    answer = place.app.test_client().get("/sites/acme-eu/oauth2/jwks", headers={"Origin": "https://spa.example"})

    assert "Access-Control-Allow-Origin" not in answer.headers
