"""RFC 8707: Resource Indicators for OAuth 2.0. What a token is for, and that it is for nothing else."""

import pytest

from idp.oidc import api_scopes, apis
from tests.oidc.devices import Device, asking, television
from tests.oidc.support import ANN, BEN, ISSUER, answered, claims, reference
from tests.support.visitor import Visitor

ORDERS, STOCK = "https://api.example/orders", "https://api.example/stock"
READ, WRITE, COUNT = "orders:read", "orders:write", "stock:count"


@pytest.fixture
def robot(place):
    return place.register(grant_types=["client_credentials"], scope="reports", redirect_uris=[], client_name="Robot")


@pytest.fixture
def orders(place, client, robot):
    return place.api(ORDERS, READ, WRITE, to=[client, robot])


@pytest.fixture
def stock(place, client, robot):
    return place.api(STOCK, COUNT, to=[client, robot], name="Stock", token_seconds=300)


def withdraw(place, api, scope, **subject):
    with place.work() as work:
        api_scopes.withdraw(work, api.id, scope, **subject)


# Section 2.1: the authorization request


def test_a_token_is_for_the_resource_that_was_asked_for(place, client, browser, orders):
    tokens = place.tokens(browser, client, scope=f"openid {READ}", resource=ORDERS)

    assert claims(tokens["access_token"])["aud"] == ORDERS
    assert claims(tokens["access_token"])["scope"] == tokens["scope"] == READ
    assert "id_token" in tokens
    assert place.userinfo(tokens["access_token"]).status_code == 401


def test_without_a_resource_it_is_for_the_api_of_the_scopes(place, client, browser, orders):
    token = place.tokens(browser, client, scope=READ)["access_token"]

    assert claims(token)["aud"] == ORDERS


def test_with_openid_and_without_a_resource_userinfo_takes_it_too(place, client, browser, orders):
    tokens = place.tokens(browser, client, scope=f"openid email {READ}")

    assert claims(tokens["access_token"])["aud"] == [ORDERS, ISSUER]
    assert place.userinfo(tokens["access_token"]).json["email"] == ANN
    assert tokens["scope"] == f"openid email {READ}"


def test_without_apis_it_is_for_us(place, client, browser, orders):
    assert claims(place.tokens(browser, client)["access_token"])["aud"] == ISSUER


def test_the_provider_itself_can_be_named(place, client, browser, orders):
    code = place.code(browser, client, scope=f"openid {READ}", resource=[ORDERS, ISSUER])
    token = place.redeem(client, code, resource=ISSUER).json["access_token"]

    assert claims(token)["aud"] == ISSUER
    assert claims(token)["scope"] == "openid"


@pytest.mark.parametrize(
    "resource",
    ["https://api.example/nothing", f"{ORDERS}/", ORDERS.upper(), f"{ORDERS}#a", "orders", f"{ISSUER}/", "ü", ","],
)
def test_an_unknown_resource_is_refused(place, client, browser, orders, resource):
    found = answered(place.authorize(browser, client, scope=f"openid {READ}", resource=resource))

    assert found["error"] == "invalid_target"


def test_and_so_is_a_disabled_one_and_one_of_another_site(place, client, browser, orders):
    place.api("https://api.example/eu", "eu:read", site="acme-eu")
    with place.work() as work:
        apis.disable(work, orders.id)

    for resource in (ORDERS, "https://api.example/eu"):
        found = answered(place.authorize(browser, client, scope=f"openid {READ}", resource=resource))
        assert found["error"] == "invalid_target"


def test_a_resource_at_which_the_client_may_do_nothing_is_refused(place, client, browser, orders, stock):
    asked = place.authorize(browser, client, scope=f"openid {READ}", resource=STOCK)

    assert answered(asked)["error"] == "invalid_target"
    assert place.attempt(reference(asked)).cause == f"no scope of {STOCK!r}"


def test_a_scope_means_nothing_at_another_resource_than_its_own(place, client, browser, orders, stock):
    tokens = place.tokens(browser, client, scope=f"openid {READ} {COUNT}", resource=ORDERS)

    assert tokens["scope"] == READ
    assert place.refresh(client, tokens["refresh_token"], scope=COUNT).json["error"] == "invalid_scope"


def test_more_than_eight_resources_are_too_many(place, client, browser, orders):
    assert place.authorize(browser, client, resource=[ORDERS] * 9).status_code == 400


# Section 2.2: the token request


def test_of_several_apis_the_client_says_which(place, client, browser, orders, stock):
    code = place.code(browser, client, scope=f"openid {READ} {COUNT}")

    assert place.redeem(client, code).json["error"] == "invalid_target"
    first = place.redeem(client, code, resource=STOCK).json
    second = place.refresh(client, first["refresh_token"], resource=ORDERS).json

    assert (claims(first["access_token"])["aud"], first["scope"]) == (STOCK, COUNT)
    assert (claims(second["access_token"])["aud"], second["scope"]) == (ORDERS, READ)


def test_or_all_of_them(place, client, browser, orders, stock):
    code = place.code(browser, client, scope=f"{READ} {COUNT}", resource=[ORDERS, STOCK])
    found = place.redeem(client, code, resource=[ORDERS, STOCK]).json

    assert claims(found["access_token"])["aud"] == [ORDERS, STOCK]
    assert found["expires_in"] == 300


def test_a_token_request_does_not_reach_beyond_the_authorization_request(place, client, browser, orders, stock):
    tokens = place.tokens(browser, client, scope=f"openid {READ}", resource=ORDERS)

    for resource in (STOCK, ISSUER, "https://api.example/nothing"):
        refused = place.refresh(client, tokens["refresh_token"], resource=resource)
        assert refused.json["error"] == "invalid_target"
    assert place.refresh(client, tokens["refresh_token"]).json["scope"] == READ


def test_a_refused_resource_uses_nothing_up(place, client, browser, orders):
    code = place.code(browser, client, scope=READ)

    assert place.redeem(client, code, resource=STOCK).json["error"] == "invalid_target"
    assert place.redeem(client, code, resource=ORDERS).status_code == 200


def test_a_refresh_narrows_and_never_widens(place, client, browser, orders):
    tokens = place.tokens(browser, client, scope=f"openid {READ} {WRITE}")
    narrow = place.refresh(client, tokens["refresh_token"], scope=READ).json
    wide = place.refresh(client, narrow["refresh_token"]).json

    assert (narrow["scope"], claims(narrow["access_token"])["aud"]) == (READ, ORDERS)
    assert wide["scope"] == f"openid {READ} {WRITE}"
    assert place.refresh(client, wide["refresh_token"], scope=f"{READ} {COUNT}").json["error"] == "invalid_scope"


# A client for itself


def test_a_client_for_itself_names_a_resource(place, robot, orders):
    found = place.token(robot, grant_type="client_credentials", resource=ORDERS)

    assert found.json["scope"] == f"{READ} {WRITE}"
    assert claims(found.json["access_token"])["aud"] == ORDERS


def test_a_client_for_itself_names_a_scope(place, robot, orders):
    found = place.token(robot, grant_type="client_credentials", scope=READ).json

    assert (found["scope"], claims(found["access_token"])["aud"]) == (READ, ORDERS)


def test_without_either_it_has_what_it_is_registered_for(place, robot, orders):
    found = place.token(robot, grant_type="client_credentials").json

    assert (found["scope"], claims(found["access_token"])["aud"]) == ("reports", ISSUER)


def test_o20_a_client_that_was_not_granted_a_scope_does_not_get_it_by_registering_it(place, orders):
    """A client may write what it likes into its registration; the scopes of an API are granted."""
    greedy = place.register(
        grant_types=["client_credentials"], scope=READ, redirect_uris=[], client_name="Greedy robot"
    )

    assert place.token(greedy, grant_type="client_credentials", scope=READ).json["error"] == "invalid_scope"
    assert place.token(greedy, grant_type="client_credentials").json["scope"] == ""
    assert place.token(greedy, grant_type="client_credentials", resource=ORDERS).json["error"] == "invalid_target"


# asked ∩ client ∩ person


def test_o20_a_client_gets_what_both_it_and_the_person_may_have(place, client, browser):
    place.api(ORDERS, READ, to=[client])
    with place.work() as work:
        api_scopes.add(work, ORDERS, WRITE, "Change orders")
        api_scopes.grant(work, ORDERS, WRITE, application_id=client.application_id)
        api_scopes.add(work, ORDERS, "orders:delete", "Delete orders")
        api_scopes.grant(work, ORDERS, "orders:delete", everyone=True)

    tokens = place.tokens(browser, client, scope=f"openid {READ} {WRITE} orders:delete")

    assert tokens["scope"] == f"openid {READ}"


@pytest.mark.parametrize("people", [{"group": "Staff"}, {"account": ANN}, {"everyone": True}], ids=str)
def test_people_have_a_scope_by_group_by_account_or_all(place, client, people):
    place.api(ORDERS, READ, to=[client], people=people)

    anns = place.tokens(place.browser(), client, scope=f"openid {READ}")
    bens = place.tokens(place.browser(BEN), client, scope=f"openid {READ}")

    assert anns["scope"] == f"openid {READ}"
    assert bens["scope"] == (f"openid {READ}" if "everyone" in people else "openid")


def test_a_grant_ends_at_its_time(place, client, browser):
    place.api(ORDERS, READ, people={})
    with place.work() as work:
        until = place.now.replace(minute=30)
        api_scopes.grant(work, ORDERS, READ, everyone=True, until=until)
        api_scopes.grant(work, ORDERS, READ, application_id=client.application_id)
    tokens = place.tokens(browser, client, scope=f"openid {READ}")

    place.later(minutes=29, seconds=59)
    before = place.refresh(client, tokens["refresh_token"]).json
    place.later(seconds=1)

    assert before["scope"] == f"openid {READ}"
    assert place.refresh(client, before["refresh_token"]).json["scope"] == "openid"


def test_what_a_person_gains_later_is_not_in_what_was_granted_before(place, client, browser):
    place.api(ORDERS, READ, people={}, to=[client])
    tokens = place.tokens(browser, client, scope=f"openid {READ}")
    with place.work() as work:
        api_scopes.grant(work, ORDERS, READ, everyone=True)

    assert place.refresh(client, tokens["refresh_token"]).json["scope"] == "openid"
    assert place.tokens(browser, client, scope=f"openid {READ}")["scope"] == f"openid {READ}"


@pytest.mark.parametrize("subject", ["everyone", "application"])
def test_o22_a_withdrawn_grant_is_effective_at_the_next_token_and_the_next_look(
    place, client, browser, orders, subject
):
    tokens = place.tokens(browser, client, scope=f"openid {READ} {WRITE}")
    withdraw(
        place,
        orders,
        READ,
        **({"everyone": True} if subject == "everyone" else {"application_id": client.application_id}),
    )

    assert place.introspect(orders, tokens["access_token"])["scope"] == WRITE
    assert place.introspect(client, tokens["access_token"])["scope"] == f"openid {WRITE}"
    assert place.refresh(client, tokens["refresh_token"]).json["scope"] == f"openid {WRITE}"


def test_o22_and_so_is_a_clients_own(place, robot, orders):
    token = place.token(robot, grant_type="client_credentials", scope=READ).json["access_token"]
    withdraw(place, orders, READ, application_id=robot.application_id)

    assert place.introspect(orders, token) == {"active": False}
    assert place.token(robot, grant_type="client_credentials", scope=READ).json["error"] == "invalid_scope"


def test_o22_a_disabled_api_ends_its_tokens_and_leaves_ours(place, client, browser, orders):
    own = place.tokens(browser, client, scope=READ)
    both = place.tokens(browser, client, scope=f"openid {READ}")
    with place.work() as work:
        apis.disable(work, orders.id)

    assert place.introspect(client, own["access_token"]) == {"active": False}
    assert place.introspect(client, both["access_token"])["aud"] == ISSUER
    assert place.introspect(client, both["access_token"])["scope"] == "openid"
    assert place.refresh(client, both["refresh_token"]).json["scope"] == "openid"


def test_a_removed_scope_is_a_scope_no_longer(place, client, browser, orders):
    with place.work() as work:
        api_scopes.remove(work, orders.id, READ)

    assert answered(place.authorize(browser, client, scope=f"openid {READ}"))["error"] == "invalid_scope"


@pytest.mark.parametrize("seconds", [60, 3600])
def test_a_token_lives_as_its_api_says(place, client, browser, seconds):
    place.api(ORDERS, READ, to=[client], token_seconds=seconds)
    found = place.tokens(browser, client, scope=READ)
    said = claims(found["access_token"])

    assert found["expires_in"] == said["exp"] - said["iat"] == seconds


def test_a_token_that_is_for_us_too_lives_no_longer_than_ours(place, client, browser):
    place.api(ORDERS, READ, to=[client], token_seconds=3600)

    assert place.tokens(browser, client, scope=f"openid {READ}")["expires_in"] == 600


# A device (RFC 8628)


def test_a_device_names_a_resource_and_people_read_what_it_may_do(place):
    tv = television(place)
    place.api(ORDERS, READ, to=[tv])
    device = Device(place, tv, scope=f"openid {READ}", resource=ORDERS)
    visitor = Visitor(place.browser())

    device.shown_to(visitor)
    assert f"Do {READ} for you" in visitor.text
    visitor.submit("Let it in")
    found = device.poll().json

    assert (claims(found["access_token"])["aud"], found["scope"]) == (ORDERS, READ)


def test_a_device_is_refused_an_unknown_resource_at_once(place):
    tv = television(place)
    place.api(ORDERS, READ, to=[tv])

    for changes in ({"resource": STOCK}, {"resource": ORDERS, "scope": "openid"}):
        assert asking(place, tv, **changes).json["error"] == "invalid_target"
