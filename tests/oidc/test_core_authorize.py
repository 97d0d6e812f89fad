"""OpenID Connect Core section 3.1.2: prompt, max_age, hints, contexts, consent."""

import json
from urllib.parse import urlsplit

import pytest

from idp.directory import policies
from idp.oidc.contexts import PASSWORD, SECOND_STEP
from idp.policy.signon import Method
from idp.signon.factors import totp
from tests.oidc.support import ANN, BEN, CALLBACK, answered, claims, request

ONE_STEP = (Method.PASSWORD,)


def asks(response) -> bool:
    return response.status_code == 303 and response.headers["Location"].startswith("/signin/")


def page(place, browser, response):
    assert asks(response), response.headers["Location"]
    return browser.get(response.headers["Location"])


# prompt


def test_without_a_session_the_person_is_asked(place, client):
    assert asks(place.authorize(place.app.test_client(), client))


def test_o27_prompt_none_never_shows_anything(place, client, browser):
    stranger = place.app.test_client()

    assert answered(place.authorize(stranger, client, prompt="none"))["error"] == "login_required"
    assert "code" in answered(place.authorize(browser, client, prompt="none"))


def test_o27_prompt_none_says_when_consent_is_missing(place, browser):
    third = place.register(first_party=False)

    assert answered(place.authorize(browser, third, prompt="none"))["error"] == "consent_required"


@pytest.mark.parametrize("prompt", ["login", "select_account", "login consent"])
def test_prompt_login_asks_whoever_is_signed_in(place, client, browser, prompt):
    assert 'name="password"' in page(place, browser, place.authorize(browser, client, prompt=prompt)).text


@pytest.mark.parametrize("prompt", ["none login", "none consent", "create", "NONE", "login,consent"])
def test_a_prompt_that_makes_no_sense_is_refused(place, client, browser, prompt):
    assert answered(place.authorize(browser, client, prompt=prompt))["error"] == "invalid_request"


# max_age


@pytest.mark.parametrize(
    ("minutes", "max_age", "asked"), [(5, "299", True), (5, "300", False), (0, "0", False), (1, "0", True)]
)
def test_o27_max_age_is_kept(place, client, browser, minutes, max_age, asked):
    place.later(minutes=minutes)

    assert asks(place.authorize(browser, client, max_age=max_age)) is asked


def test_o27_a_registered_default_is_kept_too(place, browser):
    client = place.register(default_max_age=60)
    place.later(minutes=2)

    assert asks(place.authorize(browser, client))
    assert not asks(place.authorize(browser, client, max_age="3600"))


def test_o27_auth_time_is_when_the_password_was_typed(place, client, browser):
    typed = int(place.now.timestamp())
    place.later(minutes=30)

    assert claims(place.tokens(browser, client)["id_token"])["auth_time"] == typed


@pytest.mark.parametrize("max_age", ["-1", "soon", "1.5", "1e3", "9" * 12, " 5", "٣"])
def test_a_max_age_that_is_no_number_is_refused(place, client, browser, max_age):
    assert answered(place.authorize(browser, client, max_age=max_age))["error"] == "invalid_request"


# hints


def test_login_hint_begins_the_page(place, client):
    browser = place.app.test_client()
    shown = page(place, browser, place.authorize(browser, client, login_hint=BEN))

    assert f'value="{BEN}"' in shown.text


def test_o27_login_hint_is_no_oracle(place, client):
    def shown(hint):
        browser = place.app.test_client()
        return answered(place.authorize(browser, client, login_hint=hint, prompt="none"))["error"]

    assert shown(BEN) == shown("nobody@acme.example") == "login_required"


def test_id_token_hint_of_who_is_signed_in_is_fine(place, client, browser):
    hint = place.tokens(browser, client)["id_token"]
    place.later(hours=1)

    assert "code" in answered(place.authorize(place.browser(), client, id_token_hint=hint, prompt="none")), (
        "an old one too"
    )


def test_o27_id_token_hint_of_another_gets_nothing(place, client, browser):
    bens = place.tokens(place.browser(BEN), client)["id_token"]

    assert answered(place.authorize(browser, client, id_token_hint=bens, prompt="none"))["error"] == "login_required"
    assert asks(place.authorize(browser, client, id_token_hint=bens)), "the page says that another is signed in"


def test_o16_a_hint_is_an_id_token_of_this_client(place, client, browser):
    others = place.tokens(browser, place.register(client_name="Other"))["id_token"]

    assert answered(place.authorize(browser, client, id_token_hint=others))["error"] == "invalid_request"


def test_the_sub_claim_asks_for_one_person(place, client, browser):
    anns, bens = (claims(place.tokens(b, client)["id_token"])["sub"] for b in (browser, place.browser(BEN)))

    def wanted(sub):
        return json.dumps({"id_token": {"sub": {"value": sub}}})

    assert "code" in answered(place.authorize(browser, client, claims=wanted(anns), prompt="none"))
    assert answered(place.authorize(browser, client, claims=wanted(bens), prompt="none"))["error"] == "login_required"
    assert (
        answered(place.authorize(browser, client, claims=wanted("nobody"), prompt="none"))["error"] == "login_required"
    )


# acr


def essential(*values):
    return json.dumps({"id_token": {"acr": {"essential": True, "values": list(values)}}})


def test_the_context_is_what_was_proven(place, client, browser):
    once = place.browser(BEN, ONE_STEP)

    assert claims(place.tokens(browser, client)["id_token"])["acr"] == SECOND_STEP
    assert claims(place.tokens(once, client)["id_token"])["acr"] == PASSWORD
    assert claims(place.tokens(once, client)["id_token"])["amr"] == ["pwd"]


def give_ben_an_authenticator(place):
    with place.work() as work:
        account = place.account(work, BEN)
        totp.add(work, account.id, b"ostiary-test-secret!", organization_id=account.organization_id, name="Phone")


def test_acr_values_ask_for_a_second_step(place, client):
    give_ben_an_authenticator(place)
    with place.work() as work:
        policies.set_second_step(work, "acme", "off")
    once = place.browser(BEN, ONE_STEP)

    assert asks(place.authorize(once, client, acr_values=SECOND_STEP))
    assert "code" in answered(place.authorize(once, client, acr_values=PASSWORD))
    assert "code" in answered(place.authorize(once, client, acr_values="urn:unknown"))


@pytest.mark.parametrize("policy", ["off", "optional"])
def test_acr_values_make_nobody_set_up_a_second_step(place, client, policy):
    """Core 5.5.1.1: a voluntary claim that cannot be had is no error, and no reason to ask for more."""
    with place.work() as work:
        policies.set_second_step(work, "acme", policy)
    once = place.browser(BEN, ONE_STEP)
    voluntary = json.dumps({"id_token": {"acr": {"values": [SECOND_STEP]}}})

    for wish in ({"acr_values": SECOND_STEP}, {"claims": voluntary}):
        tokens = place.tokens(once, client, **wish)
        assert claims(tokens["id_token"])["acr"] == PASSWORD, "and the truth is told"
    assert asks(place.authorize(once, client, claims=essential(SECOND_STEP))), "a demand is another thing"


def test_acr_values_are_a_wish_where_nothing_may_be_shown(place, client):
    once = place.browser(BEN, ONE_STEP)

    tokens = place.tokens(once, client, acr_values=SECOND_STEP, prompt="none")

    assert claims(tokens["id_token"])["acr"] == PASSWORD, "and the truth is told"


def test_an_essential_acr_is_a_demand(place, client, browser):
    once = place.browser(BEN, ONE_STEP)
    unmet = "unmet_authentication_requirements"

    assert answered(place.authorize(once, client, claims=essential(SECOND_STEP), prompt="none"))["error"] == unmet
    assert answered(place.authorize(browser, client, claims=essential("urn:unknown")))["error"] == unmet
    assert claims(place.tokens(browser, client, claims=essential(SECOND_STEP))["id_token"])["acr"] == SECOND_STEP
    assert claims(place.tokens(browser, client, claims=essential(PASSWORD))["id_token"])["acr"] == PASSWORD
    assert "code" in answered(place.authorize(once, client, claims=essential(SECOND_STEP, PASSWORD)))


def test_a_client_may_register_its_wish(place):
    client = place.register(default_acr_values=[SECOND_STEP])
    give_ben_an_authenticator(place)
    with place.work() as work:
        policies.set_second_step(work, "acme", "off")

    assert asks(place.authorize(place.browser(BEN, ONE_STEP), client))


# consent


@pytest.fixture
def third(place):
    """Somebody else's application."""
    return place.register(client_name="Third", first_party=False, client_uri="https://rp.example/home")


def test_o28_anothers_application_needs_consent(place, third, browser):
    shown = page(place, browser, place.authorize(browser, third)).text

    assert "Third" in shown
    assert "rp.example" in shown
    assert ANN in shown


def agree(place, browser, response):
    shown = page(place, browser, response)
    token = shown.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    path = response.headers["Location"]
    after = browser.post(f"{path}/consent", data={"csrf_token": token})
    while after.headers["Location"].startswith("/"):
        after = browser.get(after.headers["Location"])
    return answered(after)


def test_o28_consent_is_remembered(place, third, browser):
    found = agree(place, browser, place.authorize(browser, third))

    assert set(found) == {"code", "state", "iss", "session_state"}
    assert found["state"] == "st4te"
    assert place.redeem(third, found["code"]).status_code == 200
    assert "code" in answered(place.authorize(browser, third))
    assert asks(place.authorize(browser, third, scope="openid profile email groups")), "but only for what was asked"
    assert asks(place.authorize(browser, third, prompt="consent"))
    assert asks(place.authorize(browser, third, claims='{"userinfo":{"groups":null}}')), "under whatever name"


def test_o28_openid_alone_needs_consent_too(place, third, browser):
    assert asks(place.authorize(browser, third, scope="openid"))


def test_o28_the_organizations_own_needs_none(place, client, browser):
    assert "code" in answered(place.authorize(browser, client))


def test_o28_the_organizations_own_asks_where_it_wants_to_be_asked(place, client, browser):
    found = agree(place, browser, place.authorize(browser, client, prompt="consent"))

    assert "code" in found
    assert "code" in answered(place.authorize(browser, client)), "and needs none the next time"
    assert asks(place.authorize(browser, client, prompt="consent"))


def test_o28_saying_no_is_told(place, third, browser):
    response = place.authorize(browser, third)
    token = page(place, browser, response).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    after = browser.post(response.headers["Location"] + "/cancel", data={"csrf_token": token})
    while after.headers["Location"].startswith("/"):
        after = browser.get(after.headers["Location"])

    found = answered(after)
    assert (found["error"], found["state"]) == ("access_denied", "st4te")


@pytest.mark.parametrize("address", ["http://127.0.0.1:1234/cb", "com.example.app:/cb"])
@pytest.mark.parametrize("first_party", [True, False])
def test_o28_a_public_client_that_anybody_can_pose_as_asks_every_time(place, browser, address, first_party):
    """RFC 8252 section 8.6."""
    native = place.register(
        token_endpoint_auth_method="none", redirect_uris=[address], first_party=first_party, client_name="Desk"
    )
    for _ in range(2):
        found = agree(place, browser, place.authorize(browser, native, redirect_uri=address))
        assert "code" in found
    assert (
        answered(place.authorize(browser, native, redirect_uri=address, prompt="none"))["error"] == "consent_required"
    )


def test_o28_a_name_is_only_a_name(place, browser):
    odd = place.register(client_name="<b>Bank</b> \u202eevil", first_party=False)
    shown = page(place, browser, place.authorize(browser, odd)).text

    assert "<b>Bank" not in shown


def test_offline_access_is_asked_for_in_plain_words(place, third, browser):
    shown = page(place, browser, place.authorize(browser, third, scope="openid offline_access")).text

    assert "while you are away" in shown


# scope


@pytest.mark.parametrize(
    "scope", [None, "openid nonsense", 'open"id', "a" * 1100, " ".join(f"s{i}" for i in range(51))]
)
def test_o20_a_scope_that_nobody_knows_is_refused(place, client, browser, scope):
    assert answered(place.authorize(browser, client, scope=scope))["error"] == "invalid_scope"


def test_o20_what_the_client_is_not_registered_for_is_left_out(place, browser):
    client = place.register(scope="openid email")

    assert place.tokens(browser, client, scope="openid email profile groups phone")["scope"] == "openid email"


# POST, and what comes along


def test_the_request_may_be_posted(place, client, browser):
    """From another site a POST carries no cookies, so the browser is sent on to a GET, which does (D12)."""
    bare = place.app.test_client()
    bounced = bare.post("/sites/acme/oauth2/authorize", data=request(client, extra="dropped", slug="evil"))
    assert bounced.status_code == 303
    assert bounced.headers["Location"].startswith("/sites/acme/oauth2/authorize?")
    assert "dropped" not in bounced.headers["Location"]

    assert "code" in answered(browser.get(bounced.headers["Location"]))
    assert "code" in answered(browser.post("/sites/acme/oauth2/authorize", data=request(client)))


@pytest.mark.parametrize("name", ["scope", "redirect_uri", "prompt", "state"])
def test_o1_what_was_posted_twice_is_refused_wherever_the_browser_is_sent_on_to(place, client, browser, name):
    """RFC 6749 section 3.1: two readers of one request must not see two."""
    sent = request(client, prompt="login")
    twice = sent | {name: [sent[name], sent[name]]}
    bounced = place.app.test_client().post("/sites/acme/oauth2/authorize", data=twice)

    for answer in (browser.get(bounced.headers["Location"]), browser.post("/sites/acme/oauth2/authorize", data=twice)):
        if name == "redirect_uri":
            assert (answer.status_code, "Location" in answer.headers) == (400, False)
        else:
            assert answered(answer)["error"] == "invalid_request"


@pytest.mark.parametrize("address", ["authorize", "logout"])
@pytest.mark.parametrize("slug", ["acme%0D%0AX-Evil%3A1", "%5Cevil.example", "acme%3Fx", "acme%23", "%09"])
def test_o4_what_stands_in_the_place_of_a_site_leads_nowhere_else(place, client, slug, address):
    bare = place.app.test_client()
    bounced = bare.post(f"/sites/{slug}/oauth2/{address}", data=request(client))

    assert bounced.status_code == 303
    assert urlsplit(bounced.headers["Location"])[:3] == ("", "", f"/sites/{slug}/oauth2/{address}")
    assert bare.get(bounced.headers["Location"]).status_code == 404


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "text/plain"])
def test_a_posted_request_is_a_form(place, client, browser, content_type):
    answer = browser.post("/sites/acme/oauth2/authorize", data="{}", content_type=content_type)

    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize("name", ["state", "scope", "nonce", "prompt", "response_type", "code_challenge", "request"])
def test_q6_a_repeated_parameter_is_refused(place, client, browser, name):
    good = place.authorize(browser, client).request.query_string.decode()
    found = answered(browser.get(f"/sites/acme/oauth2/authorize?{good}&{name}=x&{name}=y"))

    assert found["error"] == "invalid_request"
    assert ("state" in found) is (name != "state")


@pytest.mark.parametrize("state", ["a b&c=d", "ü€😀", "<script>alert(1)</script>", "%41%zz", "+", "a" * 4000, "\"'\\"])
def test_state_comes_back_as_it_was(place, client, browser, state):
    assert answered(place.authorize(browser, client, state=state))["state"] == state
    assert answered(place.authorize(browser, client, state=state, scope="nonsense"))["state"] == state


@pytest.mark.parametrize("name", ["state", "nonce"])
def test_control_characters_do_not_travel(place, client, browser, name):
    for value in ("a\r\nb", "a\x7f", "\x1b"):
        assert answered(place.authorize(browser, client, **{name: value}))["error"] == "invalid_request"


def test_what_we_do_not_know_is_passed_over(place, client, browser):
    assert "code" in answered(place.authorize(browser, client, display="wap", ui_locales="de en", favourite="blue"))


@pytest.mark.parametrize("display", ["page", "popup", "touch", "wap", "hologram"])
def test_display_never_hinders(place, client, browser, display):
    """Core 3.1.2.1: what is not understood may be ignored, so that new values can come."""
    assert "code" in answered(place.authorize(browser, client, display=display))


@pytest.mark.parametrize("locales", ["de", "fr-CA fr en", "xx-unknown", "  ", "-", "a" * 300, " ".join(["de"] * 500)])
def test_languages_never_hinder(place, client, browser, locales):
    assert "code" in answered(place.authorize(browser, client, ui_locales=locales, claims_locales=locales))


@pytest.mark.parametrize("query", ["state=%zz", "state=%ff", "state=a%00b", "x=%", "state=" + "a" * 9000])
def test_what_cannot_be_read_is_answered_nowhere(place, client, browser, query):
    good = place.authorize(browser, client).request.query_string.decode().replace("state=st4te&", "")
    answer = browser.get(f"/sites/acme/oauth2/authorize?{good}&{query}")

    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize("name", ["redirect_uri", "client_id"])
def test_o1_nobody_is_answered_where_the_address_is_said_twice(place, client, browser, name):
    good = place.authorize(browser, client).request.query_string.decode()
    answer = browser.get(f"/sites/acme/oauth2/authorize?{good}&{name}=https://evil.example/")

    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_an_answer_is_not_kept_by_anybody(place, client, browser):
    assert place.authorize(browser, client).headers["Cache-Control"] == "no-store"


def test_a_whole_sign_in_comes_back_with_a_code(place, client):
    from idp.signon.factors import password

    with place.work() as work:
        ben = place.account(work, BEN)
        password.set_password(work, ben.id, "a quiet garden gate 7", organization_id=ben.organization_id)
    browser = place.app.test_client()
    response = place.authorize(browser, client)
    shown = page(place, browser, response)
    token = shown.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    after = browser.post(
        response.headers["Location"] + "/password",
        data={"csrf_token": token, "username": BEN, "password": "a quiet garden gate 7"},
    )
    while after.headers["Location"].startswith("/"):
        after = browser.get(after.headers["Location"])

    found = answered(after)
    assert after.headers["Location"].startswith(CALLBACK)
    assert place.redeem(client, found["code"]).status_code == 200
    again = browser.get(after.request.path)
    assert again.status_code == 400, "the way back is walked once"


def test_the_way_back_is_of_this_site(place, client, browser):
    third = place.register(first_party=False)
    handle = place.authorize(browser, third).headers["Location"].rpartition("/")[2]

    assert browser.get(f"/sites/acme-eu/oauth2/resume/{handle}").status_code == 400
    assert place.app.test_client().get(f"/sites/acme/oauth2/resume/{handle}").status_code == 400
    assert browser.get("/sites/acme/oauth2/resume/sgn_x").status_code == 400


def test_x22_a_client_that_loses_its_address_meanwhile_is_not_answered(place, browser):
    import sqlalchemy as sa

    from idp.oidc.models import Client

    third = place.register(first_party=False)
    response = place.authorize(browser, third)
    with place.work() as work:
        row = work.tx.session.scalars(sa.select(Client).where(Client.client_id == third.client_id)).one()
        row.registration = {**row.registration, "redirect_uris": ["https://rp.example/new"]}
    token = page(place, browser, response).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    path = response.headers["Location"]
    browser.post(f"{path}/consent", data={"csrf_token": token})

    after = browser.get(browser.get(path).headers["Location"])

    assert after.status_code == 400
    assert "Location" not in after.headers


def test_too_many_contexts_are_refused(place, client, browser):
    found = answered(place.authorize(browser, client, acr_values=" ".join(f"c{i}" for i in range(21))))

    assert found["error"] == "invalid_request"


def test_a_request_speaks_of_one_person(place, client, browser):
    tokens = place.tokens(browser, client)
    bens = claims(place.tokens(place.browser(BEN), client)["id_token"])["sub"]
    wanted = json.dumps({"id_token": {"sub": {"value": bens}}})

    found = answered(place.authorize(browser, client, id_token_hint=tokens["id_token"], claims=wanted))

    assert found["error"] == "invalid_request"


def test_a_client_without_codes_gets_none(place, browser):
    """It has addresses, but is not registered for answers to them."""
    robot = place.register(grant_types=["client_credentials"], response_types=[], scope="reports")

    assert answered(place.authorize(browser, robot))["error"] == "unauthorized_client"


def finished(place, browser, third) -> str:
    """A sign-on that only has to be answered: the path of its way back."""
    response = place.authorize(browser, third)
    token = page(place, browser, response).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    browser.post(response.headers["Location"] + "/consent", data={"csrf_token": token})
    return browser.get(response.headers["Location"]).headers["Location"]


def test_t1_a_finished_sign_on_is_answered_by_its_own_site_only(place, third, browser):
    back = finished(place, browser, third)

    assert browser.get(back.replace("/acme/", "/acme-eu/")).status_code == 400
    assert "code" in answered(browser.get(back))


def test_a_request_that_is_no_longer_good_is_refused_when_it_comes_back(place, third, browser):
    import sqlalchemy as sa

    from idp.oidc.models import Client

    back = finished(place, browser, third)
    with place.work() as work:
        row = work.tx.session.scalars(sa.select(Client).where(Client.client_id == third.client_id)).one()
        row.registration = {**row.registration, "response_types": []}

    assert answered(browser.get(back))["error"] == "unauthorized_client"
