"""RFC 8252: native applications, at loopback addresses of any port and at private schemes (O5, O28)."""

import pytest

from tests.oidc.test_rfc6749_redirect_uri import shows_a_page


@pytest.fixture
def native(place):
    return place.register(
        client_name="Desk",
        application_type="native",
        token_endpoint_auth_method="none",
        redirect_uris=["http://127.0.0.1/cb", "http://[::1]:8080/cb", "com.example.desk:/cb"],
        first_party=False,
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/cb",
        "http://127.0.0.1:1/cb",
        "http://127.0.0.1:51004/cb",
        "http://[::1]:9/cb",
        "http://[::1]/cb",
        "com.example.desk:/cb",
    ],
)
def test_o5_a_native_client_may_use_any_port_of_loopback(place, native, browser, address):
    asked = place.authorize(browser, native, redirect_uri=address)

    assert "/signin/" in asked.headers["Location"], "it is asked for consent, so the address is taken"


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost/cb",
        "http://localhost:8080/cb",
        "http://localhost.evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1@evil.example/cb",
        "http://127.0.0.1:8080@evil.example/cb",
        "http://127.0.0.2/cb",
        "http://127.1/cb",
        "http://2130706433/cb",
        "http://0x7f.0.0.1/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:999999/cb",
        "http://127.0.0.1:80:80/cb",
        "http://127.0.0.1:8o/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://[::ffff:7f00:1]/cb",
        "http://[0:0:0:0:0:0:0:1]/cb",
        "http://[::1%25lo]/cb",
        "https://127.0.0.1/cb",
        "HTTP://127.0.0.1/cb",
        "http://127.0.0.1/cb/",
        "http://127.0.0.1/CB",
        "http://127.0.0.1/cb?x=1",
        "http://127.0.0.1/cb#x",
        "http://127.0.0.1\\@evil.example/cb",
        "http://127.0.0.1:1/\\cb",
        "com.example.desk:/cb2",
        "com.example.desk://cb",
        "com.example.desk:1/cb",
    ],
)
def test_o5_but_nothing_that_only_looks_like_loopback(place, native, browser, address):
    assert shows_a_page(place.authorize(browser, native, redirect_uri=address))


def test_o5_a_web_client_has_no_such_exception(place, client, browser):
    assert shows_a_page(place.authorize(browser, client, redirect_uri="http://127.0.0.1:9/callback"))
