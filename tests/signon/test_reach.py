"""The lock-out guard's question: does some way still lead to the end of the sign-on, with what a person has?"""

from datetime import timedelta

import pytest

from idp.policy.access.outcome import ALLOWED, Allowed, Denied
from idp.policy.signon import Decision, Method, SecondStep, SignOnPolicy, Strength
from idp.signon.reach import Means, way_in
from idp.signon.request import SignOnRequest
from tests.conftest import NOON

OURS = SignOnRequest("org", "", "", "Acme", "")
OPTIONAL = SignOnPolicy(1, SecondStep.OPTIONAL)
PASSWORD_ONLY = Means(frozenset({Method.PASSWORD}), frozenset())
WITH_APP = Means(frozenset({Method.PASSWORD}), frozenset({Method.TOTP}))


def requires(strength=Strength.SECOND_STEP, **more):
    return lambda tried: Allowed("rule", Decision(strength, "rule", **more))


def test_a_password_is_a_way_in():
    assert way_in(OURS, OPTIONAL, PASSWORD_ONLY, NOON) is None


def test_who_can_set_up_what_is_missing_has_a_way_in():
    required = SignOnPolicy(1, SecondStep.REQUIRED)

    assert way_in(OURS, required, PASSWORD_ONLY, NOON) is None


def test_a_second_step_that_nobody_may_set_up_is_a_dead_end():
    required = SignOnPolicy(1, SecondStep.REQUIRED, frozenset({Method.PASSWORD, Method.RECOVERY_CODE}))

    assert way_in(OURS, required, PASSWORD_ONLY, NOON) is not None


def test_a_method_that_is_taken_away_is_a_dead_end_for_whoever_has_no_other():
    passkeys_only = SignOnPolicy(1, SecondStep.OPTIONAL, frozenset({Method.PASSKEY}))

    dead = way_in(OURS, passkeys_only, WITH_APP, NOON)

    assert dead is not None
    assert dead.lacks == {Method.PASSKEY}


def test_a_passkey_is_a_way_in_where_passwords_are_not_allowed():
    passkeys_only = SignOnPolicy(1, SecondStep.REQUIRED, frozenset({Method.PASSKEY}))

    assert way_in(OURS, passkeys_only, Means(frozenset({Method.PASSKEY}), frozenset({Method.PASSKEY})), NOON) is None


def test_a_rule_that_denies_is_a_dead_end_that_names_the_rule():
    dead = way_in(OURS, OPTIONAL, WITH_APP, NOON, lambda tried: Denied("access-policy Everyone: nobody"))

    assert dead is not None
    assert dead.rule == "access-policy Everyone: nobody"


def test_what_a_rule_requires_may_be_set_up_after_the_second_step_that_there_is():
    assert way_in(OURS, OPTIONAL, WITH_APP, NOON, requires(Strength.PHISHING_RESISTANT)) is None


def test_what_a_rule_requires_and_the_policy_does_not_allow_is_a_dead_end():
    apps_only = SignOnPolicy(1, SecondStep.OPTIONAL, frozenset({Method.PASSWORD, Method.TOTP}))

    dead = way_in(OURS, apps_only, WITH_APP, NOON, requires(Strength.PHISHING_RESISTANT))

    assert dead is not None
    assert dead.rule == "rule"


@pytest.mark.parametrize("proven", [Method.PASSWORD, Method.TOTP])
def test_a_rule_on_what_was_proven_is_asked_at_every_step(proven):
    def judge(tried):
        return Denied("later") if any(proof.method is proven for proof in tried.proofs) else ALLOWED

    required = SignOnPolicy(1, SecondStep.REQUIRED, frozenset({Method.PASSWORD, Method.TOTP}))

    assert way_in(OURS, required, WITH_APP, NOON, judge) is not None


def test_a_rule_that_denies_only_what_one_way_proves_leaves_the_other():
    def judge(tried):
        return Denied("no apps") if any(proof.method is Method.TOTP for proof in tried.proofs) else ALLOWED

    required = SignOnPolicy(1, SecondStep.REQUIRED)
    both_ = Means(frozenset({Method.PASSWORD}), frozenset({Method.TOTP, Method.SECURITY_KEY}))

    assert way_in(OURS, required, both_, NOON, judge) is None


def test_proofs_that_must_be_young_are_young_on_the_way():
    assert way_in(OURS, OPTIONAL, WITH_APP, NOON, requires(within=timedelta(0))) is None
