"""OpenID Connect Back-Channel Logout 1.0 (O32): clients are told by logout token that a session is over."""

import threading
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from lxml import html

from idp.base import jobs, outbox
from idp.base.errors import Invalid
from idp.directory import accounts
from idp.oidc import jose, logout_tokens
from idp.policy.permissions import OPERATOR
from idp.signon import backchannel, session
from idp.signon.logout import MESSAGE
from idp.signon.models import LogoutStep
from tests.oidc.support import ANN, BASE_URL, ISSUER, Place, claims, header
from tests.support.peers import Heard, serving

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def place(database, settings) -> Place:
    return Place(database, base_url=BASE_URL, development={"allow_http_loopback_applications": True})


@pytest.fixture
def answers() -> dict:
    """What the client answers; a test may change it."""
    return {"status": 200, "headers": {}}


@pytest.fixture
def peer(answers):
    def answer(heard: Heard):
        return answers["status"], answers["headers"], b""

    with serving(answer) as serving_peer:
        yield serving_peer


@pytest.fixture
def client(place, peer):
    return place.register(
        allow_http_loopback=True,
        backchannel_logout_uri=f"{peer.address}/out?tenant=a",
        backchannel_logout_session_required=True,
    )


def sign_out(browser):
    page = browser.get("/signout")
    token = html.fromstring(page.text).xpath("//input[@name='csrf_token']/@value")[0]
    return browser.get(browser.post("/signout", data={"csrf_token": token}).headers["Location"])


def state(place) -> list[tuple[str, str]]:
    with place.work() as work:
        return [(step.channel, step.outcome) for step in work.tx.session.query(LogoutStep)]


def token_in(heard: Heard) -> str:
    assert heard.headers["Content-Type"] == "application/x-www-form-urlencoded"
    form = parse_qs(heard.body.decode(), strict_parsing=True)
    assert list(form) == ["logout_token"]
    return form["logout_token"][0]


def drain(place):
    tellers = logout_tokens.tellers(BASE_URL)
    post = backchannel.posting((), http_loopback=True)
    jobs.run_due(place.database, backchannel.handlers(tellers), place.now, OPERATOR)
    return outbox.drain(place.database, {MESSAGE: backchannel.sender(place.work, tellers, post)}, place.now)


def test_o32_a_logout_token_has_what_the_specification_wants_and_nothing_more(place, client, browser, peer):
    id_token = claims(place.tokens(browser, client)["id_token"])

    page = sign_out(browser)

    (heard,) = peer.heard
    assert heard.path == "/out?tenant=a"
    token = token_in(heard)
    assert header(token)["typ"] == "logout+jwt"
    said = claims(token)
    assert set(said) == {"iss", "sub", "aud", "iat", "exp", "jti", "events", "sid"}
    assert said["iss"] == ISSUER
    assert said["aud"] == client.client_id
    assert (said["sub"], said["sid"]) == (id_token["sub"], id_token["sid"])
    assert said["events"] == {EVENT: {}}
    assert said["exp"] - said["iat"] == 120
    assert "confirmed" in page.text
    assert state(place) == [("back", "confirmed")]


def test_o32_it_verifies_with_the_published_keys(place, client, browser, peer):
    place.tokens(browser, client)
    sign_out(browser)

    keys = KeySet.import_key_set(place.app.test_client().get("/sites/acme/oauth2/jwks").json)
    said = jwt.decode(token_in(peer.heard[0]), keys, algorithms=["RS256"]).claims
    assert said["events"] == {EVENT: {}}


def test_o16_a_logout_token_is_no_other_token(place, client, browser, peer):
    place.tokens(browser, client)
    sign_out(browser)
    token = token_in(peer.heard[0])

    assert place.userinfo(token).status_code == 401
    assert place.introspect(client, token) == {"active": False}
    fresh = place.browser()
    answer = fresh.get("/sites/acme/oauth2/logout", query_string={"id_token_hint": token})
    assert answer.status_code == 400
    assert jose.Typ.LOGOUT_TOKEN not in {kind for rule in jose._RULES.values() for kind in rule.types}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "confirmed"), (204, "confirmed"), (400, "failed"), (302, "asked"), (401, "asked"), (500, "asked")],
)
def test_what_each_answer_means(place, client, browser, peer, answers, status, outcome):
    place.tokens(browser, client)
    answers.update(status=status, headers={"Location": f"{peer.address}/elsewhere"} if status == 302 else {})

    sign_out(browser)

    assert state(place) == [("back", outcome)]
    assert [heard.path for heard in peer.heard] == ["/out?tenant=a"], "a redirect is not followed"


def test_o32_it_is_sent_again_until_it_is_taken_as_the_same_token(place, client, browser, peer, answers):
    """R22: at least once, with one jti, so that the client can tell a repetition."""
    place.tokens(browser, client)
    answers["status"] = 503
    sign_out(browser)
    place.later(seconds=31)
    assert drain(place).failed == 1
    answers["status"] = 200
    place.later(minutes=2)
    assert drain(place).sent == 1
    place.later(hours=2)
    drain(place)

    assert len(peer.heard) == 3
    assert len({claims(token_in(heard))["jti"] for heard in peer.heard}) == 1
    assert len({claims(token_in(heard))["iat"] for heard in peer.heard}) == 3
    assert state(place) == [("back", "confirmed")]


def test_r22_after_twelve_tries_it_is_given_up_and_stays_visible(place, client, browser, peer, answers):
    place.tokens(browser, client)
    answers["status"] = 503
    sign_out(browser)
    for _ in range(14):
        place.later(hours=2)
        drain(place)

    assert len(peer.heard) == 12
    assert state(place) == [("back", "failed")]


def test_a_disabled_account_is_signed_out_everywhere_that_can_be_called(place, client, browser, peer):
    place.tokens(browser, client)
    with place.work() as work:
        accounts.disable(work, ANN)
    for _ in range(3):
        drain(place)

    assert len(peer.heard) == 1
    assert state(place) == [("back", "confirmed")]


def test_the_client_that_asked_is_told_as_well(place, client, browser, peer):
    """What the Foundation's module oidcc-backchannel-rp-initiated-logout does; then the browser is back with it."""
    asking = place.register(
        client_name="Asking",
        allow_http_loopback=True,
        post_logout_redirect_uris=["https://rp.example/bye"],
        backchannel_logout_uri=f"{peer.address}/asking",
    )
    hint = place.tokens(browser, asking)["id_token"]
    sent = {"id_token_hint": hint, "post_logout_redirect_uri": "https://rp.example/bye", "state": "s"}

    answer = browser.get("/sites/acme/oauth2/logout", query_string=sent)

    assert answer.headers["Location"] == "https://rp.example/bye?state=s"
    (heard,) = peer.heard
    assert (heard.path, claims(token_in(heard))["sid"]) == ("/asking", claims(hint)["sid"])


def test_one_that_asked_with_proof_and_cannot_be_told_has_no_step(place, client, browser, peer):
    asking = place.register(client_name="Asking", post_logout_redirect_uris=["https://rp.example/bye"])
    place.tokens(browser, client)
    hint = place.tokens(browser, asking)["id_token"]

    answer = browser.get(
        "/sites/acme/oauth2/logout",
        query_string={"id_token_hint": hint, "post_logout_redirect_uri": "https://rp.example/bye", "state": "s"},
    )

    assert answer.headers["Location"] == "https://rp.example/bye?state=s"
    assert len(peer.heard) == 1


def test_one_that_only_names_itself_is_told_like_all_others(place, client, browser, peer):
    place.tokens(browser, client)
    asked = browser.get("/sites/acme/oauth2/logout", query_string={"client_id": client.client_id})
    form = html.fromstring(asked.text).xpath("//main//form")[0]
    browser.post(form.get("action"), data={i.get("name"): i.get("value") for i in form.xpath(".//input")})

    assert len(peer.heard) == 1


def test_if_somebody_has_not_confirmed_the_person_sees_it_before_going_back(place, client, browser, peer, answers):
    """Also there the address is proven anew, once, for this browser alone (O31)."""
    asking = place.register(client_name="Asking", post_logout_redirect_uris=["https://rp.example/bye"])
    place.tokens(browser, client)
    hint = place.tokens(browser, asking)["id_token"]
    answers["status"] = 400
    sent = {"id_token_hint": hint, "post_logout_redirect_uri": "https://rp.example/bye", "state": "s"}

    page = browser.get(browser.get("/sites/acme/oauth2/logout", query_string=sent).headers["Location"])

    assert "asked, not confirmed" in page.text
    done = html.fromstring(page.text).xpath("//main//a/@href")[0]
    assert done.startswith("/sites/acme/oauth2/logout/done/")
    assert place.browser().get(done.replace("oauth2/logout", "saml/slo")).status_code == 400
    stranger = place.app.test_client()
    assert stranger.get(done).status_code == 400
    assert browser.get(done).headers["Location"] == "https://rp.example/bye?state=s"
    assert browser.get(done).headers["Location"].startswith("/signout/lgo_"), "once"


def test_one_dead_client_delays_no_other(place, browser, peer, answers):
    """O32: all are called at the same time; the dead one stays in the outbox."""
    release = threading.Event()

    def hang(heard: Heard):
        release.wait(20)
        return 200, {}, b""

    with serving(hang) as dead:
        for number in range(3):
            where = dead if number == 0 else peer
            one = place.register(
                client_name=f"No. {number}",
                allow_http_loopback=True,
                backchannel_logout_uri=f"{where.address}/{number}",
            )
            place.tokens(browser, one)
        sign_out(browser)
        told = [heard.path for heard in peer.heard]
        release.set()

    assert sorted(told) == ["/1", "/2"]


def test_the_algorithm_is_that_of_the_clients_id_tokens(place, browser, peer):
    """Section 2.4."""
    one = place.register(
        allow_http_loopback=True,
        backchannel_logout_uri=f"{peer.address}/out",
        id_token_signed_response_alg="ES256",
    )
    place.tokens(browser, one)
    sign_out(browser)

    assert header(token_in(peer.heard[0]))["alg"] == "ES256"


def test_refresh_tokens_end_with_the_session_but_for_those_of_offline_access(place, client, browser, peer):
    """Section 2.7."""
    bound = place.tokens(browser, client)
    offline = place.tokens(browser, client, scope="openid offline_access")

    sign_out(browser)

    assert place.refresh(client, bound["refresh_token"]).json["error"] == "invalid_grant"
    assert place.userinfo(bound["access_token"]).status_code == 401
    assert "access_token" in place.refresh(client, offline["refresh_token"]).json


def test_a_new_password_or_an_administrator_ends_those_too(place, client, browser, peer):
    """Signed out everywhere means everywhere: the account's epoch is in every grant."""
    offline = place.tokens(browser, client, scope="openid offline_access")
    with place.work() as work:
        accounts.disable(work, ANN)

    assert place.refresh(client, offline["refresh_token"]).json["error"] == "invalid_grant"


def test_a_session_that_runs_out_is_told_to_nobody(place, client, browser, peer):
    """Nobody signed out: how long its own session lives is for each application to say (docs/integrate)."""
    place.tokens(browser, client)
    place.later(days=2)
    drain(place)
    browser.get("/")
    drain(place)

    assert peer.heard == []


def test_somebody_else_signing_in_is_the_end_of_the_session_before(place, client, browser, peer):
    place.tokens(browser, client)
    with place.work() as work:
        session.end(work, place.account(work).organization_id, place.session.id, because="another account signed in")
    for _ in range(3):
        drain(place)

    assert len(peer.heard) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"backchannel_logout_uri": "http://rp.example/out"},
        {"backchannel_logout_uri": "javascript:alert(1)"},
        {"backchannel_logout_uri": "https://rp.example/out#x"},
        {"backchannel_logout_uri": "https://user@rp.example/out"},
        {"backchannel_logout_uri": ["https://rp.example/out"]},
        {"backchannel_logout_session_required": "yes"},
    ],
    ids=str,
)
def test_o2_what_cannot_be_registered(place, wrong):
    """O2, O18."""
    with pytest.raises(Invalid) as refused:
        place.register(**wrong)
    assert refused.value.field in wrong


def test_discovery_says_so(place):
    said = place.app.test_client().get("/sites/acme/.well-known/openid-configuration").json
    assert said["backchannel_logout_supported"] is True
    assert said["backchannel_logout_session_supported"] is True


def test_a_registration_shows_what_was_asked(client, peer):
    assert client.registration["backchannel_logout_uri"] == f"{peer.address}/out?tenant=a"
    assert client.registration["backchannel_logout_session_required"] is True
