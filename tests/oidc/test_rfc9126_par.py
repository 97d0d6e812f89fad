"""RFC 9126: OAuth 2.0 Pushed Authorization Requests (O9, O33)."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from idp.base.errors import PageError
from idp.oidc import client_facts
from idp.oidc.authorize import pushed
from idp.oidc.parameters import Parameters
from tests.oidc.assertions import EC, KEYS, RSA, assertion
from tests.oidc.support import CALLBACK, ISSUER, Place, answered, claims, request
from tests.oidc.test_client_authentication import METHODS, presented
from tests.support.dpop import Holder

PREFIX = "urn:ietf:params:oauth:request_uri:par_"


def push(place, client, *, headers=None, site="acme", form=None, **changes):
    """Push an authorization request of *client* that is good but for *changes*; it authenticates as registered."""
    if headers is None:
        headers = client.basic if client.secret is not None else {}
    sent = {**request(client, **changes), **(form or {})}
    return place.app.test_client().post(f"/sites/{site}/oauth2/par", data=sent, headers=headers)


def pushed_uri(place, client, **changes) -> str:
    found = push(place, client, **changes)
    assert found.status_code == 201, found.text
    return found.json["request_uri"]


def bring(browser, client, request_uri, site="acme", **beside):
    sent = {"client_id": client.client_id, "request_uri": request_uri, **beside}
    return browser.get(f"/sites/{site}/oauth2/authorize", query_string=sent)


def test_a_request_is_kept_for_ninety_seconds(place, client):
    found = push(place, client)

    assert found.status_code == 201
    assert set(found.json) == {"request_uri", "expires_in"}
    assert found.json["request_uri"].startswith(PREFIX)
    assert found.json["expires_in"] == 90
    assert found.headers["Cache-Control"] == "no-store"


def test_the_browser_brings_its_address_and_comes_back_with_a_code(place, client, browser):
    found = answered(bring(browser, client, pushed_uri(place, client)))

    assert (found["state"], found["iss"]) == ("st4te", ISSUER)
    tokens = place.redeem(client, found["code"]).json
    assert claims(tokens["id_token"])["nonce"] == "n0nce"


def test_the_metadata_names_the_endpoint(place):
    said = place.app.test_client().get("/sites/acme/.well-known/openid-configuration").json

    assert said["pushed_authorization_request_endpoint"] == f"{ISSUER}/oauth2/par"
    assert said["require_pushed_authorization_requests"] is False


@pytest.mark.parametrize("method", METHODS)
def test_a_client_authenticates_as_at_the_token_endpoint(place, browser, method):
    client = place.register(token_endpoint_auth_method=method, jwks=KEYS)
    headers, form = presented(client, method, place)

    found = push(place, client, headers=headers, form=form)

    assert "code" in answered(bring(browser, client, found.json["request_uri"]))


@pytest.mark.parametrize("sent", ["none", "wrong secret", "empty secret", "client_secret_post"])
def test_o12_o33_whoever_does_not_prove_who_it_is_leaves_nothing(place, client, sent):
    headers, form = presented(client, sent, place)

    refused = push(place, client, headers=headers, form=form)

    assert (refused.status_code, refused.json["error"]) == (401, "invalid_client")
    assert "request_uri" not in refused.json


def test_o14_an_assertion_is_honoured_once(place):
    client = place.register(token_endpoint_auth_method="private_key_jwt", jwks=KEYS)
    _, form = presented(client, "private_key_jwt", place)

    assert push(place, client, form=form).status_code == 201
    assert push(place, client, form=form).json["error"] == "invalid_client"


def test_a_client_that_proves_itself_by_a_header_need_not_name_itself_again(place, client, browser):
    found = push(place, client, client_id=None)

    assert "code" in answered(bring(browser, client, found.json["request_uri"]))


def test_it_names_no_other_client(place, client, public):
    assert push(place, client, client_id=public.client_id).json["error"] == "invalid_request"


def test_secrets_of_the_client_are_not_kept(place):
    import sqlalchemy as sa

    from idp.signon.models import OneTimeValue

    client = place.register(token_endpoint_auth_method="client_secret_post")
    push(place, client, headers={}, form={"client_secret": client.secret})

    with place.work() as work:
        kept = work.tx.session.scalars(sa.select(OneTimeValue).where(OneTimeValue.purpose == pushed.PURPOSE)).one()
    assert client.secret not in str(kept.bound)
    assert "client_secret" not in kept.bound["asked"]
    assert not kept.value_hash.startswith("par_")


# The request is judged at once, whole


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": CALLBACK + "/"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "device"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unauthorized_client"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "openid nonsense"}, "invalid_scope"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"claims": "{"}, "invalid_request"),
        ({"id_token_hint": "x.y.z"}, "invalid_request"),
        ({"state": "a\r\nb"}, "invalid_request"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"request": "x.y.z"}, "invalid_request_object"),
        ({"request_uri": PREFIX + "a" * 43}, "invalid_request"),
        ({"request_uri": "https://rp.example/request.jwt"}, "invalid_request"),
        ({"request_uri": ""}, "invalid_request"),
    ],
    ids=str,
)
def test_o4_what_the_authorization_endpoint_refuses_is_refused_in_json(place, client, changes, error):
    refused = push(place, client, **changes)

    assert (refused.status_code, refused.json["error"]) == (400, error)
    assert "Location" not in refused.headers
    assert "evil.example" not in refused.text


def test_a_repeated_parameter_is_refused(place, client):
    body = "&".join(f"{name}={value}" for name, value in request(client).items()) + "&state=again"
    refused = place.app.test_client().post(
        "/sites/acme/oauth2/par",
        data=body.replace(" ", "+"),
        headers=client.basic,
        content_type="application/x-www-form-urlencoded",
    )

    assert refused.json["error"] == "invalid_request"


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "text/plain"])
def test_a_pushed_request_is_a_form(place, client, content_type):
    refused = place.app.test_client().post(
        "/sites/acme/oauth2/par", data="{}", headers=client.basic, content_type=content_type
    )

    assert (refused.status_code, refused.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_it_is_posted(place, method):
    refused = getattr(place.app.test_client(), method)("/sites/acme/oauth2/par")

    assert refused.status_code == 405
    assert refused.json["error"] == "invalid_request"


def test_what_is_too_long_is_refused(place, client):
    assert push(place, client, state="a" * 9000).json["error"] == "invalid_request"


def test_a_refusal_is_written_down_with_its_cause(place, client):
    push(place, client, redirect_uri="https://evil.example/")

    attempt = place.attempts()[-1]
    assert (attempt.kind, attempt.code) == ("oidc.par", "invalid_request")
    assert "evil.example" in str(attempt.steps)


def test_a_client_that_is_switched_off_pushes_nothing(place, client):
    from idp.directory import applications

    with place.work() as work:
        applications.disable(work, client.application_id)

    assert push(place, client).json["error"] == "invalid_client"


# Bringing it


def told(answer, words) -> None:
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert words in answer.text


def test_o33_it_works_once_and_a_reload_is_told_plainly(place, client, browser):
    address = pushed_uri(place, client)
    assert "code" in answered(bring(browser, client, address))

    told(bring(browser, client, address), "begun already")


def test_o33_it_is_used_up_where_the_person_must_sign_in_first_too(place, client):
    address = pushed_uri(place, client)
    stranger = place.app.test_client()

    assert bring(stranger, client, address).headers["Location"].startswith("/signin/")
    told(bring(stranger, client, address), "begun already")


def test_o33_it_is_good_for_ninety_seconds(place, client, browser):
    early, late = pushed_uri(place, client), pushed_uri(place, client)
    place.later(seconds=89)
    assert "code" in answered(bring(browser, client, early))
    place.later(seconds=1)

    told(bring(browser, client, late), "took too long")


def test_o33_it_is_its_clients_only_and_another_does_not_use_it_up(place, client, public, browser):
    address = pushed_uri(place, client)

    told(bring(browser, public, address), "not known here")
    told(bring(browser, client, address, site="acme-eu"), "not known here")
    assert "code" in answered(bring(browser, client, address)), "it is still there"


def test_o33_what_comes_beside_it_does_not_count(place, client, browser):
    address = pushed_uri(place, client, scope="openid", state="mine")
    found = answered(
        bring(
            browser,
            client,
            address,
            redirect_uri="https://evil.example/",
            state="theirs",
            scope="openid profile email",
            response_type="id_token token",
            response_mode="form_post",
            nonce="theirs",
            code_challenge="x" * 43,
            prompt="login",
            registration="{}",
        )
    )

    assert found["state"] == "mine"
    tokens = place.redeem(client, found["code"]).json
    assert tokens["scope"] == "openid"
    assert claims(tokens["id_token"])["nonce"] == "n0nce"


def test_o33_two_pushed_requests_at_once_are_none(place, client, browser):
    """RFC 6749 section 3.1: no parameter comes twice, and least of all the one that says which request it is."""
    first, second = pushed_uri(place, client), pushed_uri(place, client, scope="openid")

    assert bring(browser, client, [first, second]).status_code == 400
    assert "code" in answered(bring(browser, client, first)), "and neither is used up"


def test_o33_without_a_client_nobody_is_answered(place, client, browser):
    address = pushed_uri(place, client)
    answer = browser.get("/sites/acme/oauth2/authorize", query_string={"request_uri": address})

    told(answer, "not known here")


def test_o33_it_comes_with_no_request_object(place, client, browser):
    answer = bring(browser, client, pushed_uri(place, client), request="a.b.c")

    assert answer.status_code == 400
    found = answered(bring(browser, client, pushed_uri(place, client), request="a.b.c", redirect_uri=CALLBACK))
    assert found["error"] == "invalid_request"


@pytest.mark.parametrize("value", ["", "par_", "par_x", "par_" + "a" * 43, "cod_" + "a" * 43, "x", "par_" + "a" * 44])
def test_o33_what_was_never_pushed_is_not_there(place, client, browser, value):
    told(bring(browser, client, pushed.PREFIX + value), "not known here")


def test_o9_a_code_is_no_pushed_request_and_a_pushed_request_no_code(place, client, browser):
    code = place.code(browser, client)
    told(bring(browser, client, pushed.PREFIX + code), "not known here")
    assert place.redeem(client, code).status_code == 200

    address = pushed_uri(place, client)
    for value in (address, address.removeprefix(pushed.PREFIX)):
        assert place.redeem(client, value).json["error"] == "invalid_grant"
        assert place.refresh(client, value).json["error"] == "invalid_grant"
        assert place.userinfo(value).status_code == 401
        assert place.introspect(client, value) == {"active": False}
        assert browser.get(f"/signin/{value}").status_code in (400, 404)
    assert "code" in answered(bring(browser, client, address)), "and none of it used it up"


def test_o24_only_the_whole_address_counts(place, client, browser):
    address = pushed_uri(place, client)
    for wrong in (address[:-1], address + "A", address[:-1] + ("A" if address[-1] != "A" else "B"), address + " "):
        told(bring(browser, client, wrong), "not known here")

    assert "code" in answered(bring(browser, client, address))


def test_x22_a_client_that_loses_its_address_meanwhile_is_not_answered(place, client, browser):
    import sqlalchemy as sa

    from idp.oidc.models import Client

    address = pushed_uri(place, client)
    with place.work() as work:
        row = work.tx.session.scalars(sa.select(Client).where(Client.client_id == client.client_id)).one()
        row.registration = {**row.registration, "redirect_uris": ["https://rp.example/new"]}

    told(bring(browser, client, address), "has not registered")


def test_it_may_be_posted_by_the_browser(place, client, browser):
    sent = {"client_id": client.client_id, "request_uri": pushed_uri(place, client)}
    bounced = place.app.test_client().post("/sites/acme/oauth2/authorize", data=sent)

    assert "code" in answered(browser.get(bounced.headers["Location"])), "the way there used nothing up"


def test_the_attempt_says_that_it_was_pushed(place, client, browser):
    answered(bring(browser, client, pushed_uri(place, client)))

    step = next(step for step in place.attempts()[-1].steps if step["step"] == "request")
    assert step["pushed"] is True


def test_an_answer_with_tokens_may_be_pushed_for_as_well(place, browser):
    client = place.register(response_types=["code id_token"], grant_types=["authorization_code", "implicit"])
    address = pushed_uri(place, client, response_type="id_token code", response_mode="fragment")

    assert {"code", "id_token"} <= set(answered(bring(browser, client, address), fragment=True))


# require_pushed_authorization_requests


def test_a_client_may_register_that_it_pushes_all_of_its_requests(place, browser):
    client = place.register(require_pushed_authorization_requests=True)

    assert answered(place.authorize(browser, client))["error"] == "invalid_request"
    assert "code" in answered(bring(browser, client, pushed_uri(place, client)))


def test_and_comes_back_from_signing_in(place, browser):
    """What was pushed is known by then; how it came is not asked again."""
    client = place.register(require_pushed_authorization_requests=True, first_party=False)
    path = bring(browser, client, pushed_uri(place, client)).headers["Location"]
    token = browser.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    after = browser.post(f"{path}/consent", data={"csrf_token": token})
    while after.headers["Location"].startswith("/"):
        after = browser.get(after.headers["Location"])

    assert "code" in answered(after)


# DPoP (RFC 9449 section 10.1)


def proof(place, holder, **changes) -> str:
    return holder.proof("POST", f"{ISSUER}/oauth2/par", at=place.now.timestamp(), **changes)


def nonce_of(place, client) -> str:
    asked = push(place, client, headers={**client.basic, "DPoP": proof(place, Holder())})
    assert (asked.status_code, asked.json["error"]) == (400, "use_dpop_nonce")
    return asked.headers["DPoP-Nonce"]


def test_o34_the_code_is_bound_to_the_key_that_was_proven(place, client, browser):
    holder = Holder()
    sent = {**client.basic, "DPoP": proof(place, holder, nonce=nonce_of(place, client))}
    found = push(place, client, headers=sent)
    code = answered(bring(browser, client, found.json["request_uri"]))["code"]

    assert found.headers["DPoP-Nonce"]
    assert place.redeem(client, code).json["error"] in ("invalid_dpop_proof", "invalid_grant"), "no proof, no tokens"


def test_o34_the_proof_is_of_the_key_that_the_request_names(place, client, browser):
    holder, other = Holder(), Holder()
    nonce = nonce_of(place, client)

    def named(thumbprint):
        sent = {**client.basic, "DPoP": proof(place, holder, nonce=nonce)}
        return push(place, client, headers=sent, dpop_jkt=thumbprint)

    assert named(other.thumbprint).json["error"] == "invalid_dpop_proof"
    assert named(holder.thumbprint).status_code == 201
    assert push(place, client, dpop_jkt="x").json["error"] == "invalid_request"


def test_o34_a_proof_for_another_endpoint_is_none(place, client):
    made = Holder().proof("POST", f"{ISSUER}/oauth2/token", at=place.now.timestamp(), nonce=nonce_of(place, client))

    assert push(place, client, headers={**client.basic, "DPoP": made}).json["error"] == "invalid_dpop_proof"


def test_i10_whoever_proves_nothing_leaves_only_so_much(place, client, public):
    """I10: anybody can name a public client; every pushed request is a row."""
    made = Place(place.database, throttling={"sign_ons_per_minute": 3})
    for _ in range(3):
        assert push(made, public).status_code == 201

    refused = push(made, public)
    assert (refused.status_code, refused.json["error"]) == (429, "invalid_request")
    assert push(made, client).status_code == 201, "a client that proves itself is not counted"


# Many at once


@pytest.mark.both_databases
def test_o33_of_fifty_browsers_with_one_address_one_gets_through(place, client):
    address = pushed_uri(place, client)
    together = Barrier(50)

    def take(_):
        together.wait()
        with place.work() as work:
            found = client_facts.at_site(
                work, place.provider(work).organization_id, place.provider(work).site_id, client.client_id
            )
            try:
                return pushed.take(work, found, address)
            except PageError as error:
                return error.code

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(take, range(50)))

    taken = [one for one in outcomes if isinstance(one, pushed.Taken)]
    assert len(taken) == 1
    assert isinstance(taken[0].parameters, Parameters)
    assert [one for one in outcomes if one != taken[0]] == ["pushed-request-used"] * 49


def test_keys_of_a_client_that_must_be_fetched_cost_no_assertion(place, browser, monkeypatch):
    """The assertion is used up in a transaction that is given up when keys of the request object are missing."""
    import orjson
    from joserfc import jwt

    from idp.oidc import remote_keys

    client = place.register(token_endpoint_auth_method="private_key_jwt", jwks_uri="https://rp.example/jwks")
    moment = [1000.0]
    monkeypatch.setattr("idp.base.clock.monotonic", lambda: moment[0])
    wanted = remote_keys.Wanted("https://rp.example/jwks")
    remote_keys.fetch(wanted, lambda _: orjson.dumps({"keys": [EC.as_dict(private=False)]}))
    moment[0] += 60
    monkeypatch.setattr("idp.base.egress.fetch", lambda *a, **k: orjson.dumps(KEYS))
    signed = jwt.encode({"alg": "RS256", "kid": "rsa"}, request(client), RSA, algorithms=["RS256"])
    form = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}

    found = place.app.test_client().post(
        "/sites/acme/oauth2/par", data={**form, "client_assertion": assertion(client), "request": signed}
    )

    assert found.status_code == 201, found.text
