"""What people are asked of the scopes of APIs: the API's own sentence, and anew when it changes (O28)."""

import pytest

from idp.oidc import api_scopes, apis
from tests.oidc.support import answered
from tests.oidc.test_core_authorize import agree, asks, page

ORDERS, READ, WRITE = "https://api.example/orders", "orders:read", "orders:write"


@pytest.fixture
def third(place):
    return place.register(client_name="Third", first_party=False)


@pytest.fixture
def orders(place, third):
    return place.api(ORDERS, READ, WRITE, to=[third], name="Orders <of> Acme")


def test_o28_a_person_reads_the_sentence_and_whose_it_is(place, third, browser, orders):
    shown = page(place, browser, place.authorize(browser, third, scope=f"openid email {READ}")).text

    assert f"Do {READ} for you" in shown
    assert "Orders &lt;of&gt; Acme" in shown
    assert "asks to do this for you:" in shown
    assert "your e-mail address" in shown
    assert f"Do {WRITE} for you" not in shown


def test_o28_it_is_asked_once(place, third, browser, orders):
    agree(place, browser, place.authorize(browser, third, scope=f"openid {READ}"))

    assert "code" in answered(place.authorize(browser, third, scope=f"openid {READ}"))
    assert asks(place.authorize(browser, third, scope=f"openid {READ} {WRITE}")), "and for another one again"


def test_o28_another_sentence_is_asked_anew_and_until_then_the_scope_is_gone(place, third, browser, orders):
    found = agree(place, browser, place.authorize(browser, third, scope=f"openid {READ}"))
    tokens = place.redeem(third, found["code"]).json
    assert tokens["scope"] == f"openid {READ}"
    with place.work() as work:
        api_scopes.edit(work, orders.id, READ, "See your orders and what you paid")

    assert place.introspect(orders, tokens["access_token"]) == {"active": False}
    assert place.refresh(third, tokens["refresh_token"]).json["scope"] == "openid"
    asked = place.authorize(browser, third, scope=f"openid {READ}")
    assert "See your orders and what you paid" in page(place, browser, asked).text
    again = place.redeem(third, agree(place, browser, asked)["code"]).json
    assert again["scope"] == f"openid {READ}"


def test_o28_a_namesake_is_asked_anew(place, third, browser, orders):
    agree(place, browser, place.authorize(browser, third, scope=f"openid {READ}"))
    with place.work() as work:
        apis.delete(work, orders.id)
    place.api(ORDERS, READ, to=[third], name="Payroll")

    assert asks(place.authorize(browser, third, scope=f"openid {READ}"))


def test_the_account_page_says_it_and_takes_it_back(place, third, browser, orders):
    found = agree(place, browser, place.authorize(browser, third, scope=f"openid {READ}"))
    tokens = place.redeem(third, found["code"]).json
    shown = browser.get("/account/applications").text
    assert f"Do {READ} for you (at Orders &lt;of&gt; Acme)" in shown

    csrf = shown.partition('name="csrf_token" value="')[2].partition('"')[0]
    taken_back = browser.post(f"/account/applications/{third.application_id}/withdraw", data={"csrf_token": csrf})
    assert taken_back.status_code == 303

    assert place.introspect(orders, tokens["access_token"]) == {"active": False}
    assert place.refresh(third, tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert asks(place.authorize(browser, third, scope=f"openid {READ}"))


def test_the_organizations_own_asks_nobody(place, browser):
    own = place.register()
    place.api(ORDERS, READ, to=[own])

    assert place.tokens(browser, own, scope=f"openid {READ}")["scope"] == f"openid {READ}"


def test_the_audit_log_keeps_what_was_agreed_to(place, third, browser, orders):
    agree(place, browser, place.authorize(browser, third, scope=f"openid {READ}"))

    assert place.audited("consent.given")[0].details["asks"] == [f"{READ} — Orders <of> Acme — Do {READ} for you"]
