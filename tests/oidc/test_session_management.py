"""OpenID Connect Session Management 1.0: ``session_state``, the cookie that it is made from, and the frame."""

import hashlib
import re

import pytest
from lxml import html

from idp.oidc.addresses import origin
from idp.oidc.session_state import session_state
from tests.oidc.support import BASE_URL, BEN, CALLBACK, Place, answered, request

FRAME = "/sites/acme/oauth2/session"
COOKIE = "ostiary_state"


def cookie(response) -> str:
    """The state that an answer gives the browser; empty where it takes it away, and where it gives none."""
    lines = [line for line in response.headers.getlist("Set-Cookie") if line.startswith(f"{COOKIE}=")]
    assert len(lines) <= 1
    return lines[0].partition("=")[2].partition(";")[0] if lines else ""


def expected(client, state: str, salt: str, of: str = "https://rp.example") -> str:
    return hashlib.sha256(f"{client.client_id} {of} {state} {salt}".encode()).hexdigest() + "." + salt


def test_every_answer_has_a_session_state_of_client_origin_cookie_and_salt(place, client, browser):
    """Sections 2 and 3.2."""
    answer = place.authorize(browser, client)
    said, state = answered(answer)["session_state"], cookie(answer)

    assert state
    assert said == expected(client, state, said.partition(".")[2])
    assert " " not in said


def test_an_answer_by_form_has_it_too(place, client, browser):
    answer = place.authorize(browser, client, response_mode="form_post")

    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text))
    assert fields["session_state"] == expected(client, cookie(answer), fields["session_state"].partition(".")[2])


def test_it_is_another_one_every_time_while_the_cookie_stays(place, client, browser):
    one, two = place.authorize(browser, client), place.authorize(browser, client)

    said = answered(two)["session_state"]
    assert answered(one)["session_state"] != said
    assert said == expected(client, cookie(one), said.partition(".")[2])
    assert cookie(two) == "", "it has that cookie already"


def test_that_nobody_is_signed_in_has_a_state_too(place, client):
    """Section 3.2: an application may watch for somebody to sign in."""
    bare = place.app.test_client()

    answer = place.authorize(bare, client, prompt="none")

    said = answered(answer)
    assert said["error"] == "login_required"
    assert said["session_state"] == expected(client, cookie(answer), said["session_state"].partition(".")[2])


def test_without_openid_there_is_none(place, browser):
    client = place.register(scope="profile")

    assert "session_state" not in answered(place.authorize(browser, client, scope="profile"))


def test_a_request_that_is_refused_as_such_has_none(place, client, browser):
    assert "session_state" not in answered(place.authorize(browser, client, prompt="none login"))


def test_the_cookie_is_for_scripts_in_frames_of_other_sites_and_dies_with_the_browser(place, client, browser):
    (line,) = [
        line for line in place.authorize(browser, client).headers.getlist("Set-Cookie") if line.startswith(f"{COOKIE}=")
    ]

    assert {part.strip() for part in line.split(";")[1:]} == {"Secure", "SameSite=None", "Path=/"}


def test_over_https_no_other_host_can_set_it(database, settings):
    place = Place(database, base_url="https://id.example")
    client = place.register()
    bare = place.app.test_client()

    answer = bare.get(
        "/sites/acme/oauth2/authorize", base_url="https://id.example", query_string=request(client, prompt="none")
    )

    (line,) = [line for line in answer.headers.getlist("Set-Cookie") if "ostiary_state=" in line]
    assert line.startswith("__Host-ostiary_state=")
    assert "Domain" not in line


def test_it_says_nothing(place, client, browser):
    """Neither who is signed in nor whether anybody is: two sessions of one person have nothing in common."""
    state = cookie(place.authorize(browser, client))
    again = cookie(place.authorize(place.browser(), client))
    nobody = cookie(place.authorize(place.app.test_client(), client, prompt="none"))

    assert {len(value) for value in (state, again, nobody)} == {32}
    assert len({state, again, nobody}) == 3
    with place.work() as work:
        account = place.account(work)
        assert account.id not in state
        assert place.session.id not in state


def test_nobody_has_another_state_in_every_browser(place, client):
    """Who could guess it would learn of any visitor whether they are signed in here."""
    states = {cookie(place.authorize(place.app.test_client(), client, prompt="none")) for _ in range(3)}

    assert len(states) == 3


def test_signing_in_again_changes_it(place, client, browser):
    before = cookie(place.authorize(browser, client))
    place.later(minutes=5)
    after = cookie(place.authorize(place.browser(), client))

    assert before != after


def test_another_account_changes_it(place, client, browser):
    assert cookie(place.authorize(browser, client)) != cookie(place.authorize(place.browser(BEN), client))


def test_what_is_not_signing_in_leaves_it(place, client, browser):
    """Section 3.2: not without a meaningful event."""
    other = place.register(client_name="Other")
    before = cookie(place.authorize(browser, client))
    place.later(minutes=20)
    browser.get("/account")

    answer = place.authorize(browser, other)

    said = answered(answer)["session_state"]
    assert said == expected(other, before, said.partition(".")[2])
    assert cookie(answer) == ""


def test_signing_out_takes_it_away(place, client, browser):
    assert cookie(place.authorize(browser, client))
    page = browser.get("/signout")
    token = html.fromstring(page.text).xpath("//input[@name='csrf_token']/@value")[0]

    gone = browser.post("/signout", data={"csrf_token": token})

    assert any(line.startswith(f"{COOKIE}=;") and "Max-Age=0" in line for line in gone.headers.getlist("Set-Cookie"))


def test_a_session_that_was_ended_elsewhere_takes_it_away_at_the_next_visit(place, client, browser):
    from idp.directory import accounts

    assert cookie(place.authorize(browser, client))
    with place.work() as work:
        accounts.disable(work, "ann@acme.example")

    gone = browser.get("/")

    assert any(line.startswith(f"{COOKIE}=;") for line in gone.headers.getlist("Set-Cookie"))


def test_the_frame_may_be_held_by_any_page_that_is_served_safely_and_asks_nothing_of_others(place):
    answer = place.app.test_client().get(FRAME)

    policy = answer.headers["Content-Security-Policy"]
    assert policy.split("; ")[-1] == "frame-ancestors https:"
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "X-Frame-Options" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    scripts = html.fromstring(answer.text).xpath("//script")
    assert [script.text for script in scripts] == [None]
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


def test_pages_on_this_machine_only_where_applications_on_it_are_allowed(database, settings):
    place = Place(database, base_url=BASE_URL, development={"allow_http_loopback_applications": True})

    policy = place.app.test_client().get(FRAME).headers["Content-Security-Policy"]

    assert policy.split("; ")[-1] == "frame-ancestors https: http://127.0.0.1:* http://[::1]:* http://localhost:*"


def test_i4_all_other_pages_are_in_nobodys_frame(place, client, browser):
    for path in ("/", "/signout", "/signout/done", "/sites/acme/oauth2/logout"):
        assert "frame-ancestors 'none'" in browser.get(path).headers["Content-Security-Policy"], path


def test_a_site_that_is_none_has_no_frame(place):
    assert place.app.test_client().get("/sites/none/oauth2/session").status_code == 404


def test_discovery_says_where(place):
    """Section 3.3."""
    said = place.app.test_client().get("/sites/acme/.well-known/openid-configuration").json

    assert said["check_session_iframe"] == f"{BASE_URL}{FRAME}"


@pytest.mark.parametrize(
    ("address", "as_browsers_write_it"),
    [
        ("https://rp.example/callback", "https://rp.example"),
        ("https://rp.example:443/callback", "https://rp.example"),
        ("https://rp.example:8443/", "https://rp.example:8443"),
        ("http://127.0.0.1:80/", "http://127.0.0.1"),
        ("http://[::1]:9000/x", "http://[::1]:9000"),
        ("com.example.app:/callback", "com.example.app:"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(address, as_browsers_write_it):
    assert origin(address) == as_browsers_write_it


def test_a_session_state_is_bound_to_client_and_origin(client):
    class Other:
        client_id = "cli_other"

    said = session_state(client.client_id, CALLBACK, "state")
    salt = said.partition(".")[2]

    assert said == expected(client, "state", salt)
    assert said != expected(Other, "state", salt)
    assert said != expected(client, "state", salt, of="https://evil.example")
