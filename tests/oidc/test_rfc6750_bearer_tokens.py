"""RFC 6750: how a bearer token is shown, and how whoever shows it wrongly is told (O25)."""

import pytest

from tests.oidc.support import ISSUER

USERINFO = "/sites/acme/oauth2/userinfo"


@pytest.fixture
def token(place, client, browser) -> str:
    return place.tokens(browser, client)["access_token"]


def challenge(response) -> str:
    """The challenge of the scheme Bearer; there may be others beside it."""
    return next(one for one in response.headers.getlist("WWW-Authenticate") if one.startswith("Bearer "))


def test_section_2_1_it_comes_in_the_header_whatever_the_case_of_the_scheme(place, token):
    for scheme in ("Bearer", "bearer", "BEARER"):
        answer = place.app.test_client().get(USERINFO, headers={"Authorization": f"{scheme} {token}"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "content_type"),
    [("post", "text/plain"), ("post", "application/json"), ("get", "application/x-www-form-urlencoded")],
)
def test_section_2_2_in_a_body_only_of_a_posted_form(place, token, method, content_type):
    answer = getattr(place.app.test_client(), method)(
        USERINFO, data=f"access_token={token}", headers={"Content-Type": content_type}
    )

    assert answer.status_code == 401


def test_section_2_3_never_in_an_address(place, token):
    answer = place.app.test_client().get(USERINFO, query_string={"access_token": token})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_section_3_without_a_token_no_error_is_named(place):
    answer = place.app.test_client().get(USERINFO)

    assert answer.status_code == 401
    assert challenge(answer) == f'Bearer realm="{ISSUER}"'
    assert not answer.data


@pytest.mark.parametrize("sent", ["", "x", "a b", "é", "é" * 3000, "a\tb", '"', "=" * 40, "cod_" + "a" * 43])
def test_section_3_1_what_is_no_token_is_an_invalid_token(place, sent):
    answer = place.app.test_client().get(
        USERINFO, headers={"Authorization": f"Bearer {sent}".encode().decode("latin-1")}
    )

    assert answer.status_code == 401
    assert "error=" not in challenge(answer) if not sent else 'error="invalid_token"' in challenge(answer)


def test_section_3_1_a_token_that_does_not_reach_so_far_is_told_which_scope_would(place, client, browser):
    token = place.tokens(browser, client, scope="profile")["access_token"]

    answer = place.userinfo(token)

    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in challenge(answer)
    assert 'scope="openid"' in challenge(answer)


def test_section_5_3_what_a_token_opens_is_kept_by_no_cache(place, token):
    for answer in (place.userinfo(token), place.userinfo("x")):
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_answer_of_the_token_endpoint_says_its_type(place, client, browser):
    assert place.tokens(browser, client)["token_type"] == "Bearer"
