"""The dispatcher comes to an end from wherever it is asked, and never with less than was asked for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from idp.policy.access.outcome import ALLOWED, Allowed, Denied
from idp.policy.signon import (
    ENROLLABLE,
    FIRST_STEPS,
    SECOND_STEPS,
    Decision,
    Method,
    Proof,
    SecondStep,
    SignOnPolicy,
    Strength,
    meets,
)
from idp.signon.flow import (
    AskConsent,
    AskFirstStep,
    AskSecondStep,
    ChangePassword,
    Complete,
    EnrolSecondStep,
    Facts,
    OpenSession,
    Refuse,
    decision,
    next_step,
    session_decision,
    usable,
)
from idp.signon.request import SignOnRequest

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ANN, MOST_STEPS = "acc_ann", 8

ages = st.sampled_from([timedelta(0), timedelta(minutes=4), timedelta(minutes=40)])
proofs = st.lists(
    st.builds(
        lambda method, age, fresh: Proof(method, NOON - age, fresh), st.sampled_from(Method), ages, st.booleans()
    ),
    max_size=4,
    unique_by=lambda proof: proof.method,
).map(tuple)
demands = st.builds(
    Decision,
    required=st.sampled_from(Strength),
    rule=st.just("a rule"),
    any_of=st.lists(st.frozensets(st.sampled_from(sorted(SECOND_STEPS)), min_size=1), max_size=1).map(tuple),
    within=st.sampled_from([None, timedelta(0), timedelta(minutes=5)]),
)
outcomes = st.one_of(st.just(ALLOWED), st.just(Denied("a rule")), st.builds(Allowed, st.just("a rule"), demands))
allowed_methods = st.tuples(
    st.sampled_from([Method.PASSWORD, Method.PASSKEY]), st.frozensets(st.sampled_from(Method))
).map(lambda drawn: drawn[1] | {drawn[0]})
policies = st.builds(
    SignOnPolicy, st.just(1), st.sampled_from(SecondStep), allowed_methods, st.booleans(), st.booleans()
)
requests = st.builds(
    SignOnRequest,
    organization_id=st.just("org_a"),
    site_id=st.just("sit_a"),
    application_id=st.just("app_a"),
    application_name=st.just("Wiki"),
    resume_url=st.just("/resume"),
    passive=st.booleans(),
    force=st.booleans(),
    max_age=st.sampled_from([None, timedelta(0), timedelta(minutes=10)]),
    asked=st.sampled_from([None, *Strength]),
    asked_if_possible=st.booleans(),
    account_hint=st.sampled_from(["", ANN, "acc_bob"]),
)


@st.composite
def facts(draw) -> Facts:
    policy = draw(policies)
    known = draw(st.booleans())
    return Facts(
        now=NOON,
        cancelled=draw(st.integers(0, 19)) == 0,
        account_id=ANN if known else None,
        proofs=draw(proofs) if known else (),
        unsaved=known and draw(st.booleans()),
        policy=policy,
        second_steps=draw(st.frozensets(st.sampled_from(sorted(SECOND_STEPS - {Method.KNOWN_DEVICE}))))
        & policy.methods,
        allowed=draw(st.integers(0, 4)) > 0,
        consent_missing=draw(st.booleans()),
        session_access=draw(outcomes),
        application_access=draw(outcomes),
        new_password=draw(st.sampled_from(["", "forced"])),
        put_off=draw(st.booleans()),
    )


def obeyed(step, now: Facts, draw) -> Facts:
    """The facts after the person did what *step* says."""

    def proven(method: Method) -> Facts:
        kept = tuple(proof for proof in now.proofs if proof.method is not method)
        return replace(now, account_id=ANN, proofs=(*kept, Proof(method, NOON, fresh=True)), unsaved=True)

    match step:
        case AskFirstStep():
            return proven(draw(st.sampled_from(sorted(FIRST_STEPS & now.policy.methods))))
        case AskSecondStep(methods=methods):
            assert methods <= now.second_steps
            return proven(draw(st.sampled_from(sorted(methods))))
        case EnrolSecondStep(methods=methods, may_put_off=may_put_off):
            assert methods <= ENROLLABLE & now.policy.methods
            if may_put_off and draw(st.booleans()):
                return replace(now, put_off=True)
            method = draw(st.sampled_from(sorted(methods)))
            return replace(proven(method), second_steps=now.second_steps | {method})
        case ChangePassword():
            return replace(now, new_password="")
        case OpenSession():
            return replace(now, unsaved=False)
        case AskConsent():
            return replace(now, consent_missing=False)
    raise AssertionError(step)


@settings(max_examples=1500, deadline=None)
@given(requests, facts(), st.data())
def test_whoever_obeys_comes_to_an_end_and_has_proven_what_was_asked(request, now, data):
    seen = []
    for _ in range(MOST_STEPS + 1):
        step = next_step(request, now)
        seen.append(step)
        if isinstance(step, Complete | Refuse):
            break
        assert not request.passive or isinstance(step, OpenSession)
        if isinstance(step, OpenSession):
            assert meets(session_decision(now), usable(request, now), NOON)
        now = obeyed(step, now, data.draw)
    assert isinstance(seen[-1], Complete | Refuse), seen
    if isinstance(seen[-1], Complete):
        assert not now.unsaved
        assert meets(session_decision(now), usable(request, now), NOON)
        assert meets(decision(request, now), usable(request, now), NOON)


@settings(max_examples=500, deadline=None)
@given(requests, facts())
def test_a_method_that_is_not_allowed_counts_for_nothing(request, now):
    without = replace(now, proofs=tuple(proof for proof in now.proofs if proof.method in now.policy.methods))

    assert next_step(request, now) == next_step(request, without)


@settings(max_examples=500, deadline=None)
@given(requests, facts())
def test_without_grace_nothing_can_be_put_off(request, now):
    step = next_step(request, replace(now, policy=replace(now.policy, may_put_off=False)))

    assert not (isinstance(step, EnrolSecondStep) and step.may_put_off)
