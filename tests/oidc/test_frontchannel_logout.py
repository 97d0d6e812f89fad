"""OpenID Connect Front-Channel Logout 1.0: clients are told by hidden frames of our page, and confirm nothing."""

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from lxml import html

from idp.base.errors import Invalid
from idp.directory import accounts
from idp.signon.models import LogoutStep
from tests.oidc.support import ANN, BASE_URL, ISSUER, Place, claims
from tests.oidc.test_backchannel_logout import drain
from tests.support.peers import Heard, serving

OUT, BYE = "https://rp.example/out", "https://rp.example/bye"
LOGOUT = "/sites/acme/oauth2/logout"


@pytest.fixture
def client(place):
    return place.register(
        frontchannel_logout_uri=OUT,
        frontchannel_logout_session_required=True,
        post_logout_redirect_uris=[BYE],
    )


@pytest.fixture
def plain(place):
    """A client that cannot be told."""
    return place.register(client_name="Plain", post_logout_redirect_uris=[BYE])


def sign_out(browser):
    page = browser.get("/signout")
    token = html.fromstring(page.text).xpath("//input[@name='csrf_token']/@value")[0]
    return browser.get(browser.post("/signout", data={"csrf_token": token}).headers["Location"])


def leave(browser, **sent):
    answer = browser.get(LOGOUT, query_string=sent)
    return browser.get(answer.headers["Location"])


def frames(page) -> list:
    return html.fromstring(page.text).xpath("//iframe")


def led_on(page) -> tuple[int, str]:
    """In how many seconds the page goes where by itself."""
    refresh = html.fromstring(page.text).xpath("//meta[@http-equiv='refresh']/@content")
    if not refresh:
        return 0, ""
    seconds, _, address = refresh[0].partition(";url=")
    return int(seconds), address


def policy(page) -> dict[str, str]:
    return dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))


def state(place) -> list[tuple[str, str]]:
    with place.work() as work:
        return [(step.channel, step.outcome) for step in work.tx.session.query(LogoutStep).order_by(LogoutStep.place)]


def test_a_frame_loads_the_registered_address_with_issuer_and_session(place, client, browser):
    """Section 3."""
    place.tokens(browser, client)

    page = sign_out(browser)

    (frame,) = frames(page)
    address, _, query = frame.get("src").partition("?")
    assert address == OUT
    assert dict(parse_qsl(query)) == {"iss": ISSUER, "sid": place.session.id}
    assert len(parse_qsl(query)) == 2


def test_the_session_in_it_is_that_of_the_id_token(place, client, browser):
    said = claims(place.tokens(browser, client)["id_token"])
    (frame,) = frames(sign_out(browser))

    assert parse_qs(urlsplit(frame.get("src")).query)["sid"] == [said["sid"]]


def test_a_client_with_pairwise_subjects_finds_the_session_by_its_own_name(place, browser):
    one = place.register(frontchannel_logout_uri=OUT, subject_type="pairwise")
    said = claims(place.tokens(browser, one)["id_token"])

    (frame,) = frames(sign_out(browser))

    assert parse_qs(urlsplit(frame.get("src")).query)["sid"] == [said["sid"]]
    assert said["sid"] != place.session.id


def test_an_address_with_a_query_keeps_it(place, browser):
    """Section 2."""
    place.tokens(browser, place.register(frontchannel_logout_uri=f"{OUT}?tenant=a"))

    (frame,) = frames(sign_out(browser))

    assert frame.get("src").startswith(f"{OUT}?tenant=a&iss=")


def test_i4_the_page_may_hold_frames_of_these_clients_only_and_they_may_do_little(place, client, browser):
    other = place.register(
        client_name="Other", redirect_uris=["https://other.example:8443/cb"], frontchannel_logout_uri="https://other.example:8443/o"
    )  # fmt: skip
    place.tokens(browser, client)
    place.authorize(browser, other, redirect_uri="https://other.example:8443/cb")

    page = sign_out(browser)

    assert set(policy(page)["frame-src"].split()) == {"https://rp.example", "https://other.example:8443"}
    assert policy(page)["frame-ancestors"] == "'none'"
    for frame in frames(page):
        assert set(frame.get("sandbox").split()) == {"allow-scripts", "allow-same-origin"}
        assert frame.get("hidden") is not None
        assert frame.get("referrerpolicy") == "no-referrer"


def test_once_they_have_loaded_the_page_says_that_nothing_is_confirmed(place, client, browser):
    place.tokens(browser, client)
    page = sign_out(browser)
    assert led_on(page)[0] == 5

    after = browser.get(led_on(page)[1])

    assert frames(after) == []
    assert "frame-src" not in policy(after)
    assert "asked, cannot confirm" in after.text
    assert "it may still be open" in after.text
    assert "You are signed out here" in after.text
    assert state(place) == [("frame", "asked")]
    (entry,) = place.audited("logout.finished")
    assert "asked by a frame in the browser, which confirms nothing" in entry.details["summary"]
    assert [told["outcome"] for told in entry.details["applications"]] == ["asked"]


def test_whoever_loads_the_page_again_meanwhile_finds_the_frames_again(place, client, browser):
    place.tokens(browser, client)
    page = sign_out(browser)
    address = led_on(page)[1].partition("?")[0]
    place.later(seconds=3)
    assert len(frames(browser.get(address))) == 1
    place.later(seconds=2)

    assert frames(browser.get(address)) == []


def test_nobody_says_loaded_of_frames_that_never_were(place, client, browser):
    place.tokens(browser, client)
    page = browser.get("/signout")
    token = html.fromstring(page.text).xpath("//input[@name='csrf_token']/@value")[0]
    address = browser.post("/signout", data={"csrf_token": token}).headers["Location"]

    assert len(frames(browser.get(f"{address}?loaded=yes"))) == 1


def test_another_browser_finds_no_frames(place, client, browser):
    place.tokens(browser, client)
    page = sign_out(browser)

    stranger = place.app.test_client().get(led_on(page)[1])

    assert stranger.status_code == 400
    assert place.session.id not in stranger.text


def test_an_application_that_signs_the_person_out_is_told_too_and_the_browser_goes_back_to_it(place, client, browser):
    """What the Foundation's module oidcc-frontchannel-rp-initiated-logout does."""
    hint = place.tokens(browser, client)["id_token"]

    page = leave(browser, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s")
    assert len(frames(page)) == 1
    after = browser.get(led_on(page)[1])
    seconds, done = led_on(after)

    assert seconds == 3
    assert browser.get(done).headers["Location"] == f"{BYE}?state=s"
    assert "error=login_required" in place.authorize(browser, client, prompt="none").headers["Location"]


def test_others_are_told_before_the_browser_goes_back(place, client, plain, browser):
    place.tokens(browser, client)
    hint = place.tokens(browser, plain)["id_token"]

    page = leave(browser, id_token_hint=hint, post_logout_redirect_uri=BYE)

    assert len(frames(page)) == 1
    assert state(place) == [("frame", "asked")], "the one that asked, and cannot be told, has no step"


def test_where_more_is_unsure_the_person_has_time_to_read(place, client, plain, browser):
    """Eight seconds where an application could not be told at all."""
    place.tokens(browser, plain)
    hint = place.tokens(browser, client)["id_token"]

    page = leave(browser, id_token_hint=hint, post_logout_redirect_uri=BYE)

    assert led_on(browser.get(led_on(page)[1]))[0] == 8


def test_without_a_browser_no_frame_can_tell_anybody(place, client, browser):
    place.tokens(browser, client)
    with place.work() as work:
        accounts.disable(work, ANN)
    for _ in range(3):
        drain(place)

    assert state(place) == [("none", "cannot")]


def test_an_address_that_is_gone_by_then_is_told_nothing(place, client, browser):
    from idp.directory import applications

    place.tokens(browser, client)
    page = browser.get("/signout")
    token = html.fromstring(page.text).xpath("//input[@name='csrf_token']/@value")[0]
    address = browser.post("/signout", data={"csrf_token": token}).headers["Location"]
    with place.work() as work:
        applications.delete(work, client.application_id)

    after = browser.get(address)

    assert frames(after) == []
    assert state(place) == [("frame", "cannot")]


# With the back channel


@pytest.fixture
def loopback(database, settings) -> Place:
    return Place(database, base_url=BASE_URL, development={"allow_http_loopback_applications": True})


def with_both(place, peer, **more):
    return place.register(
        allow_http_loopback=True,
        backchannel_logout_uri=f"{peer.address}/back",
        frontchannel_logout_uri=OUT,
        **more,
    )


def test_one_that_has_both_channels_is_called_and_no_frame_is_needed(loopback):
    """A call can be confirmed; a frame never is."""
    with serving(lambda heard: (200, {}, b"")) as peer:
        browser = loopback.browser()
        loopback.tokens(browser, with_both(loopback, peer))
        page = sign_out(browser)

    assert frames(page) == []
    assert state(loopback) == [("back", "confirmed")]
    assert len(peer.heard) == 1


def test_where_the_call_brings_nothing_a_frame_tells_it_and_it_is_called_again(loopback):
    answers = {"status": 503}

    def answer(heard: Heard):
        return answers["status"], {}, b""

    with serving(answer) as peer:
        browser = loopback.browser()
        loopback.tokens(browser, with_both(loopback, peer))
        page = sign_out(browser)
        assert len(frames(page)) == 1
        assert state(loopback) == [("frame", "asked")]
        browser.get(led_on(page)[1])

        answers["status"] = 200
        loopback.later(minutes=2)
        drain(loopback)

    assert state(loopback) == [("back", "confirmed")]
    assert len({parse_qs(heard.body.decode())["logout_token"][0].count(".") for heard in peer.heard}) == 1
    assert len(peer.heard) == 2


# Registration (section 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"frontchannel_logout_uri": "http://rp.example/out"},
        {"frontchannel_logout_uri": "JavaScript:alert(1)"},
        {"frontchannel_logout_uri": "data:text/html,x"},
        {"frontchannel_logout_uri": "https://rp.example/out#x"},
        {"frontchannel_logout_uri": "https://other.example/out"},
        {"frontchannel_logout_uri": "https://rp.example:8443/out"},
        {"frontchannel_logout_uri": "https://rp.example/out?iss=x"},
        {"frontchannel_logout_uri": "https://rp.example/out?a=b&sid=x"},
        {"frontchannel_logout_uri": ["https://rp.example/out"]},
        {"frontchannel_logout_uri": OUT, "frontchannel_logout_session_required": "true"},
    ],
    ids=str,
)
def test_o2_what_cannot_be_registered(place, wrong):
    """Scheme, host and port are those of a redirect URI; what we add is not there before."""
    with pytest.raises(Invalid) as refused:
        place.register(**wrong)
    assert refused.value.field in wrong


def test_a_registration_shows_what_was_asked(client):
    assert client.registration["frontchannel_logout_uri"] == OUT
    assert client.registration["frontchannel_logout_session_required"] is True


def test_discovery_says_so(place):
    """Section 3."""
    said = place.app.test_client().get("/sites/acme/.well-known/openid-configuration").json

    assert said["frontchannel_logout_supported"] is True
    assert said["frontchannel_logout_session_supported"] is True
