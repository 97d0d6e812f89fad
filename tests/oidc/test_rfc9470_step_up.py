"""RFC 9470: OAuth 2.0 Step Up Authentication Challenge Protocol, as an API and its client play it with us."""

import re

import pyotp
import pytest

from idp.directory import policies
from idp.oidc import api_scopes
from idp.oidc.contexts import PASSWORD, SECOND_STEP
from idp.policy.signon import Method
from idp.signon.factors import totp
from tests.oidc.support import ANN, answered, claims

ORDERS, PAY = "https://api.example/orders", "orders:pay"
SECRET = b"ostiary-test-secret!"


class ResourceServer:
    """An API that lets somebody pay only by a second step that is no older than five minutes."""

    def __init__(self, place, api):
        self.place, self.api = place, api

    def pay(self, token):
        """Return status and challenge (section 3)."""
        found = self.place.introspect(self.api, token)
        if not found["active"]:
            return 401, 'Bearer error="invalid_token"'
        if found["acr"] != SECOND_STEP:
            return 401, f'Bearer error="insufficient_user_authentication", acr_values="{SECOND_STEP}"'
        if self.place.now.timestamp() - found["auth_time"] > 300:
            return 401, 'Bearer error="insufficient_user_authentication", max_age="300"'
        return 200, ""


@pytest.fixture(params=["jwt", "opaque"])
def server(request, place, client):
    with place.work() as work:
        account = place.account(work, ANN)
        totp.add(work, account.id, SECRET, organization_id=account.organization_id, name="Phone")
        policies.set_second_step(work, "acme", "off")
    return ResourceServer(place, place.api(ORDERS, PAY, to=[client], token_format=request.param))


def demanded(challenge):
    """What a client makes of a challenge: parameters for its next authorization request (section 4)."""
    assert 'error="insufficient_user_authentication"' in challenge
    return dict(re.findall(r'(acr_values|max_age)="([^"]+)"', challenge))


def post(browser, path, step, **form):
    shown = browser.get(path).text
    csrf = shown.partition('name="csrf_token" value="')[2].partition('"')[0]
    after = browser.post(f"{path}/{step}", data={"csrf_token": csrf, **form})
    while after.status_code == 303 and after.headers["Location"].startswith("/"):
        after = browser.get(after.headers["Location"])
    return after


def test_a_challenge_leads_to_a_stronger_token(place, client, server):
    browser = place.browser(methods=(Method.PASSWORD,))
    weak = place.tokens(browser, client, scope=f"openid {PAY}", resource=ORDERS)["access_token"]
    status, challenge = server.pay(weak)
    assert status == 401

    asked = place.authorize(browser, client, scope=f"openid {PAY}", resource=ORDERS, **demanded(challenge))
    path = asked.headers["Location"]
    assert path.startswith("/signin/")
    done = answered(post(browser, path, "code", otp=pyotp.TOTP(totp.spelled(SECRET)).at(place.now)))
    strong = place.redeem(client, done["code"]).json["access_token"]

    assert server.pay(strong) == (200, "")
    assert server.pay(weak)[0] == 401, "the weak token stays what it was"
    if strong.count(".") == 2:
        assert (claims(weak)["acr"], claims(strong)["acr"]) == (PASSWORD, SECOND_STEP)


def test_an_old_sign_in_is_done_anew(place, client, server):
    browser = place.browser()
    old = place.tokens(browser, client, scope=f"openid {PAY}", resource=ORDERS)
    assert server.pay(old["access_token"])[0] == 200

    place.later(minutes=6)
    refreshed = place.refresh(client, old["refresh_token"]).json["access_token"]
    status, challenge = server.pay(refreshed)
    assert (status, demanded(challenge)) == (401, {"max_age": "300"}), "a refresh makes no sign-in younger"

    asked = place.authorize(browser, client, scope=f"openid {PAY}", resource=ORDERS, **demanded(challenge))
    assert asked.headers["Location"].startswith("/signin/")

    again = place.browser()
    young = place.tokens(again, client, scope=f"openid {PAY}", resource=ORDERS, **demanded(challenge))
    assert server.pay(young["access_token"]) == (200, "")


def test_a_demand_that_cannot_be_shown_is_told(place, client, server):
    """Section 5: an essential acr with prompt=none fails, in the words of OpenID Connect."""
    browser = place.browser(methods=(Method.PASSWORD,))
    wanted = f'{{"id_token":{{"acr":{{"essential":true,"value":"{SECOND_STEP}"}}}}}}'
    found = answered(place.authorize(browser, client, scope=PAY, claims=wanted, prompt="none"))

    assert found["error"] == "unmet_authentication_requirements"


def test_a_clients_own_token_has_neither(place, server):
    robot = place.register(grant_types=["client_credentials"], scope="", redirect_uris=[], client_name="Robot")
    with place.work() as work:
        api_scopes.grant(work, ORDERS, PAY, application_id=robot.application_id)
    token = place.token(robot, grant_type="client_credentials", scope=PAY).json["access_token"]
    found = place.introspect(server.api, token)

    assert found["active"]
    assert not {"acr", "auth_time"} & found.keys()
