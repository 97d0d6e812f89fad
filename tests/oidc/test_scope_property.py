"""O20: no sequence of requests yields a token with more scope than client, request and person allow."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oidc.support import claims, request

KNOWN = ["openid", "profile", "email", "groups", "offline_access", "reports", "admin"]
WORDS = st.lists(st.sampled_from([*KNOWN, "address", "nonsense", "OPENID", "openid ", ""]), max_size=5).map(" ".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    registered=st.sets(st.sampled_from(KNOWN), min_size=1),
    asked=WORDS,
    refreshes=st.lists(st.one_of(st.none(), WORDS), max_size=4),
    offline=st.booleans(),
)
def test_o20_a_token_never_reaches_further_than_what_was_granted(place, browser, registered, asked, refreshes, offline):
    grants = ["authorization_code", "refresh_token"] if offline else ["authorization_code"]
    client = place.register(scope=" ".join(sorted(registered)), grant_types=grants)
    answer = browser.get("/sites/acme/oauth2/authorize", query_string=request(client, scope=asked))
    assert answer.status_code == 303
    if "code=" not in answer.headers["Location"]:
        return
    from tests.oidc.support import answered

    tokens = place.redeem(client, answered(answer)["code"]).json
    allowed = registered & set(asked.split())

    def check(found, ceiling):
        said = set(claims(found["access_token"])["scope"].split())
        assert said == set(found["scope"].split())
        assert said <= ceiling
        assert ("id_token" in found) is ("openid" in said)
        if "openid" in said:
            seen = set(place.userinfo(found["access_token"]).json)
            assert ("email" in seen) is ("email" in said)
            assert ("groups" in seen) is ("groups" in said)
        else:
            assert place.userinfo(found["access_token"]).status_code == 403

    check(tokens, allowed)
    assert ("refresh_token" in tokens) is offline
    held = tokens.get("refresh_token")
    for wanted in refreshes if held else []:
        found = place.refresh(client, held, scope=wanted)
        if found.status_code != 200:
            assert found.json["error"] == "invalid_scope"
            continue
        held = found.json["refresh_token"]
        check(found.json, allowed if not wanted else allowed & set(wanted.split()))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(registered=st.sets(st.sampled_from(KNOWN)), asked=st.one_of(st.none(), WORDS))
def test_o20_nor_does_a_clients_own(place, registered, asked):
    robot = place.register(grant_types=["client_credentials"], scope=" ".join(sorted(registered)), redirect_uris=[])
    found = place.token(robot, grant_type="client_credentials", scope=asked)
    if found.status_code == 200:
        said = set(claims(found.json["access_token"])["scope"].split())
        assert said <= registered & {"reports", "admin"}
        assert not asked or said <= set(asked.split())
    else:
        assert found.json["error"] == "invalid_scope"
