"""O22: what an authentication policy says since the sign-on is effective at the next token, and at the next look at one."""

import pytest

from idp.directory import authentication_policy_changes, policy_members
from idp.policy.signon import Method
from idp.signon.factors import totp
from tests.oidc.support import ANN, reference

PASSWORD = (Method.PASSWORD,)


def edit(place, **changes):
    with place.work() as work:
        authentication_policy_changes.edit(work, "acme", None, changes)


def put_off(place, times):
    with place.work() as work:
        place.account(work).grace_used = times


def works(place, client, tokens) -> bool:
    looked = place.userinfo(tokens["access_token"]).status_code == 200
    assert place.introspect(client, tokens["access_token"])["active"] is looked
    answer = place.refresh(client, tokens["refresh_token"])
    assert (answer.status_code == 200) is looked
    if not looked:
        place.cause = place.attempt(reference(answer)).cause
    return looked


def test_o22_a_method_that_was_forbidden_since_opens_nothing(place, client):
    tokens = place.tokens(place.browser(methods=PASSWORD), client)
    edit(place, methods=["passkey", "temporary-pass"])

    assert not works(place, client, tokens)
    assert place.cause == "the sign-on was by a method that is not allowed any more"


def test_o22_a_second_step_that_was_forbidden_since_is_none(place, client):
    tokens = place.tokens(place.browser(methods=(Method.PASSWORD, Method.TOTP)), client)
    edit(place, second_step="required", methods=["pwd", "passkey"])

    assert not works(place, client, tokens)
    assert "proved less" in place.cause


def test_a_second_step_that_may_not_be_used_is_asked_of_nobody(place, client):
    with place.work() as work:
        ann = place.account(work)
        totp.add(work, ann.id, b"ostiary-test-secret!", organization_id=ann.organization_id, name="Phone")
    edit(place, methods=["pwd", "security-key"])

    assert works(place, client, place.tokens(place.browser(methods=PASSWORD), client))


def test_o22_a_move_to_a_stricter_policy_counts_at_once(place, client):
    tokens = place.tokens(place.browser(methods=PASSWORD), client)
    with place.work() as work:
        authentication_policy_changes.create(work, "acme", "Strict")
        policy_members.move(work, "acme", [ANN], "Strict")

    assert not works(place, client, tokens)


@pytest.mark.parametrize(
    ("scope", "used", "good"),
    [
        ("openid", 1, True),
        ("openid", 2, True),  # the session of the last sign-in that put it off
        ("openid", 3, False),
        ("openid offline_access", 1, True),
        ("openid offline_access", 2, False),
    ],
)
def test_grace_is_of_a_session_and_ends_sooner_without_one(place, client, scope, used, good):
    tokens = place.tokens(place.browser(methods=PASSWORD), client, scope=scope)
    edit(place, second_step="required", grace_sign_ins=2)
    put_off(place, used)

    assert works(place, client, tokens) is good
