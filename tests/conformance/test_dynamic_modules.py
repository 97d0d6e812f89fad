"""
OpenID Provider certification plan Dynamic: what each module asks for, of clients that register themselves.

Every client goes through the registration endpoint, authenticates by ``private_key_jwt``, and is agreed to by the
person. The site under certification lets everybody register, in every response type; takes assertions for its token
endpoint; reads request objects from registered addresses.
"""

import base64
import hashlib
import re
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from lxml import html

from idp.directory import keys as keys_
from tests.conformance.dynamic import JWKS, REQUEST, SECTOR, Dynamic, Web, parts, public, rsa
from tests.conformance.support import SITE, Variant, shows_a_page, unsigned
from tests.oidc.registration import allow, as_client, initial_token, register
from tests.oidc.support import CALLBACK, ISSUER, header

EVERY = [Variant(kind) for kind in ("code", "id_token", "id_token token", "code id_token", "code token")]
EVERY += [Variant("code id_token token")]
WITH_CODE = [variant for variant in EVERY if variant.has_code]


@pytest.fixture
def web(monkeypatch) -> Web:
    found = Web()
    monkeypatch.setattr("idp.base.egress.fetch", found.fetch)
    return found


@pytest.fixture
def make(certified, web, monkeypatch):
    allow(
        certified,
        "open",
        registered_clients_open_to_everyone=True,
        registered_clients_may_be_legacy=True,
        assertions_for_token_endpoint=True,
        fetch_request_objects=True,
    )
    passed = [1000.0]
    monkeypatch.setattr("idp.base.clock.monotonic", lambda: passed[0])

    def wait(seconds: float) -> None:
        passed[0] += seconds
        certified.later(seconds=seconds)

    return lambda variant: Dynamic(certified, variant, web, wait)


@pytest.fixture(params=EVERY, ids=str)
def any_(request, make) -> Dynamic:
    return make(request.param)


@pytest.fixture(params=WITH_CODE, ids=str)
def with_code(request, make) -> Dynamic:
    return make(request.param)


@pytest.fixture
def one(make) -> Dynamic:
    return make(Variant("code"))


def test_oidcc_server(any_):
    assert any_.sign_on().claims["sub"]
    assert any_.unregister() == 204


def test_oidcc_server_with_an_initial_access_token(one):
    allow(one.place, "token")

    assert register(one.place, **one.described()).status_code == 401
    made = register(one.place, initial_token(one.place), **one.described())
    one.client = as_client(one.place, made.json)
    assert one.sign_on().claims["sub"]


def test_oidcc_idtoken_rs256(any_):
    any_.register(id_token_signed_response_alg="RS256")

    assert {header(token)["alg"] for token in any_.sign_on().raw_id_tokens} == {"RS256"}


@pytest.mark.parametrize("algorithm", ["PS256", "ES256", "EdDSA"])
def test_every_other_algorithm_that_is_offered(any_, algorithm):
    assert algorithm in any_.discovery()["id_token_signing_alg_values_supported"]
    any_.register(id_token_signed_response_alg=algorithm)

    assert {header(token)["alg"] for token in any_.sign_on().raw_id_tokens} == {algorithm}


def test_oidcc_idtoken_unsigned(any_):
    """The module is left out where the metadata does not offer it; then it cannot be registered either."""
    assert "none" not in any_.discovery()["id_token_signing_alg_values_supported"]
    assert any_.refused(id_token_signed_response_alg="none") == (400, "invalid_client_metadata")


def test_oidcc_userinfo_rs256(any_):
    any_.register(userinfo_signed_response_alg="RS256")
    found = any_.sign_on()
    if found.access_token is None:
        return
    answer = any_.userinfo(found.access_token)
    keys = KeySet.import_key_set(any_.place.app.test_client().get(f"{SITE}/oauth2/jwks").json)
    said = jwt.decode(answer.text, keys, algorithms=["RS256"])

    assert answer.mimetype == "application/jwt"
    assert said.header["alg"] == "RS256"
    assert (said.claims["iss"], said.claims["aud"]) == (ISSUER, any_.client.client_id)
    assert said.claims["sub"] == found.claims["sub"]


def test_oidcc_ensure_redirect_uri_in_authorization_request(any_):
    assert shows_a_page(any_.ask(redirect_uri=None))


QUERY = "dummy1=lorem&dummy2=ipsum"


def test_oidcc_redirect_uri_query_ok(any_):
    any_.callback = f"{CALLBACK}?{QUERY}"
    any_.register(redirect_uris=[any_.callback])
    query, fragment = parts(any_.asked(redirect_uri=any_.callback))
    answer = {name: one for name, (one,) in parse_qs(fragment or query).items()}

    assert query.startswith(QUERY)
    assert answer["state"] == "st4te"
    if fragment:
        assert query == QUERY
    else:
        assert (answer.pop("dummy1"), answer.pop("dummy2")) == ("lorem", "ipsum")
    assert any_.arrive(answer).claims["sub"]


@pytest.mark.parametrize(
    ("registered", "asked"),
    [
        pytest.param(f"?{QUERY}", "?dummy1=lorem&dummy2=dolor", id="mismatch"),
        pytest.param(f"?{QUERY}", "", id="mismatch: without"),
        pytest.param("", f"?{QUERY}", id="added"),
    ],
)
def test_oidcc_redirect_uri_query_mismatch_and_added(any_, registered, asked):
    any_.register(redirect_uris=[CALLBACK + registered])

    assert shows_a_page(any_.ask(redirect_uri=CALLBACK + asked))


def test_oidcc_redirect_uri_regfrag(any_):
    assert any_.refused(redirect_uris=[f"{CALLBACK}#foobar"]) == (400, "invalid_redirect_uri")


@pytest.mark.parametrize("name", ["logo_uri", "policy_uri", "tos_uri"])
def test_oidcc_registration_logo_policy_and_tos_uri(any_, name):
    """The person finds it where they decide; a logo as a link, because no page of ours loads a stranger's picture."""
    address = f"https://rp.example/{name}"
    any_.register(**{name: address})
    page = any_.browser.get(any_.ask().headers["Location"])

    assert html.fromstring(page.text).xpath(f"//a[@href='{address}']")
    assert any_.sign_on().claims["sub"]


def test_oidcc_registration_jwks_uri(with_code):
    with_code.key = rsa("first")
    with_code.web.publish(JWKS, public(with_code.key))
    with_code.register(jwks=None, jwks_uri=JWKS)

    assert with_code.sign_on().claims["sub"]
    assert with_code.web.called == [JWKS]


def test_oidcc_registration_sector_uri(any_):
    """The same person is somebody else in this sector than for clients with public subjects."""
    before = any_.sign_on().claims["sub"]
    any_.web.publish(SECTOR, [CALLBACK, "https://other.example/cb"])
    any_.register(subject_type="pairwise", sector_identifier_uri=SECTOR)

    assert any_.sign_on().claims["sub"] != before
    assert any_.web.called == [SECTOR]


def test_oidcc_registration_sector_bad(any_):
    any_.web.publish(SECTOR, ["https://other.example/cb"])

    assert any_.refused(subject_type="pairwise", sector_identifier_uri=SECTOR) == (400, "invalid_client_metadata")


def test_oidcc_server_rotate_keys(any_):
    """The new key is published beside the former one; a day later it signs, and the former still verifies."""

    def published() -> set[str]:
        return {key["kid"] for key in any_.place.app.test_client().get(f"{SITE}/oauth2/jwks").json["keys"]}

    def rotate() -> None:
        with any_.place.work() as work:
            of = any_.place.provider(work)
            keys_.rotate(work, of.organization_id, of.site_id, subject="acme")

    before, first = published(), any_.sign_on()
    rotate()
    assert before < published()
    any_.place.later(hours=26)
    rotate()
    any_.browser = any_.place.browser()
    second = any_.sign_on()

    kid = [header(found.raw_id_tokens[-1])["kid"] for found in (first, second)]
    assert kid[0] != kid[1]
    assert set(kid) <= published()
    assert first.claims["sub"] == second.claims["sub"]


def offline(suite: Dynamic, **changes) -> str:
    """Sign the person on so that the client has a refresh token."""
    suite.register(grant_types=[*suite.variant.grant_types, "refresh_token"], **changes)
    token = suite.sign_on(scope="openid offline_access", prompt="consent").refresh_token
    assert token is not None
    assert re.fullmatch(r"[\x20-\x7e]+", token)
    return token


def test_oidcc_refresh_token_rp_key_rotation(with_code):
    with_code.key = rsa("first")
    with_code.web.publish(JWKS, public(with_code.key))
    token = offline(with_code, jwks=None, jwks_uri=JWKS)
    with_code.key = rsa("second")
    with_code.web.publish(JWKS, public(with_code.key))
    with_code.wait(60)

    again = with_code.refresh(token)

    assert again.status_code == 200, again.text
    assert with_code.read(again.json["id_token"])["aud"] == with_code.client.client_id
    assert with_code.userinfo(again.json["access_token"]).status_code == 200
    assert with_code.web.called == [JWKS, JWKS]


def test_oidcc_refresh_token(with_code):
    """Then another client tries the refresh token of the first."""
    token = offline(with_code)
    with_code.wait(1)
    again = with_code.refresh(token)
    assert again.status_code == 200
    assert with_code.read(again.json["id_token"])["sub"]
    mine = with_code.client
    with_code.register()
    foreign = with_code.refresh(again.json["refresh_token"])

    assert (foreign.status_code, foreign.json["error"]) in ((400, "invalid_grant"), (400, "unauthorized_client"))
    with_code.client = mine
    assert with_code.refresh(again.json["refresh_token"]).status_code == 200


def with_made_up_hash(address: str) -> str:
    """The client registers before it knows its requests; the hash in the address is that of something else."""
    return f"{address}#{base64.urlsafe_b64encode(hashlib.sha256(b'anything').digest()).rstrip(b'=').decode()}"


def by_address(suite: Dynamic) -> dict[str, str | None]:
    """What stands in the address although it is in the object: what OAuth wants there; and where the object is."""
    return {"state": None, "nonce": None, "request_uri": with_made_up_hash(REQUEST)}


def test_oidcc_request_uri_unsigned(any_):
    assert "none" in any_.discovery()["request_object_signing_alg_values_supported"]
    assert any_.discovery()["request_uri_parameter_supported"] is True
    any_.register(request_uris=[with_made_up_hash(REQUEST)])
    any_.web.publish(REQUEST, unsigned(any_.request()))
    found = any_.asked(**by_address(any_))

    assert any_.arrive(any_.answer(found)).claims["sub"]


def test_oidcc_request_uri_signed_rs256(any_):
    assert "RS256" in any_.discovery()["request_object_signing_alg_values_supported"]
    any_.register(request_uris=[with_made_up_hash(REQUEST)], request_object_signing_alg="RS256")
    said = any_.request() | {"iss": any_.client.client_id, "aud": ISSUER}
    any_.web.publish(REQUEST, any_.signed(said))
    found = any_.asked(**by_address(any_))

    assert any_.arrive(any_.answer(found)).claims["sub"]


def test_oidcc_ensure_request_object_with_redirect_uri(any_):
    """Either the one in the object counts, or a page says that the other is wrong; nobody is sent to the other."""
    inside = unsigned(any_.request())

    answer = any_.ask(redirect_uri=f"{CALLBACK}/invalid", request=inside)

    if not shows_a_page(answer):
        assert answer.headers["Location"].startswith(("/", f"{CALLBACK}?", f"{CALLBACK}#"))


@pytest.mark.parametrize("audience", [ISSUER, f"{ISSUER}/oauth2/token"], ids=["issuer", "token endpoint"])
def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(with_code, audience):
    with_code.audience = audience

    assert with_code.sign_on().claims["sub"]
