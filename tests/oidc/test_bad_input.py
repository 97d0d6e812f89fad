"""
RFC 6749 sections 3.1, 3.2 and appendix B, at every endpoint: parameters that come twice, not at all, are far too long, or
are in no encoding that a form may have (O20, O25, Q6). A refusal each time, never an answer to a guess, never an error
of ours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.oidc.support import CALLBACK, VERIFIER, request

FORM = "application/x-www-form-urlencoded"
LONG = "a" * 200_000
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True)
class Call:
    """A request that is good, before something is done to it; ``demanded`` are what it cannot do without."""

    path: str
    form: dict[str, str]
    demanded: tuple[str, ...]
    method: str = "POST"
    basic: bool = True


def _token(grant: str, **more: str) -> Callable[..., Call]:
    def make(place, client, browser) -> Call:
        tokens = place.tokens(browser, client, scope="openid offline_access")
        fresh = {"code": lambda: place.code(browser, client), "refresh_token": lambda: tokens["refresh_token"]}
        form = {name: fresh[name]() if name in fresh else value for name, value in more.items()}
        return Call("token", {"grant_type": grant, **form}, ("grant_type", *more))

    return make


def _about(path: str) -> Callable[..., Call]:
    def make(place, client, browser) -> Call:
        form = {"token": place.tokens(browser, client)["access_token"], "token_type_hint": "access_token"}
        return Call(path, form, ("token",))

    return make


CALLS: dict[str, Callable[..., Call]] = {
    "authorize": lambda place, client, browser: Call(
        "authorize",
        request(client),
        ("client_id", "redirect_uri", "response_type", "code_challenge"),
        "GET",
        basic=False,
    ),
    "par": lambda place, client, browser: Call(
        "par", request(client), ("redirect_uri", "response_type", "code_challenge")
    ),
    "code": _token("authorization_code", code="", redirect_uri=CALLBACK, code_verifier=VERIFIER),
    "refresh": _token("refresh_token", refresh_token=""),
    "introspect": _about("introspect"),
    "revoke": _about("revoke"),
    "device": lambda place, client, browser: Call("device_authorization", {"scope": "openid"}, ("scope",)),
    "logout": lambda place, client, browser: Call(
        "logout",
        {
            "id_token_hint": place.tokens(browser, client)["id_token"],
            "post_logout_redirect_uri": "https://rp.example/bye",
        },
        (),
        "GET",
        basic=False,
    ),
}


@pytest.fixture
def client(place):
    return place.register(
        grant_types=["authorization_code", "refresh_token", DEVICE],
        post_logout_redirect_uris=["https://rp.example/bye"],
    )


@pytest.fixture(params=list(CALLS))
def call(request, place, client, browser) -> Call:
    return CALLS[request.param](place, client, browser)


@pytest.fixture
def send(place, client, browser, call):
    """Send the call with *raw* as its form, as *media_type*."""

    def send_(raw: str | bytes, media_type: str = FORM):
        path = f"/sites/acme/oauth2/{call.path}"
        if call.method == "GET":
            return browser.get(path, query_string=raw)
        return place.app.test_client().post(path, data=raw, content_type=media_type, headers=client.basic)

    return send_


def refused(response, *errors: str) -> None:
    """A page of ours, JSON with one of *errors*, or an answer to the client with one."""
    errors = errors or ("invalid_request",)
    if response.status_code == 303:
        (found,) = parse_qs(urlsplit(response.headers["Location"]).query)["error"]
        assert found in errors
        return
    assert response.status_code in (400, 401, 413, 414), response.text
    if response.is_json:
        assert response.json["error"] in errors
    assert "Location" not in response.headers


def names(call: Call) -> list[str]:
    return list(call.form)


def test_as_it_is_it_is_good(send, call):
    response = send(urlencode(call.form))

    assert response.status_code in (200, 201, 303), response.text
    assert "error" not in parse_qs(urlsplit(response.headers.get("Location", "")).query)


def test_q6_no_parameter_comes_twice_whether_it_says_the_same_or_something_else(send, call):
    for name, value in call.form.items():
        for other in (value, "x", ""):
            refused(send(urlencode([*call.form.items(), (name, other)])), "invalid_request", "invalid_client")


def test_what_is_demanded_and_missing_or_empty_is_told(send, call):
    for name in call.demanded:
        rest = {one: value for one, value in call.form.items() if one != name}
        for form in (rest, {**rest, name: ""}):
            refused(
                send(urlencode(form)),
                "invalid_request",
                "unsupported_response_type",
                "unsupported_grant_type",
                "invalid_grant",
                "invalid_scope",
            )


def test_o20_what_is_far_too_long_is_refused(send, call):
    for name in call.form:
        response = send(urlencode({**call.form, name: LONG}))
        assert response.status_code < 500
        if response.status_code in (200, 201):
            assert name in ("token", "token_type_hint"), "what is no token is told so"
        elif response.status_code == 303:
            assert "error" in parse_qs(urlsplit(response.headers["Location"]).query) or name in ("state", "nonce")
            assert len(response.headers["Location"]) < len(LONG)
    refused(send(urlencode({**call.form, **{f"p{number}": "x" for number in range(5000)}})))


@pytest.mark.parametrize(
    "octets",
    ["%ff", "%c3%28", "%ed%a0%80", "%f8%88%80%80%80", "%00", "a%00b", "%zz", "%", "%e9"],
)
def test_q6_what_is_no_text_in_utf_8_is_refused(send, call, octets):
    for name in call.form:
        raw = urlencode({one: value for one, value in call.form.items() if one != name}) + f"&{name}={octets}"
        response = send(raw)
        assert response.status_code < 500
        if response.status_code in (200, 201, 303):
            query = parse_qs(urlsplit(response.headers.get("Location", "")).query)
            assert query.get("error"), (name, octets)
            continue
        refused(response, "invalid_request", "invalid_grant", "invalid_scope")


@pytest.mark.parametrize(
    ("media_type", "encode"),
    [
        ("application/json", lambda form: b'{"grant_type": "authorization_code"}'),
        ("text/plain", lambda form: urlencode(form).encode()),
        ("multipart/form-data; boundary=x", lambda form: b"--x--"),
        (f"{FORM}; charset=utf-16", lambda form: urlencode(form).encode("utf-16")),
        (FORM, lambda form: urlencode(form).encode("utf-16")),
        (FORM, lambda form: bytes(range(256)) * 4),
        (FORM, lambda form: b""),
    ],
    ids=["json", "text", "multipart", "utf-16", "utf-16 unsaid", "octets", "nothing"],
)
def test_q6_a_form_is_a_form(send, call, media_type, encode):
    if call.method == "GET":
        return
    refused(
        send(encode(call.form), media_type),
        "invalid_request",
        "unsupported_grant_type",
        "invalid_client",
        "invalid_scope",
    )


def test_after_all_of_it_the_good_call_is_still_good(send, call):
    for raw in (urlencode([*call.form.items()] * 2), "%ff=%ff", urlencode({**call.form, "extra": LONG})):
        send(raw)

    assert send(urlencode(call.form)).status_code in (200, 201, 303)
