"""RFC 6749 section 4.1: the authorization code, issued once and honoured once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from idp.base.connections import Connections
from idp.base.db import make_engine
from idp.base.ids import new_token
from tests.oidc.support import ANN, CALLBACK, ISSUER, VERIFIER, answered, claims, header, reference


def test_a_person_with_a_session_is_answered_in_the_same_request(place, client, browser):
    found = answered(place.authorize(browser, client))

    assert set(found) == {"code", "state", "iss", "session_state"}
    assert found["state"] == "st4te"


def test_a_code_is_exchanged_for_tokens(place, client, browser):
    answer = place.redeem(client, place.code(browser, client))

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json) == {
        "access_token", "token_type", "expires_in", "scope", "id_token", "refresh_token",
    }  # fmt: skip
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 600
    assert answer.json["scope"] == "openid profile email"


def test_the_id_token_says_who_when_how_and_for_whom(place, client, browser):
    token = place.tokens(browser, client)["id_token"]
    said = claims(token)
    now = int(place.now.timestamp())

    assert header(token)["alg"] == "RS256"
    assert said["iss"] == ISSUER
    assert said["aud"] == client.client_id
    assert said["nonce"] == "n0nce"
    assert (said["iat"], said["exp"], said["auth_time"]) == (now, now + 300, now)
    assert said["acr"] == "https://refeds.org/profile/mfa"
    assert said["amr"] == ["otp", "pwd", "mfa"]
    assert said["sid"] == place.session.id
    assert "email" not in said, "claims of a scope come from UserInfo (OpenID Connect Core 5.4)"


def test_the_subject_is_random_the_same_for_every_client_and_never_the_account(place, client, browser):
    other = place.register(client_name="Other")
    first, second = (claims(place.tokens(browser, c)["id_token"])["sub"] for c in (client, other))
    bens = claims(place.tokens(place.browser("ben@acme.example"), client)["id_token"])["sub"]

    assert first == second
    assert first != bens
    with place.work() as work:
        assert place.account(work, ANN).id not in first


def test_without_openid_there_is_no_id_token(place, client, browser):
    assert "id_token" not in place.tokens(browser, client, scope="profile")


def test_a_client_that_is_not_registered_for_it_gets_no_refresh_token(place, browser):
    client = place.register(grant_types=["authorization_code"])

    assert "refresh_token" not in place.tokens(browser, client)


def test_everything_is_recorded(place, client, browser):
    place.tokens(browser, client)

    signed_on, issued = (place.audited(tag) for tag in ("application.signed-on", "token.issued"))
    assert [entry.details["protocol"] for entry in signed_on] == ["oidc"]
    assert signed_on[0].actor_name == ANN
    assert [(entry.actor_kind, entry.actor_id) for entry in issued] == [("client", client.client_id)]
    assert {attempt.kind: attempt.outcome for attempt in place.attempts()} == {
        "oidc.sign-on": "succeeded",
        "oidc.token": "succeeded",
    }


def test_d10_no_secret_of_the_road_is_kept(place, client, browser):
    code = place.code(browser, client)
    tokens = place.redeem(client, code).json

    place.database.dispose()
    with place.work() as work:
        tables = ("one_time_values", "refresh_tokens", "clients", "attempts", "audit_entries", "grants")
        rows = [row for name in tables for row in work.tx.connection.exec_driver_sql(f"SELECT * FROM {name}")]
        kept = "\n".join(str(tuple(row)) for row in rows)
    assert len(rows) > len(tables)
    for secret in (code, tokens["access_token"], tokens["refresh_token"], tokens["id_token"], client.secret):
        assert secret not in kept


def test_o7_a_code_is_honoured_once_and_its_replay_ends_the_tokens(place, client, browser):
    code = place.code(browser, client)
    tokens = place.redeem(client, code).json
    assert place.userinfo(tokens["access_token"]).status_code == 200

    replay = place.redeem(client, code)

    assert replay.status_code == 400
    assert replay.json["error"] == "invalid_grant"
    assert place.userinfo(tokens["access_token"]).status_code == 401
    assert place.refresh(client, tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert [entry.details["cause"] for entry in place.audited("token.revoked")] == ["code used twice"]
    assert "code used twice" in place.attempt(reference(replay)).cause


@pytest.mark.parametrize(
    "replay",
    [
        lambda place, client, code: place.redeem(client, code, headers={}, client_id=client.client_id),
        lambda place, client, code: place.redeem(client, code, code_verifier="w" * 43),
        lambda place, client, code: place.redeem(client, code, code_verifier=None),
        lambda place, client, code: place.redeem(client, code, redirect_uri="https://rp.example/other"),
        lambda place, client, code: place.redeem(place.register(client_name="Thief"), code),
    ],
    ids=["no secret", "wrong verifier", "no verifier", "other address", "other client"],
)
def test_o7_a_replay_by_somebody_else_changes_nothing(place, client, browser, replay):
    code = place.code(browser, client)
    tokens = place.redeem(client, code).json

    assert replay(place, client, code).status_code in (400, 401)

    assert place.userinfo(tokens["access_token"]).status_code == 200
    assert place.refresh(client, tokens["refresh_token"]).status_code == 200


@pytest.mark.both_databases
def test_o7_of_fifty_redemptions_at_once_one_succeeds(place, client, browser):
    code, together = place.code(browser, client), Barrier(50)

    def redeem(_):
        together.wait()
        return place.redeem(client, code)

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(redeem, range(50)))

    assert [answer.status_code for answer in answers].count(200) == 1
    assert {answer.json["error"] for answer in answers if answer.status_code != 200} <= {
        "invalid_grant",
        "temporarily_unavailable",
    }
    (winner,) = [answer.json for answer in answers if answer.status_code == 200]
    assert place.userinfo(winner["access_token"]).status_code == 401, "a code that came twice is a stolen one"


@pytest.mark.both_databases
def test_o7_of_many_redemptions_at_once_one_succeeds(place, client, browser):
    codes = [place.code(browser, client) for _ in range(10)]

    with ThreadPoolExecutor(10) as threads:
        answers = list(
            threads.map(lambda code: (code, place.redeem(client, code)), [c for c in codes for _ in range(5)])
        )

    for code in codes:
        of_code = [answer for asked, answer in answers if asked == code]
        assert sorted(answer.status_code for answer in of_code) == [200, 400, 400, 400, 400]
    assert all(answer.json["error"] == "invalid_grant" for _, answer in answers if answer.status_code == 400)


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": CALLBACK.upper()},
        {"code_verifier": "w" * 43},
        {"site": "acme-eu"},
    ],
    ids=str,
)
def test_o8_a_code_is_bound_to_what_it_was_issued_for(place, client, browser, changes):
    code = place.code(browser, client)

    refused = place.redeem(client, code, **changes)

    assert refused.json["error"] in ("invalid_grant", "invalid_client")
    assert place.redeem(client, code).status_code == 200, "and the refusal did not use it up"


def test_o8_a_code_of_one_client_is_nothing_to_another(place, client, browser):
    other = place.register(client_name="Other")

    assert place.redeem(other, place.code(browser, client)).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "made",
    [
        lambda place, tokens, code: tokens["refresh_token"],
        lambda place, tokens, code: tokens["access_token"],
        lambda place, tokens, code: tokens["id_token"],
        lambda place, tokens, code: new_token("cod"),
        lambda place, tokens, code: code[:-1],
        lambda place, tokens, code: code + "A",
        lambda place, tokens, code: code.replace("cod_", "rfr_"),
    ],
    ids=["refresh token", "access token", "ID token", "made up", "cut", "longer", "other kind"],
)
def test_o9_nothing_else_passes_for_a_code(place, client, browser, made):
    """O24: a shortened, lengthened or relabelled code is none."""
    tokens = place.tokens(browser, client)
    code = place.code(browser, client)

    assert place.redeem(client, made(place, tokens, code)).json["error"] == "invalid_grant"


@pytest.mark.parametrize(("seconds", "status"), [(59, 200), (60, 400), (61, 400)])
def test_o10_a_code_lives_a_minute(place, client, browser, seconds, status):
    code = place.code(browser, client)

    place.later(seconds=seconds)

    assert place.redeem(client, code).status_code == status


def test_a_missing_parameter_is_named(place, client):
    good = {"grant_type": "authorization_code", "code": "cod_x", "redirect_uri": CALLBACK}
    for missing in good:
        refused = place.token(client, **(good | {missing: None}))
        assert refused.status_code == 400
        assert refused.json["error"] == "invalid_request"
        assert missing in refused.json["error_description"]


def test_a_refusal_names_the_attempt_and_keeps_the_cause_for_the_administrator(place, client):
    refused = place.redeem(client, new_token("cod"))
    attempt = place.attempt(reference(refused))

    assert attempt.outcome == "refused"
    assert attempt.code == "invalid_grant"
    assert "no such code" in attempt.cause
    assert attempt.cause not in refused.text
    assert [entry.details["attempt_id"] for entry in place.audited("token.refused")] == [attempt.id]


@pytest.mark.parametrize(
    "sent",
    [
        {"data": "{}", "content_type": "application/json"},
        {"data": {"grant_type": "authorization_code"}, "content_type": "multipart/form-data"},
        {"data": "", "content_type": "application/x-www-form-urlencoded"},
        {
            "data": "grant_type=authorization_code&grant_type=refresh_token",
            "content_type": "application/x-www-form-urlencoded",
        },
        {"data": "grant_type=%zz", "content_type": "application/x-www-form-urlencoded"},
        {"data": "code=%ff", "content_type": "application/x-www-form-urlencoded"},
        {"data": "code=%00", "content_type": "application/x-www-form-urlencoded"},
        {"data": "a=" + "b" * 9000, "content_type": "application/x-www-form-urlencoded"},
        {"data": "&".join(f"p{i}=" for i in range(100)), "content_type": "application/x-www-form-urlencoded"},
        {
            "query_string": "grant_type=refresh_token",
            "data": "code=x",
            "content_type": "application/x-www-form-urlencoded",
        },
    ],
    ids=["json", "multipart", "empty", "repeated", "escape", "not utf-8", "null", "long", "many", "in the address"],
)
def test_q6_what_is_not_one_plain_form_is_refused(place, client, sent):
    refused = place.app.test_client().post("/sites/acme/oauth2/token", headers=client.basic, **sent)

    assert refused.status_code == 400
    assert refused.json["error"] == "invalid_request"
    assert refused.headers["Cache-Control"] == "no-store"


def test_o25_the_token_endpoint_is_not_read_with_get(place, client):
    found = place.app.test_client().get("/sites/acme/oauth2/token?grant_type=client_credentials", headers=client.basic)

    assert found.status_code == 405


def test_empty_parts_of_a_form_are_nothing(place, client, browser):
    code = place.code(browser, client)
    body = f"&&grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}&"

    answer = place.app.test_client().post(
        "/sites/acme/oauth2/token", data=body, headers=client.basic, content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 200


def test_a_database_that_does_not_answer_is_said_so_in_json(place, client):
    place.database.dispose()
    place.database.connections = Connections(make_engine("sqlite:////nowhere/at/all.db"))

    refused = place.redeem(client, new_token("cod"))

    assert refused.status_code == 503
    assert refused.json["error"] == "temporarily_unavailable"
    assert refused.headers["Retry-After"] == "5"


def test_i10_a_client_that_proves_nothing_writes_down_as_many_refusals_as_a_stranger(place, client, public):
    """Whoever knows a public client's id, which is no secret, is it."""
    for _ in range(70):
        refused = place.redeem(public, "cod_" + "a" * 43)
        assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")

    assert len(place.audited("token.refused")) == len(place.attempts()) == 60
    place.redeem(client, "cod_" + "a" * 43)
    assert len(place.audited("token.refused")) == 61, "one that has proven who it is says so each time"
