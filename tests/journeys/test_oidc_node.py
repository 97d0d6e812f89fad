"""openid-client and oauth4webapi, relying parties in another language, against a running server, checked by their own code."""

import re
import time
from urllib.parse import urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from tests.journeys.oidc import CALLBACK, PASSWORD, running
from tests.oidc.registration import allow, initial_token
from tests.oidc.support import ANN
from tests.support import node

pytestmark = [pytest.mark.journey, pytest.mark.skipif(not node.is_here(), reason=node.MISSING)]

__all__ = ["running"]

BYE = "https://rp.example/bye"
ASKS = {"redirect_uri": CALLBACK, "scope": "openid profile email"}
ABOUT_ANN = {"name": "Ann Archer", "email": ANN, "email_verified": True}


@pytest.fixture
def program():
    with node.running(node.RELYING_PARTY) as made:
        yield made


@pytest.fixture
def browser():
    with httpx.Client(timeout=30) as made:
        yield made


@pytest.fixture
def issuer(running) -> str:
    return f"{running.address}/sites/acme"


def arrive(browser: httpx.Client, address: str) -> httpx.Response:
    """Follow *address* as a person's browser does, typing the password where asked, until we leave for somewhere else."""
    answer = browser.get(address)
    while True:
        if answer.status_code == 303:
            where = answer.url.join(answer.headers["Location"])
            if where.host != "127.0.0.1":
                return answer
            answer = browser.get(where)
            continue
        assert answer.status_code == 200, answer.text
        if 'type="password"' not in answer.text:
            return answer
        token = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)[1]
        form = {"csrf_token": token, "username": ANN, "password": PASSWORD}
        answer = browser.post(f"{answer.url}/password", data=form)


def sign_in(browser: httpx.Client, address: str) -> str:
    """Return where the browser is sent on to, with the answer."""
    return arrive(browser, address).headers["Location"]


class Party:
    """One relying party made with openid-client."""

    def __init__(self, program: node.Program, issuer: str, registered, name: str = "party", **options) -> None:
        self.program, self.name, self.registered = program, name, registered
        method = registered.registration["token_endpoint_auth_method"]
        auth = {"method": method, "secret": registered.secret, **options.pop("auth", {})}
        metadata = {key: value for key, value in registered.registration.items() if key != "client_secret"}
        self.metadata = self.call(
            "discover", issuer=issuer, clientId=registered.client_id, metadata=metadata, auth=auth, **options
        )

    def call(self, call: str, **arguments):
        return self.program.call(call, name=self.name, **arguments)

    def sign_in(self, browser: httpx.Client, begin=None, finish=None, **parameters) -> dict:
        back = sign_in(browser, self.call("begin", parameters=ASKS | parameters, **(begin or {})))
        return self.call("finish", back=back, **(finish or {}))


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_openid_client_signs_a_person_in_and_out(running, program, browser, issuer, method):
    party = Party(
        program,
        issuer,
        running.register(token_endpoint_auth_method=method, post_logout_redirect_uris=[BYE]),
    )

    tokens = party.sign_in(browser)
    person = party.call("userinfo", token=tokens["access_token"], subject=tokens["claims"]["sub"])
    again = party.call("refresh", token=tokens["refresh_token"])

    assert tokens["token_type"] == "bearer"
    assert person == ABOUT_ANN | {"sub": tokens["claims"]["sub"]}
    assert again["claims"]["sub"] == tokens["claims"]["sub"]
    with pytest.raises(node.Refused, match="invalid_grant"):
        party.call("refresh", token=tokens["refresh_token"])
    out = party.call(
        "logoutAddress",
        parameters={"id_token_hint": again["id_token"], "post_logout_redirect_uri": BYE, "state": "s"},
    )
    assert browser.get(out).headers["Location"] == f"{BYE}?state=s"
    assert "error=login_required" in sign_in(browser, party.call("begin", parameters={**ASKS, "prompt": "none"}))


def test_openid_client_introspects_and_revokes(running, program, browser, issuer):
    party = Party(program, issuer, running.register())
    tokens = party.sign_in(browser)

    assert party.call("introspect", token=tokens["access_token"])["active"] is True
    party.call("revoke", token=tokens["access_token"])

    assert party.call("introspect", token=tokens["access_token"]) == {"active": False}
    with pytest.raises(node.Refused, match="invalid_token"):
        party.call("userinfo", token=tokens["access_token"], subject=tokens["claims"]["sub"])


def test_openid_client_acts_for_itself(running, program, issuer):
    party = Party(program, issuer, running.register(grant_types=["client_credentials"], scope="reports.read"))

    assert party.call("clientCredentials", parameters={"scope": "reports.read"})["scope"] == "reports.read"


def test_openid_client_reads_an_answer_in_a_form(running, program, browser, issuer):
    party = Party(program, issuer, running.register())
    page = arrive(browser, party.call("begin", parameters=ASKS | {"response_mode": "form_post"}))
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))

    tokens = party.call("finish", back=CALLBACK, form=fields)

    assert tokens["claims"]["iss"] == issuer


@pytest.mark.parametrize("method", ["client_secret_basic", "none"])
def test_o34_openid_client_binds_code_and_tokens_to_its_key(running, program, browser, issuer, method):
    """RFC 9449: it asks for nonces and makes its proofs anew by itself."""
    registered = running.register(token_endpoint_auth_method=method, dpop_bound_access_tokens=True)
    party = Party(program, issuer, registered, ahead=int(running.now.timestamp() - time.time()))

    tokens = party.sign_in(browser, begin={"bound": True}, finish={"bound": True})
    subject = tokens["claims"]["sub"]
    person = party.call("userinfo", token=tokens["access_token"], subject=subject, bound=True)
    again = party.call("refresh", token=tokens["refresh_token"], bound=True)

    assert tokens["token_type"] == again["token_type"] == "dpop"
    assert person == ABOUT_ANN | {"sub": subject}
    with pytest.raises(node.Refused, match="invalid_token"):
        party.call("userinfo", token=again["access_token"], subject=subject)
    with pytest.raises(node.Refused, match="invalid_dpop_proof"):
        party.call("refresh", token=again["refresh_token"])


SIGNER = RSAKey.generate_key(2048, {"kid": "mine", "use": "sig"})
READER = RSAKey.generate_key(2048, {"kid": "read", "use": "enc", "alg": "RSA-OAEP-256"})
PUBLIC = {"keys": [key.as_dict(private=False) for key in (SIGNER, READER)]}


def pem(key: RSAKey) -> str:
    return key.as_pem(private=True).decode()


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_openid_client_verifies_what_is_signed_by_every_algorithm(running, program, browser, issuer, algorithm):
    party = Party(
        program,
        issuer,
        running.register(id_token_signed_response_alg=algorithm, userinfo_signed_response_alg=algorithm),
    )

    tokens = party.sign_in(browser)

    assert party.call("userinfo", token=tokens["access_token"], subject=tokens["claims"]["sub"])["email"] == ANN


def test_openid_client_reads_what_is_encrypted_to_it(running, program, browser, issuer):
    registered = running.register(
        jwks=PUBLIC,
        id_token_encrypted_response_alg="RSA-OAEP-256",
        id_token_encrypted_response_enc="A256GCM",
        userinfo_signed_response_alg="RS256",
        userinfo_encrypted_response_alg="RSA-OAEP-256",
        userinfo_encrypted_response_enc="A256GCM",
    )
    reader = {"key": pem(READER), "algorithm": "RSA-OAEP-256", "methods": ["A256GCM"], "keyId": "read"}
    party = Party(program, issuer, registered, decrypt=reader)

    tokens = party.sign_in(browser)

    assert tokens["id_token"].count(".") == 4
    assert party.call("userinfo", token=tokens["access_token"], subject=tokens["claims"]["sub"])["email"] == ANN


def test_openid_client_pushes_its_request(running, program, browser, issuer):
    party = Party(program, issuer, running.register(require_pushed_authorization_requests=True))

    refused = sign_in(browser, party.call("begin", parameters=ASKS))
    tokens = party.sign_in(browser, begin={"pushed": True})

    assert "error=invalid_request" in refused
    assert tokens["claims"]["iss"] == issuer


def test_openid_client_signs_its_request(running, program, browser, issuer):
    party = Party(
        program,
        issuer,
        running.register(
            jwks=PUBLIC,
            token_endpoint_auth_method="private_key_jwt",
            request_object_signing_alg="RS256",
            require_signed_request_object=True,
        ),
        auth={"key": pem(SIGNER), "keyId": "mine", "algorithm": "RS256"},
        ahead=int(running.now.timestamp() - time.time()),
    )

    refused = sign_in(browser, party.call("begin", parameters=ASKS))
    tokens = party.sign_in(browser, begin={"signedBy": {"key": pem(SIGNER), "keyId": "mine", "algorithm": "RS256"}})

    assert "error=" in refused
    assert tokens["claims"]["iss"] == issuer


def test_openid_client_takes_a_hybrid_answer(running, program, browser, issuer):
    registered = running.register(response_types=["code id_token"], grant_types=["authorization_code", "implicit"])
    party = Party(program, issuer, registered, use=["code id_token"])

    tokens = party.sign_in(browser)

    assert tokens["claims"]["nonce"]


def test_openid_client_takes_an_implicit_answer(running, program, browser, issuer):
    registered = running.register(response_types=["id_token"], grant_types=["implicit"])
    party = Party(program, issuer, registered, use=["id_token"])

    said = party.call("implicit", back=sign_in(browser, party.call("begin", parameters=ASKS)))

    assert said["iss"] == issuer
    assert said["email"] == ANN, "no access token, so the claims of the scope are here (Core 5.4)"


@pytest.mark.parametrize("how", ["open", "token"])
def test_openid_client_registers_itself(running, program, browser, issuer, how):
    allow(running, how, registered_clients_open_to_everyone=True)
    token = initial_token(running) if how == "token" else None
    metadata = {
        "redirect_uris": [CALLBACK],
        "client_name": "Newcomer",
        "token_endpoint_auth_method": "client_secret_post",
    }
    program.call("register", name="new", issuer=issuer, metadata=metadata, initialToken=token)

    page = arrive(browser, program.call("begin", name="new", parameters=ASKS))
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    agreed = browser.post(f"{page.url}/consent", data={"csrf_token": csrf})
    back = sign_in(browser, str(agreed.url.join(agreed.headers["Location"])))

    assert program.call("finish", name="new", back=back)["claims"]["iss"] == issuer


def test_openid_client_without_a_token_may_not_register_where_one_is_asked_for(running, program, issuer):
    allow(running, "token")
    metadata = {"redirect_uris": [CALLBACK], "client_name": "Newcomer"}

    with pytest.raises(node.Refused):
        program.call("register", name="new", issuer=issuer, metadata=metadata)


@pytest.mark.parametrize("method", ["client_secret_post", "none"])
def test_oauth4webapi_walks_the_whole_road(running, program, browser, issuer, method):
    registered = running.register(token_endpoint_auth_method=method)
    address = program.call(
        "walk",
        issuer=issuer,
        clientId=registered.client_id,
        secret=registered.secret,
        redirectUri=CALLBACK,
        scope="openid profile email",
    )

    found = program.call("arrive", clientId=registered.client_id, back=sign_in(browser, address))

    assert found["person"] == ABOUT_ANN | {"sub": found["claims"]["sub"]}
    assert urlsplit(found["claims"]["iss"]).netloc == urlsplit(issuer).netloc
