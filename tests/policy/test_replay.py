"""Replay: two verdicts on one recorded sign-on, compared."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.policy.access.context import Context, RequestKind
from idp.policy.access.evaluate import Compiled, evaluate
from idp.policy.access.outcome import ALLOWED, Allowed, Denied
from idp.policy.access.replay import Change, Compared, Fork, Recorded, Said, Side, compare, said, tally, turning
from idp.policy.access.rules import Answer, Conditions, Devices, Effect, Mode, People, Rule, Rules
from idp.policy.signon import Decision, Method, Proof, SecondStep, SignOnPolicy, Strength
from tests.conftest import NOON

HOUR = timedelta(hours=1)
PASSWORD = (Proof(Method.PASSWORD, NOON),)
WITH_CODE = (*PASSWORD, Proof(Method.TOTP, NOON))
OPTIONAL = SignOnPolicy(1, SecondStep.OPTIONAL)
DENIED = Denied("the rule")
SECOND = Allowed("the rule", Decision(Strength.SECOND_STEP, "the rule"))
PASSKEY = Allowed("the rule", Decision(Strength.PHISHING_RESISTANT, "the rule"))


def recorded(proofs=PASSWORD, has_second_step=False, **facts) -> Recorded:
    context = Context(NOON, RequestKind.BROWSER, "acc_ann", proofs=proofs, **facts)
    return Recorded("att_1", context, has_second_step=has_second_step)


def side(*outcomes, policy=OPTIONAL) -> Side:
    return Side(policy, tuple(one if isinstance(one, Said) else Said(one) for one in outcomes))


def change(before, after, proofs=PASSWORD, **more) -> Change:
    return compare(recorded(proofs, **more), side(before), side(after)).change


def test_whoever_a_new_rule_denies_is_denied():
    assert compare(recorded(), side(ALLOWED), side(DENIED)) == Compared(Change.DENIED, "the rule")


def test_whoever_a_rule_no_longer_denies_is_let_in():
    assert compare(recorded(), side(DENIED), side(ALLOWED)) == Compared(Change.LET_IN, "the rule")


def test_whoever_was_denied_and_would_be_asked_is_let_in():
    assert change(DENIED, SECOND) is Change.LET_IN


def test_who_proved_less_than_a_new_rule_requires_would_be_asked():
    assert compare(recorded(), side(ALLOWED), side(SECOND)) == Compared(Change.ASKED, "the rule")


def test_who_proved_what_a_new_rule_requires_notices_nothing():
    assert change(ALLOWED, SECOND, WITH_CODE) is Change.NONE


def test_who_was_asked_before_is_asked_newly_only_for_something_more():
    assert change(SECOND, SECOND) is Change.NONE
    assert change(SECOND, PASSKEY) is Change.ASKED


def test_who_did_not_prove_what_was_required_is_let_in_where_it_no_longer_is():
    assert change(SECOND, ALLOWED) is Change.LET_IN


def test_who_proved_what_is_no_longer_required_would_be_spared_it():
    assert change(SECOND, ALLOWED, WITH_CODE) is Change.SPARED


def test_a_rule_of_another_policy_that_denies_anyway_leaves_nothing_to_change():
    nobody = Denied("the other")

    assert compare(recorded(), side(nobody, ALLOWED), side(nobody, DENIED)).change is Change.NONE


def test_what_the_session_policy_requires_counts_beside_what_the_application_requires():
    assert compare(recorded(), side(SECOND, ALLOWED), side(SECOND, SECOND)).change is Change.NONE


def test_a_method_that_is_taken_away_proves_nothing():
    no_apps = replace(OPTIONAL, methods=frozenset({Method.PASSWORD}))

    assert compare(recorded(WITH_CODE), side(SECOND), side(SECOND, policy=no_apps)).change is Change.ASKED


def test_a_second_step_that_becomes_required_is_asked_of_those_who_had_none():
    required = SignOnPolicy(2, SecondStep.REQUIRED)

    assert compare(recorded(), side(), side(policy=required)).change is Change.ASKED
    assert compare(recorded(WITH_CODE, has_second_step=True), side(), side(policy=required)).change is Change.NONE


def fork(outcome, turns_on="the device is known", facts=("device_known",)) -> Fork:
    return Fork(turns_on, facts, outcome)


def test_what_turns_on_a_fact_that_was_not_recorded_cannot_be_told():
    told = compare(recorded(), side(ALLOWED), side(Said(ALLOWED, (fork(DENIED),))))

    assert told == Compared(Change.CANNOT_TELL, facts=("device_known",))


def test_an_unknown_fact_on_which_both_turn_alike_changes_nothing():
    before, after = Said(ALLOWED, (fork(DENIED),)), Said(ALLOWED, (fork(DENIED), fork(ALLOWED, "other", ("country",))))

    assert compare(recorded(), side(before), side(after)).change is Change.NONE


def test_of_two_unknown_facts_only_the_one_that_matters_is_named():
    before = Said(ALLOWED, (fork(ALLOWED),))
    after = Said(ALLOWED, (fork(SECOND, "in Berlin", ("city",)),))

    assert compare(recorded(), side(before), side(after)) == Compared(Change.CANNOT_TELL, facts=("city",))


def test_a_second_step_of_which_nothing_was_recorded_cannot_be_told():
    optional, off = side(), side(policy=SignOnPolicy(2, SecondStep.OFF))

    assert compare(recorded(has_second_step=None), off, optional) == Compared(
        Change.CANNOT_TELL, facts=("second step",)
    )


def test_more_unknown_facts_than_can_be_tried_cannot_be_told():
    many = Said(ALLOWED, tuple(fork(DENIED, number, (f"fact {number}",)) for number in range(7)))

    assert compare(recorded(), side(ALLOWED), side(many)).change is Change.CANNOT_TELL


def test_a_tally_counts_by_change_and_person_with_three_examples():
    of = recorded()
    pairs = [(replace(of, reference=f"att_{n}"), side(ALLOWED), side(DENIED)) for n in range(5)]

    made = tally([*pairs, (of, side(ALLOWED), side(ALLOWED))])

    assert made.judged == 6
    assert made.count(Change.DENIED) == 5
    ann = made.found[Change.DENIED]["acc_ann"]
    assert ann.count == 5
    assert ann.why == {"the rule": 5}
    assert ann.examples == ["att_0", "att_1", "att_2"]


def test_proofs_too_old_for_a_new_rule_would_be_asked_for_again():
    old = (Proof(Method.PASSWORD, NOON - timedelta(hours=2)),)
    young = Allowed("the rule", Decision(Strength.PASSWORD, "the rule", within=timedelta(hours=1)))

    assert change(ALLOWED, young, old) is Change.ASKED
    assert change(ALLOWED, young) is Change.NONE


@pytest.mark.parametrize("outcome", [ALLOWED, DENIED, SECOND, PASSKEY])
@pytest.mark.parametrize("has", [True, False, None])
def test_an_unchanged_policy_changes_nobody(outcome, has):
    said = Said(outcome, (fork(DENIED), fork(SECOND, "city", ("city",))))

    assert compare(recorded(has_second_step=has), side(said), side(said)).change is Change.NONE


CONDITIONS = st.sampled_from(
    [
        Conditions(),
        Conditions(devices=Devices(known=True)),
        Conditions(devices=Devices(known=False)),
        Conditions(requests=frozenset({RequestKind.SAML})),
        Conditions(people=People(accounts=frozenset({"acc_ann"}))),
        Conditions(people=People(groups=frozenset({"grp_1"}))),
    ]
)
ANSWERS = st.sampled_from(
    [Answer(), Answer(Effect.DENY), Answer(Effect.REQUIRE, Strength.SECOND_STEP), Answer(Effect.REQUIRE, within=HOUR)]
)
RULES = st.lists(
    st.builds(Rule, st.just("rul"), st.just("a rule"), CONDITIONS, ANSWERS, st.sampled_from(Mode)), max_size=5
)
DOCUMENTS = st.builds(
    Rules,
    guards=st.lists(
        st.builds(Rule, st.just("rul"), st.just("a guard rail"), CONDITIONS, st.just(Answer(Effect.DENY))), max_size=2
    ).map(tuple),
    rules=RULES.map(tuple),
    catch_all=st.sampled_from([Answer(), Answer(Effect.DENY)]),
)
CONTEXTS = st.builds(
    Context,
    st.just(NOON),
    st.sampled_from([RequestKind.SAML, RequestKind.BROWSER]),
    st.sampled_from(["acc_ann", "acc_ben"]),
    groups=st.sampled_from([frozenset(), frozenset({"grp_1"})]),
    device_known=st.sampled_from([True, False, None]),
    proofs=st.sampled_from([PASSWORD, WITH_CODE]),
)


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, DOCUMENTS, CONTEXTS)
def test_where_no_rule_that_differs_matches_both_versions_come_to_the_same(before, after, context):
    turns_on = turning(before, after)
    if turns_on is None:
        return
    asked = evaluate(Compiled("", "", 0, turns_on), context)
    if isinstance(asked.outcome, Denied) or asked.uncertain:
        return

    one, other = (side(said(evaluate(Compiled("", "", 0, rules), context))) for rules in (before, after))

    assert compare(Recorded("att_1", context), one, other).change is Change.NONE


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, CONTEXTS)
def test_an_unchanged_document_changes_nobody_whatever_was_recorded(rules, context):
    one, other = (side(said(evaluate(Compiled("", "", 0, rules), context))) for _ in range(2))

    assert turning(rules, rules) == Rules()
    assert compare(Recorded("att_1", context), one, other).change is Change.NONE


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, DOCUMENTS, CONTEXTS)
def test_what_can_be_told_is_what_comes_out_when_the_fact_is_known(before, after, context):
    """Three values are honest: a change that is told holds whichever way the missing fact turns out."""
    changes = {
        compare(
            Recorded("att_1", one),
            *(side(said(evaluate(Compiled("", "", 0, rules), one))) for rules in (before, after)),
        ).change
        for one in (
            [replace(context, device_known=known) for known in (True, False)]
            if context.device_known is None
            else [context]
        )
    }

    told = compare(
        Recorded("att_1", context),
        *(side(said(evaluate(Compiled("", "", 0, rules), context))) for rules in (before, after)),
    ).change

    assert told is Change.CANNOT_TELL or changes == {told}
