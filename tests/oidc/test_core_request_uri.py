"""OpenID Connect Core section 6.2, RFC 9101 section 5.2: request objects at an address of the client's (O17, O18)."""

import base64
import hashlib

import pytest

from idp.base.errors import Invalid
from idp.directory import sites
from idp.oidc import jose
from idp.oidc.authorize import request_uri as request_uri_
from tests.oidc.assertions import KEYS
from tests.oidc.support import CALLBACK, Place, answered, claims, request
from tests.oidc.test_rfc9101_request_objects import signed, unsigned
from tests.support.published import Publisher, publisher


@pytest.fixture
def far() -> Publisher:
    """A server of the client's, on loopback."""
    with publisher() as made:
        yield made


@pytest.fixture
def near(place):
    """The same place, which may call servers on loopback; its site reads request objects from addresses."""
    made = Place(place.database, development={"allow_http_loopback_applications": True})
    switch(made, on=True)
    return made


def switch(place, *, on: bool) -> None:
    with place.work() as work:
        sites.edit(work, "acme", fetch_request_objects=on)


def registered(place, *addresses, **metadata):
    return place.register(jwks=KEYS, request_uris=list(addresses), allow_http_loopback=True, **metadata)


def bring(browser, client, address, **beside):
    """Beside what OAuth wants there is the address to answer errors at."""
    sent = {"client_id": client.client_id, "redirect_uri": CALLBACK, "state": "beside", "request_uri": address}
    return browser.get("/sites/acme/oauth2/authorize", query_string={**sent, **beside})


@pytest.fixture
def browser(near):
    return near.browser()


def publish(far, token, **changes):
    far.body = token.encode()
    for name, value in changes.items():
        setattr(far, name, value)


def test_a_signed_request_is_read_from_the_registered_address(near, far, browser):
    client = registered(near, far.url)
    publish(far, signed(client))
    found = answered(bring(browser, client, far.url, nonce="beside"))

    assert found["state"] == "st4te", "what is signed counts, nothing beside it"
    assert claims(near.redeem(client, found["code"]).json["id_token"])["nonce"] == "n0nce"


def test_an_unsigned_one_too(near, far, browser):
    client = registered(near, far.url)
    publish(far, unsigned({"scope": "openid"}))
    found = answered(bring(browser, client, far.url, **request(client)))

    assert near.redeem(client, found["code"]).json["scope"] == "openid"


def test_it_is_read_anew_each_time(near, far, browser):
    client = registered(near, far.url)
    publish(far, signed(client))
    for _ in range(2):
        answered(bring(browser, client, far.url))

    assert len(far.asked) == 2


def hashed(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


def test_it_is_kept_where_the_address_says_by_a_hash_what_is_there(near, far, browser):
    client = near.register(jwks=KEYS)
    token = signed(client)
    address = f"{far.url}#{hashed(token)}"
    give_address(near, client, address)
    publish(far, token)
    for _ in range(3):
        assert "code" in answered(bring(browser, client, address))

    assert far.asked == ["/metadata"]


def give_address(place, client, address):
    import sqlalchemy as sa

    from idp.oidc.models import Client

    with place.work() as work:
        row = work.tx.session.scalars(sa.select(Client).where(Client.client_id == client.client_id)).one()
        row.registration = {**row.registration, "request_uris": [address]}


def test_what_is_not_what_the_hash_says_is_read_anew_each_time(near, far, browser):
    """Section 6.2: the hash is about keeping. A client that registers before it knows its requests has none that fits."""
    client = near.register(jwks=KEYS)
    token = signed(client)
    address = f"{far.url}#{hashed(token)}"
    give_address(near, client, address)
    publish(far, signed(client, scope="openid"))
    for _ in range(2):
        found = answered(bring(browser, client, address))
        assert near.redeem(client, found["code"]).json["scope"] == "openid"
    publish(far, token)
    for _ in range(3):
        assert "code" in answered(bring(browser, client, address))

    assert len(far.asked) == 3


def test_another_fragment_is_only_a_label(near, far, browser):
    client = registered(near, f"{far.url}#version-2")
    publish(far, signed(client))
    for _ in range(2):
        assert "code" in answered(bring(browser, client, f"{far.url}#version-2"))

    assert len(far.asked) == 2


def test_the_memory_of_them_is_bounded(near):
    for number in range(400):
        request_uri_._hold(f"https://rp.example/{number}", "x")

    assert len(request_uri_._held) == 256


def test_keys_and_request_may_both_have_to_be_fetched(near, far, browser, monkeypatch):
    import orjson

    client = near.register(
        jwks_uri="https://rp.example/jwks", request_uris=["https://rp.example/request"], redirect_uris=[CALLBACK]
    )
    there = {"https://rp.example/jwks": orjson.dumps(KEYS), "https://rp.example/request": signed(client).encode()}
    asked = []

    def fetch(address, **_):
        asked.append(address)
        return there[address]

    monkeypatch.setattr("idp.base.egress.fetch", fetch)

    assert "code" in answered(bring(browser, client, "https://rp.example/request"))
    assert asked == ["https://rp.example/request", "https://rp.example/jwks"]


def test_whoever_signs_in_first_comes_back_and_nothing_is_read_again(near, far, browser):
    third = registered(near, far.url, first_party=False)
    publish(far, signed(third))
    path = bring(browser, third, far.url).headers["Location"]
    publish(far, "gone", status=404)
    token = browser.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    after = browser.post(f"{path}/consent", data={"csrf_token": token})
    while after.headers["Location"].startswith("/"):
        after = browser.get(after.headers["Location"])

    assert "code" in answered(after)
    assert len(far.asked) == 1


# What is never called


def test_o17_without_the_switch_nothing_is_called(near, far, browser):
    client = registered(near, far.url)
    publish(far, signed(client))
    switch(near, on=False)

    assert answered(bring(browser, client, far.url))["error"] == "request_uri_not_supported"
    assert far.asked == []
    switch(near, on=True)
    assert "code" in answered(bring(browser, client, far.url)), "the listener would have been called"


def test_o17_a_new_site_has_it_off(place, client, browser):
    with place.work() as work:
        assert sites.facts(work, "acme-eu").fetch_request_objects is False


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url + "/",
        lambda url: url + "?a=b",
        lambda url: url + "#x",
        lambda url: url.replace("http:", "HTTP:"),
        lambda url: url.replace("127.0.0.1", "localhost"),
        lambda url: url.replace("127.0.0.1", "127.1"),
        lambda url: url.replace("/metadata", "/./metadata"),
        lambda url: url.replace("/metadata", "/%6detadata"),
        lambda url: url.replace("http://", "http://rp.example@"),
        lambda url: "file:///etc/passwd",
        lambda url: "urn:ietf:params:oauth:request_uri",
        lambda url: "data:application/jwt,a.b.c",
        lambda url: "x",
    ],
)
def test_o17_an_address_that_is_not_registered_is_never_called(near, far, browser, change):
    client = registered(near, far.url)
    publish(far, signed(client))

    assert answered(bring(browser, client, change(far.url)))["error"] == "invalid_request_uri"
    assert far.asked == []


def test_o17_nor_one_of_another_client(near, far, browser, place):
    registered(near, far.url)
    client = registered(near, "https://rp.example/request")

    assert answered(bring(browser, client, far.url))["error"] == "invalid_request_uri"
    assert far.asked == []


def test_o17_nor_for_nobody(near, far, browser):
    client = registered(near, far.url)
    answer = bring(browser, client, far.url, client_id="cli_other")

    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert far.asked == []


def test_o18_a_private_address_is_refused_although_it_is_registered(place, far):
    """This installation calls nothing on loopback."""
    switch(place, on=True)
    client = registered(place, far.url)
    publish(far, signed(client))
    found = answered(bring(place.browser(), client, far.url))

    assert found["error"] == "invalid_request_uri"
    assert far.asked == []
    assert "127.0.0.1" not in found["error_description"], "whoever asks does not learn what is there"
    assert "not a public address" in str(place.attempts()[-1].steps)


@pytest.mark.parametrize("address", ["http://10.0.0.1/x", "http://rp.example/x", "ftp://rp.example/x", "x", "urn:x:y"])
def test_o18_plain_http_is_not_registered(place, address):
    with pytest.raises(Invalid):
        place.register(request_uris=[address])


@pytest.mark.parametrize(
    "changes",
    [
        {"status": 302, "headers": {"Location": "/elsewhere"}},
        {"status": 404},
        {"status": 500},
        {"repeat": 1000},
        {"body": b""},
        {"body": b"\xff\xfe"},
        {"body": "ü".encode()},
    ],
    ids=str,
)
def test_o18_what_is_no_request_object_there_is_refused(near, far, browser, changes):
    client = registered(near, far.url)
    publish(far, signed(client), **changes)

    found = answered(bring(browser, client, far.url))
    assert (found["error"], found["state"]) == ("invalid_request_uri", "beside")
    assert far.asked == ["/metadata"], "and no redirect is followed"


def test_o18_it_is_as_long_as_a_request_may_be(near, far, browser):
    client = registered(near, far.url)
    publish(far, "a" * jose.LONGEST)
    assert answered(bring(browser, client, far.url))["error"] == "invalid_request_object"
    publish(far, "a" * (jose.LONGEST + 1))

    assert answered(bring(browser, client, far.url))["error"] == "invalid_request_uri"


def test_a_bad_object_there_is_refused_as_one_by_value(near, far, browser):
    client = registered(near, far.url)
    publish(far, signed(client, aud="https://other.example"))

    assert answered(bring(browser, client, far.url))["error"] == "invalid_request_object"


def test_o4_no_error_goes_where_nothing_proves_that_it_may(near, far, browser):
    client = registered(near, far.url)
    publish(far, "x")
    for beside in ({"redirect_uri": "https://evil.example/"}, {"redirect_uri": ""}):
        answer = bring(browser, client, far.url, **beside)
        assert answer.status_code == 400
        assert "Location" not in answer.headers


def test_the_metadata_says_whether_addresses_are_read(near):
    get = near.app.test_client().get

    def said(site):
        return get(f"/sites/{site}/.well-known/openid-configuration").json

    assert said("acme")["request_uri_parameter_supported"] is True
    assert said("acme-eu")["request_uri_parameter_supported"] is False
    assert said("acme")["require_request_uri_registration"] is True
