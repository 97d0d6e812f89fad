"""
OpenID Provider certification plans Session Management, Front-Channel Logout and Back-Channel Logout: the module of each
in which the application signs the person out, in every response type that brings an ID token.

The other modules of the plan RP-Initiated Logout stand in ``tests/oidc/test_rp_initiated_logout.py``, the frame of session
management with its scripts in ``tests/browser/test_session_management.py``.
"""

import hashlib
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey
from lxml import html

from tests.conformance.dynamic import FIRST_KEY
from tests.conformance.support import SITE, Suite, Variant
from tests.oidc.support import CALLBACK, ISSUER, Place, header
from tests.support.peers import serving

BYE, OUT = "https://rp.example/post_logout_redirect", "https://rp.example/frontchannel_logout"
VARIANTS = [Variant(kind) for kind in ("code", "id_token", "id_token token", "code id_token", "code id_token token")]


@pytest.fixture(params=VARIANTS, ids=str)
def variant(request) -> Variant:
    return request.param


@pytest.fixture
def near(certified) -> Place:
    """The same place, which may call a listener on this machine."""
    return Place(certified.database, development={"allow_http_loopback_applications": True})


def leave(suite: Suite, hint: str):
    sent = {"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "l0g0ut"}
    return suite.browser.get(f"{SITE}/oauth2/logout", query_string=sent)


def is_back(response) -> None:
    """CheckPostLogoutState, CheckForUnexpectedParametersInPostLogoutRedirect."""
    address = urlsplit(response.headers["Location"])
    assert address._replace(query="").geturl() == BYE
    assert parse_qsl(address.query) == [("state", "l0g0ut")]


def nobody_is_signed_in(suite: Suite) -> dict[str, str]:
    found = suite.answer(suite.ask(prompt="none"))
    assert found["error"] == "login_required"
    assert found["state"] == "st4te"
    assert found.keys() <= {"error", "error_description", "error_uri", "state", "session_state", "iss"}
    return found


def state_cookie(suite: Suite) -> str:
    found = suite.browser.get_cookie("ostiary_state")
    return "" if found is None else found.value


def frame_says(suite: Suite, session_state: str) -> str:
    """What the frame of the provider answers (Session Management 1.0 section 3.2)."""
    salt = session_state.partition(".")[2]
    now = f"{suite.client.client_id} https://rp.example {state_cookie(suite)} {salt}"
    return "unchanged" if hashlib.sha256(now.encode()).hexdigest() + "." + salt == session_state else "changed"


def test_oidcc_session_management_rp_initiated_logout(certified, variant):
    suite = Suite(certified, variant)
    suite.client = suite.register(post_logout_redirect_uris=[BYE])
    found = suite.sign_on()
    session_state = found.answer["session_state"]
    before = frame_says(suite, session_state)

    is_back(leave(suite, found.raw_id_tokens[-1]))

    assert (before, frame_says(suite, session_state)) == ("unchanged", "changed")
    after = nobody_is_signed_in(suite)
    assert frame_says(suite, after["session_state"]) == "unchanged"
    assert frame_says(suite, session_state) == "changed"


@pytest.mark.parametrize("by", ["secret of the client", "key of the client", "key of the client under our key id"])
def test_oidcc_rp_initiated_logout_bad_id_token_hint(certified, variant, by):
    """It says what our own ID token says, but the client has signed it."""
    suite = Suite(certified, variant)
    suite.client = suite.register(post_logout_redirect_uris=[BYE])
    found = suite.sign_on()
    if by == "secret of the client":
        key, head = OctKey.import_key(suite.client.secret), {"alg": "HS256"}
    else:
        key, head = FIRST_KEY, {"alg": "RS256"}
    if by.endswith("key id"):
        head["kid"] = header(found.raw_id_tokens[-1])["kid"]
    made_up = jwt.encode(head, found.claims, key, algorithms=[head["alg"]])

    shown = leave(suite, made_up)

    assert shown.status_code == 400
    assert "Location" not in shown.headers
    assert suite.sign_on(prompt="none").claims["sub"], "and the person is still signed in"


def test_oidcc_frontchannel_rp_initiated_logout(certified, variant):
    suite = Suite(certified, variant)
    suite.client = suite.register(
        post_logout_redirect_uris=[BYE], frontchannel_logout_uri=OUT, frontchannel_logout_session_required=True
    )
    found = suite.sign_on()

    page = suite.browser.get(leave(suite, found.raw_id_tokens[-1]).headers["Location"])
    (frame,) = html.fromstring(page.text).xpath("//iframe/@src")
    address, _, query = frame.partition("?")
    assert (address, dict(parse_qsl(query))) == (OUT, {"iss": ISSUER, "sid": found.claims["sid"]})
    for _ in range(2):
        (refresh,) = html.fromstring(page.text).xpath("//meta[@http-equiv='refresh']/@content")
        page = suite.browser.get(refresh.partition(";url=")[2])

    is_back(page)
    nobody_is_signed_in(suite)


def test_oidcc_backchannel_rp_initiated_logout(near, variant):
    suite = Suite(near, variant)
    with serving(lambda heard: (200, {"Cache-Control": "no-store"}, b"")) as peer:
        suite.client = suite.register(
            allow_http_loopback=True,
            redirect_uris=[CALLBACK],
            post_logout_redirect_uris=[BYE],
            backchannel_logout_uri=f"{peer.address}/backchannel_logout",
            backchannel_logout_session_required=True,
        )
        found = suite.sign_on()
        is_back(leave(suite, found.raw_id_tokens[-1]))
    (heard,) = peer.heard
    form = parse_qs(heard.body.decode(), strict_parsing=True)
    keys = KeySet.import_key_set(near.app.test_client().get(f"{SITE}/oauth2/jwks").json)
    token = jwt.decode(form["logout_token"][0], keys, algorithms=["RS256"])

    assert form.keys() == {"logout_token"}
    assert heard.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (token.claims["iss"], token.claims["aud"]) == (ISSUER, suite.client.client_id)
    assert (token.claims["sub"], token.claims["sid"]) == (found.claims["sub"], found.claims["sid"])
    assert token.claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert token.claims["jti"]
    assert token.claims["exp"] > token.claims["iat"]
    assert "nonce" not in token.claims
    nobody_is_signed_in(suite)
