"""RFC 6749 section 3.1.2, RFC 9700 section 2.1, RFC 8252 section 7.3: where an answer may go."""

import pytest

from tests.oidc.support import CALLBACK, answered, reference

REGISTERED = "https://rp.example/cb?tenant=1"

LOOKALIKES = [
    "",
    "https://rp.example/cb",
    "https://rp.example/cb?tenant=1&",
    "https://rp.example/cb?tenant=1#",
    "https://rp.example/cb?tenant=1#x",
    "https://rp.example/cb?tenant=2",
    "https://rp.example/cb?tenant=1&x=1",
    "https://rp.example/cb?TENANT=1",
    "https://rp.example/cb?tenant=%31",
    "https://rp.example/cb/?tenant=1",
    "https://rp.example/cb/.?tenant=1",
    "https://rp.example/cb/..;/?tenant=1",
    "https://rp.example/cb;x?tenant=1",
    "https://rp.example/cb;/../evil?tenant=1",
    "https://rp.example/cb/../evil?tenant=1",
    "https://rp.example/cb/%2e%2e/evil?tenant=1",
    "https://rp.example/%63b?tenant=1",
    "https://rp.example/CB?tenant=1",
    "https://rp.example//cb?tenant=1",
    "https://rp.example/./cb?tenant=1",
    "https://rp.example/evil/../cb?tenant=1",
    "https://rp.example\\cb?tenant=1",
    "https://rp.example\\@evil.example/cb?tenant=1",
    "https:\\\\rp.example/cb?tenant=1",
    "https://rp.example:443/cb?tenant=1",
    "https://rp.example:444/cb?tenant=1",
    "https://rp.example:/cb?tenant=1",
    "https://rp.example./cb?tenant=1",
    "https://RP.example/cb?tenant=1",
    "HTTPS://rp.example/cb?tenant=1",
    "http://rp.example/cb?tenant=1",
    "//rp.example/cb?tenant=1",
    "/cb?tenant=1",
    "rp.example/cb?tenant=1",
    "https:/rp.example/cb?tenant=1",
    "https:rp.example/cb?tenant=1",
    "https://rp.example@evil.example/cb?tenant=1",
    "https://rp.example:x@evil.example/cb?tenant=1",
    "https://evil.example@rp.example/cb?tenant=1",
    "https://a@b@rp.example/cb?tenant=1",
    "https://rp.example.evil.example/cb?tenant=1",
    "https://evil.example/rp.example/cb?tenant=1",
    "https://evil.example?https://rp.example/cb?tenant=1",
    "https://evil.example#https://rp.example/cb?tenant=1",
    "https://evil-rp.example/cb?tenant=1",
    "https://xrp.example/cb?tenant=1",
    "https://www.rp.example/cb?tenant=1",
    "https://*.example/cb?tenant=1",
    "https://r\u0440.example/cb?tenant=1",
    "https://xn--rp-example/cb?tenant=1",
    "https://rp\u3002example/cb?tenant=1",
    "https://rp%2eexample/cb?tenant=1",
    "https%3A%2F%2Frp.example%2Fcb%3Ftenant%3D1",
    "https://rp.example/cb?tenant=1 ",
    " https://rp.example/cb?tenant=1",
    "https://rp.example/cb?tenant=1\n",
    "\thttps://rp.example/cb?tenant=1",
    "https://rp.example/cb\r\nLocation: https://evil.example?tenant=1",
    "https://rp.example/cb?tenant=1,https://evil.example/",
    "javascript:alert(1)//https://rp.example/cb?tenant=1",
    "data:text/html,https://rp.example/cb?tenant=1",
]

BRANCHES = [
    {},
    {"response_type": "device"},
    {"response_type": None},
    {"response_mode": "fragment"},
    {"scope": "what_is_this"},
    {"scope": None},
    {"prompt": "none"},
    {"prompt": "none login"},
    {"max_age": "soon"},
    {"code_challenge": None},
    {"code_challenge_method": "plain"},
    {"claims": "{"},
    {"request": "x"},
    {"request_uri": "https://evil.example/"},
    {"id_token_hint": "x"},
    {"state": "\x01"},
]


def shows_a_page(response):
    return response.status_code == 400 and response.mimetype == "text/html" and "Location" not in response.headers


@pytest.mark.parametrize("address", LOOKALIKES)
def test_o1_only_the_registered_octets_are_answered(place, browser, address):
    client = place.register(redirect_uris=[REGISTERED])

    assert shows_a_page(place.authorize(browser, client, redirect_uri=address))


def test_o1_what_is_registered_is_answered_octet_by_octet(place, browser):
    odd = "https://rp.example/cb%7E/~a;b=c/?tenant=1&x=%20+y&z"
    client = place.register(redirect_uris=[REGISTERED, odd])

    assert (
        place.authorize(browser, client, redirect_uri=REGISTERED).headers["Location"].startswith(REGISTERED + "&code=")
    )
    assert place.authorize(browser, client, redirect_uri=odd).headers["Location"].startswith(odd + "&code=")


@pytest.mark.parametrize("changes", BRANCHES, ids=str)
def test_o4_no_error_leads_to_an_unregistered_address(place, client, browser, changes):
    assert shows_a_page(place.authorize(browser, client, redirect_uri="https://evil.example/", **changes))
    assert shows_a_page(place.authorize(browser, client, client_id="cli_nobody", **changes))


@pytest.mark.parametrize("changes", BRANCHES[1:6] + BRANCHES[7:], ids=str)
def test_o4_every_error_leads_to_the_registered_one(place, client, browser, changes):
    """O11: with the issuer; RFC 6749 section 4.1.2.1: with the state, where there is a good one."""
    refused = place.authorize(browser, client, **changes)

    assert refused.headers["Location"].startswith(CALLBACK + "?error=")
    found = answered(refused)
    assert found["iss"] == "http://localhost:8000/sites/acme"
    assert found.get("state") == (None if "state" in changes else "st4te")
    assert place.attempt(reference(refused)).code == found["error"]


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_o1_an_address_named_twice_is_none(place, client, browser, name):
    good = place.authorize(browser, client).request.query_string.decode()

    assert shows_a_page(browser.get(f"/sites/acme/oauth2/authorize?{good}&{name}=https://evil.example/"))


@pytest.mark.parametrize("query", ["client_id=%zz", "client_id=%ff", "client_id=%00", "state=" + "a" * 9000])
def test_what_cannot_be_read_is_a_page(place, browser, query):
    assert shows_a_page(browser.get(f"/sites/acme/oauth2/authorize?{query}"))


def test_the_page_shows_the_reference_and_hides_the_cause(place, client, browser):
    refused = place.authorize(browser, client, redirect_uri="https://evil.example/")
    attempt = place.attempts()[-1]

    assert attempt.id in refused.text
    assert attempt.code == "unregistered-redirect-uri"
    assert "https://evil.example/" in attempt.cause
    assert "evil.example" not in refused.text
    assert [e.details["attempt_id"] for e in place.audited("application.sign-on-refused")] == [attempt.id]


def test_o8_a_client_of_another_site_is_unknown(place, client, browser):
    assert shows_a_page(place.authorize(browser, client, site="acme-eu"))


def test_a_disabled_client_is_not_answered(place, client, browser):
    from idp.directory import applications

    with place.work() as work:
        applications.disable(work, client.application_id)

    assert shows_a_page(place.authorize(browser, client))
