"""What a sign-on must prove: policies add up, and never take away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from idp.policy.signon import (
    FIRST_STEPS,
    STRONG_SECOND_STEPS,
    WEAK,
    Decision,
    Method,
    Proof,
    SecondStep,
    SignOnPolicy,
    Strength,
    both,
    decide,
    meets,
    strength,
)

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)

methods = st.frozensets(st.sampled_from(Method))
proofs = st.lists(
    st.builds(
        Proof,
        st.sampled_from(Method),
        st.sampled_from([NOON, NOON - timedelta(minutes=5), NOON - timedelta(hours=2)]),
        st.booleans(),
    ),
    max_size=6,
    unique_by=lambda proof: proof.method,
).map(tuple)
decisions = st.builds(
    Decision,
    required=st.sampled_from(Strength),
    rule=st.just("a rule"),
    weak_suffices=st.booleans(),
    any_of=st.lists(st.frozensets(st.sampled_from(Method), min_size=1), max_size=2).map(tuple),
    within=st.sampled_from([None, timedelta(0), timedelta(minutes=30)]),
)
policies = st.builds(SignOnPolicy, st.just(1), st.sampled_from(SecondStep), methods, st.booleans(), st.booleans())


@given(decisions, decisions, proofs)
def test_two_demands_ask_the_same_in_either_order(one, other, proven):
    assert meets(both(one, other), proven, NOON) == meets(both(other, one), proven, NOON)


@given(decisions, decisions, decisions, proofs)
def test_three_demands_ask_the_same_however_they_are_added_up(one, other, third, proven):
    assert meets(both(both(one, other), third), proven, NOON) == meets(both(one, both(other, third)), proven, NOON)


@given(decisions, decisions, proofs)
def test_together_they_never_ask_less_than_either(one, other, proven):
    if meets(both(one, other), proven, NOON):
        assert meets(one, proven, NOON)
        assert meets(other, proven, NOON)


@given(decisions, decisions, proofs)
def test_together_they_ask_no_more_than_what_satisfies_both_by_fresh_proofs(one, other, proven):
    fresh = tuple(replace(proof, fresh=True) for proof in proven)
    if meets(one, fresh, NOON) and meets(other, fresh, NOON):
        assert meets(both(one, other), fresh, NOON)


@given(policies, st.booleans(), st.sampled_from([None, *Strength]), proofs)
def test_an_application_asks_for_more_never_for_less(policy, has_second_step, asked, proven):
    alone = decide(policy, has_second_step=has_second_step, asked=None)

    if meets(decide(policy, has_second_step=has_second_step, asked=asked), proven, NOON):
        assert meets(alone, proven, NOON)


@given(policies, st.booleans(), methods)
def test_no_set_of_methods_meets_less_than_the_policy_asks(policy, has_second_step, used):
    proven = tuple(Proof(method, NOON, fresh=True) for method in used)
    second = used & (STRONG_SECOND_STEPS | WEAK)

    good = meets(decide(policy, has_second_step=has_second_step, asked=None), proven, NOON)

    owes = policy.second_step is SecondStep.REQUIRED and (has_second_step or not policy.in_grace)
    owes = owes or (policy.second_step is SecondStep.OPTIONAL and has_second_step)
    assert good == bool(used & FIRST_STEPS and (second or not owes))


@given(methods, methods)
def test_more_proofs_are_never_worth_less(some, more):
    before, after = strength(some, weak=True), strength(some | more, weak=True)

    assert before is None or (after is not None and after >= before)


@given(methods)
def test_what_is_weak_is_attested_to_nobody(used):
    assert strength(used) == strength(used - WEAK)


@given(policies)
def test_whoever_signs_in_anew_is_asked_no_less_than_in_a_session(policy):
    anew, here = (decide(one, has_second_step=False, asked=None) for one in (policy.anew(), policy))

    assert anew.required >= here.required
