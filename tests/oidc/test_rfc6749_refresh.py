"""RFC 6749 section 6, RFC 9700 section 4.14: refresh tokens rotate, and a second use ends them all."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from idp.base.db import Database
from idp.base.ids import new_token
from tests.oidc.support import Place, claims, reference

OFFLINE = "openid profile offline_access"


@pytest.fixture
def tokens(place, client, browser):
    return place.tokens(browser, client)


def test_a_refresh_gives_new_tokens_and_a_new_refresh_token(place, client, tokens):
    place.later(minutes=5)
    again = place.refresh(client, tokens["refresh_token"])

    assert again.status_code == 200
    assert again.headers["Cache-Control"] == "no-store"
    assert again.json["refresh_token"] != tokens["refresh_token"]
    assert again.json["scope"] == tokens["scope"]
    assert place.userinfo(again.json["access_token"]).status_code == 200


def test_the_new_id_token_speaks_of_the_old_sign_on(place, client, tokens):
    """OpenID Connect Core 12.2: same iss, sub, aud, auth_time; new iat; no nonce."""
    place.later(minutes=5)
    before = claims(tokens["id_token"])
    after = claims(place.refresh(client, tokens["refresh_token"]).json["id_token"])

    assert {n: after[n] for n in ("iss", "sub", "aud", "auth_time", "acr", "sid")} == {
        n: before[n] for n in ("iss", "sub", "aud", "auth_time", "acr", "sid")
    }
    assert after["iat"] == before["iat"] + 300
    assert "nonce" not in after


def test_o21_a_second_use_ends_the_family_and_the_end_is_kept(place, client, tokens):
    second = place.refresh(client, tokens["refresh_token"]).json

    reused = place.refresh(client, tokens["refresh_token"])

    assert reused.status_code == 400
    assert reused.json["error"] == "invalid_grant"
    assert place.refresh(client, second["refresh_token"]).json["error"] == "invalid_grant"
    assert place.userinfo(second["access_token"]).status_code == 401
    assert place.introspect(client, second["access_token"]) == {"active": False}
    assert [entry.details["cause"] for entry in place.audited("token.revoked")] == ["refresh token used twice"]
    assert "used twice" in place.attempt(reference(reused)).cause


def test_o21_also_after_a_restart(place, client, tokens, vault):
    second = place.refresh(client, tokens["refresh_token"]).json
    restarted = Place(Database(place.database.url, vault, memory_seconds=0))

    assert restarted.refresh(client, tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert restarted.refresh(client, second["refresh_token"]).json["error"] == "invalid_grant"
    restarted.database.dispose()


def test_o21_another_sign_on_of_the_same_client_lives_on(place, client, tokens, browser):
    other = place.tokens(browser, client)
    place.refresh(client, tokens["refresh_token"])
    place.refresh(client, tokens["refresh_token"])

    assert place.refresh(client, other["refresh_token"]).status_code == 200


@pytest.mark.both_databases
def test_o21_of_fifty_at_once_one_wins_and_its_family_is_over(place, client, tokens):
    together = Barrier(50)

    def refresh(_):
        together.wait()
        return place.refresh(client, tokens["refresh_token"])

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(refresh, range(50)))

    assert [answer.status_code for answer in answers].count(200) == 1
    assert {answer.json["error"] for answer in answers if answer.status_code != 200} <= {
        "invalid_grant",
        "temporarily_unavailable",
    }
    (winner,) = [answer.json for answer in answers if answer.status_code == 200]
    assert place.refresh(client, winner["refresh_token"]).json["error"] == "invalid_grant"


@pytest.mark.both_databases
def test_o21_of_many_at_once_one_wins(place, client, browser):
    held = [place.tokens(browser, client)["refresh_token"] for _ in range(8)]

    with ThreadPoolExecutor(10) as threads:
        answers = list(
            threads.map(lambda token: (token, place.refresh(client, token)), [t for t in held for _ in range(4)])
        )

    for token in held:
        statuses = sorted(answer.status_code for asked, answer in answers if asked == token)
        assert statuses == [200, 400, 400, 400]
        winner = next(answer for asked, answer in answers if asked == token and answer.status_code == 200)
        assert place.refresh(client, winner.json["refresh_token"]).status_code == 400, "its family is over"


def test_another_clients_token_is_nothing_and_stays_good(place, client, tokens):
    other = place.register(client_name="Other")

    assert place.refresh(other, tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert place.refresh(client, tokens["refresh_token"]).status_code == 200


def test_a_public_clients_tokens_rotate_too(place, public, browser):
    first = place.tokens(browser, public)["refresh_token"]

    assert place.refresh(public, first).status_code == 200
    assert place.refresh(public, first).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[:-1],
        lambda t: t + "A",
        lambda t: t + "=",
        lambda t: t.replace("rfr_", "cod_"),
        lambda t: new_token("rfr"),
        lambda t: t[4:],
        lambda t: t.swapcase(),
    ],
    ids=["cut", "longer", "padded", "relabelled", "made up", "unlabelled", "case"],
)
def test_o24_only_the_whole_token_counts(place, client, tokens, change):
    assert place.refresh(client, change(tokens["refresh_token"])).json["error"] == "invalid_grant"
    assert place.refresh(client, tokens["refresh_token"]).status_code == 200


# Life


def test_it_dies_with_the_session(place, client, browser):
    tokens = place.tokens(browser, client)
    browser.post("/signout", data={"csrf_token": csrf(browser, "/signout")})

    refused = place.refresh(client, tokens["refresh_token"])

    assert refused.json["error"] == "invalid_grant"
    assert place.attempt(reference(refused)).cause == "the session is over"


def test_offline_access_outlives_the_session(place, client, browser):
    tokens = place.tokens(browser, client, scope=OFFLINE)
    browser.post("/signout", data={"csrf_token": csrf(browser, "/signout")})

    again = place.refresh(client, tokens["refresh_token"])

    assert again.status_code == 200
    assert place.userinfo(again.json["access_token"]).status_code == 200


def test_offline_access_is_for_clients_with_refresh_tokens(place, browser):
    client = place.register(grant_types=["authorization_code"], scope="openid offline_access")

    tokens = place.tokens(browser, client, scope="openid offline_access")

    assert tokens["scope"] == "openid"
    assert "refresh_token" not in tokens


def test_it_lives_a_week_unused_and_a_month_in_all(place, client, browser):
    token = place.tokens(browser, client, scope=OFFLINE)["refresh_token"]
    for _ in range(4):
        place.later(days=6, hours=23)
        token = place.refresh(client, token).json["refresh_token"]

    place.later(days=2, hours=4, seconds=-1)
    token = place.refresh(client, token).json["refresh_token"]
    place.later(seconds=1)
    assert place.refresh(client, token).json["error"] == "invalid_grant"


def test_unused_for_a_week_it_is_over(place, client, browser):
    token = place.tokens(browser, client, scope=OFFLINE)["refresh_token"]
    place.now += timedelta(days=7)

    assert place.refresh(client, token).json["error"] == "invalid_grant"


# Scope


def test_o20_a_refresh_can_ask_for_less(place, client, tokens):
    less = place.refresh(client, tokens["refresh_token"], scope="openid").json

    assert less["scope"] == "openid"
    assert set(place.userinfo(less["access_token"]).json) == {"sub"}
    assert place.refresh(client, less["refresh_token"]).json["scope"] == tokens["scope"], (
        "the grant itself is unchanged"
    )


@pytest.mark.parametrize(
    "scope", ["openid groups", "groups", "openid admin", "openid offline_access", 'open"id', "a" * 1100, " "]
)
def test_o20_but_never_for_more(place, client, tokens, scope):
    refused = place.refresh(client, tokens["refresh_token"], scope=scope)

    assert refused.json["error"] == "invalid_scope"
    assert place.refresh(client, tokens["refresh_token"]).status_code == 200


def csrf(browser, path):
    import re

    return re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path).text)[1]
