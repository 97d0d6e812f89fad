"""RFC 7662: an API asks what a token is, and learns of those that are for it only (O23)."""

import base64

import pytest

from idp.oidc import api_scopes, apis
from idp.oidc.contexts import SECOND_STEP
from tests.oidc.support import ISSUER, NOON, claims, reference

ORDERS, STOCK = "https://api.example/orders", "https://api.example/stock"
READ, COUNT = "orders:read", "stock:count"
INACTIVE = {"active": False}
URL = "/sites/acme/oauth2/introspect"


@pytest.fixture
def orders(place, client):
    return place.api(ORDERS, READ, to=[client])


@pytest.fixture
def stock(place, client):
    return place.api(STOCK, COUNT, to=[client], name="Stock")


def ask(place, name, secret, token="x", **form):
    credentials = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return place.app.test_client().post(
        URL, data={"token": token, **form}, headers={"Authorization": f"Basic {credentials}"}
    )


def test_an_api_learns_of_a_token_for_it(place, client, browser, orders):
    token = place.tokens(browser, client, scope=f"openid email {READ}")["access_token"]
    said = claims(token)

    assert place.introspect(orders, token) == {
        "active": True,
        "scope": READ,
        "client_id": client.client_id,
        "token_type": "Bearer",
        "exp": int(NOON.timestamp()) + 600,
        "iat": int(NOON.timestamp()),
        "sub": said["sub"],
        "aud": ORDERS,
        "iss": ISSUER,
        "jti": said["jti"],
        "acr": SECOND_STEP,
        "auth_time": int(NOON.timestamp()),
    }


@pytest.mark.parametrize("form", ["jwt", "opaque"])
def test_o23_another_api_learns_nothing(place, client, browser, stock, form):
    orders = place.api(ORDERS, READ, to=[client], token_format=form)
    token = place.tokens(browser, client, scope=READ)["access_token"]

    assert place.introspect(orders, token)["active"]
    assert place.introspect(stock, token) == INACTIVE


def test_o23_of_a_token_for_two_each_learns_its_own_part(place, client, browser, orders, stock):
    code = place.code(browser, client, scope=f"{READ} {COUNT}")
    token = place.redeem(client, code, resource=[ORDERS, STOCK]).json["access_token"]

    assert (place.introspect(orders, token)["scope"], place.introspect(orders, token)["aud"]) == (READ, ORDERS)
    assert (place.introspect(stock, token)["scope"], place.introspect(stock, token)["aud"]) == (COUNT, STOCK)
    assert place.introspect(client, token)["aud"] == [ORDERS, STOCK]


@pytest.mark.parametrize("kind", ["access_token", "refresh_token", "id_token"])
def test_o23_it_learns_nothing_of_tokens_for_us(place, client, browser, orders, kind):
    tokens = place.tokens(browser, client, scope="openid")

    assert place.introspect(orders, tokens[kind]) == INACTIVE


def test_o23_another_client_learns_nothing(place, client, browser, orders):
    token = place.tokens(browser, client, scope=READ)["access_token"]

    assert place.introspect(place.register(client_name="Other"), token) == INACTIVE
    assert place.introspect(client, token)["active"]


def test_o23_an_api_of_another_site_cannot_ask_here(place, client, browser, orders):
    other = place.api(ORDERS, READ, site="acme-eu")
    token = place.tokens(browser, client, scope=READ)["access_token"]

    assert ask(place, other.id, other.secret, token).status_code == 401


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("{id}", "wrong"),
        ("{id}", ""),
        ("{id}", "{client_secret}"),
        ("api_nothing", "{secret}"),
        ("{identifier}", "{secret}"),
        ("{client_id}", "{secret}"),
        ("{id}", "{secret}A"),
    ],
)
def test_o12_the_api_must_prove_itself(place, client, browser, orders, name, secret):
    token = place.tokens(browser, client, scope=READ)["access_token"]
    of = {"id": orders.id, "secret": orders.secret, "identifier": "urn%3Ax", "client_id": client.client_id}
    of["client_secret"] = client.secret
    refused = ask(place, name.format(**of), secret.format(**of), token)

    assert refused.status_code == 401
    assert refused.json["error"] == "invalid_client"
    assert refused.json["error_description"].startswith("The client could not be authenticated.")
    assert ask(place, orders.id, orders.secret, token).json["active"]


def test_o12_one_way_of_authenticating_at_once(place, client, orders):
    assert ask(place, orders.id, orders.secret, client_secret="x").status_code == 400
    assert ask(place, orders.id, orders.secret, client_id=client.client_id).status_code == 400


def test_o12_by_basic_only(place, client, browser, orders):
    token = place.tokens(browser, client, scope=READ)["access_token"]
    form = {"token": token, "client_id": orders.id, "client_secret": orders.secret}

    assert place.app.test_client().post(URL, data=form).status_code == 401


def test_a_disabled_api_cannot_ask(place, orders):
    with place.work() as work:
        apis.disable(work, orders.id)
    refused = ask(place, orders.id, orders.secret)

    assert refused.status_code == 401
    assert place.attempt(reference(refused)).cause == f"the API {ORDERS} is disabled"


def test_a_new_secret_ends_the_old_one(place, orders):
    with place.work() as work:
        _, secret = apis.rotate_secret(work, orders.id)

    assert ask(place, orders.id, orders.secret).status_code == 401
    assert ask(place, orders.id, secret).json == INACTIVE


def test_an_api_is_no_client(place, orders):
    """Its secret is good for asking, and for nothing else."""
    for endpoint, form in (
        ("token", {"grant_type": "client_credentials"}),
        ("revoke", {"token": "x"}),
    ):
        answer = place.app.test_client().post(f"/sites/acme/oauth2/{endpoint}", data=form, headers=orders.basic)
        assert answer.status_code == 401


def test_the_token_must_be_there(place, orders):
    refused = place.app.test_client().post(URL, data={}, headers=orders.basic)

    assert (refused.status_code, refused.json["error"]) == (400, "invalid_request")


def test_a_repeated_token_is_refused(place, orders):
    refused = place.app.test_client().post(
        URL,
        data="token=a&token=b",
        content_type="application/x-www-form-urlencoded",
        headers=orders.basic,
    )

    assert refused.json["error"] == "invalid_request"


def test_o22_a_refresh_token_is_described_by_what_its_client_may_have_now(place, client, browser):
    place.api("https://api.example/invoices", "invoices:read", to=[client])
    token = place.tokens(browser, client, scope="openid invoices:read")["refresh_token"]
    assert place.introspect(client, token)["scope"] == "openid invoices:read"

    with place.work() as work:
        api_scopes.withdraw(work, "https://api.example/invoices", "invoices:read", everyone=True)
    place.later(seconds=1)

    assert place.introspect(client, token)["scope"] == "openid"
