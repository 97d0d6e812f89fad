"""The evaluator: guard rails, first match, catch-all, report-only, three values, the trace."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.policy.access.context import AccountKind, Behaviour, Context, RequestKind
from idp.policy.access.evaluate import CATCH_ALL, Compiled, Evaluation, evaluate
from idp.policy.access.networks import CompiledZone, compile_zone
from idp.policy.access.outcome import Allowed, Denied
from idp.policy.access.rules import (
    Answer,
    Conditions,
    Devices,
    Effect,
    Mode,
    Networks,
    People,
    Rule,
    Rules,
    Sessions,
    Targets,
    Times,
)
from idp.policy.signon import Decision, Method, Proof, Strength

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ALLOW, DENY = Answer(), Answer(Effect.DENY, text="Not from here.")
STRONG = Answer(Effect.REQUIRE, Strength.PHISHING_RESISTANT, within=timedelta(hours=1))
KNOWN, UNKNOWN = Conditions(devices=Devices(known=True)), Conditions(devices=Devices(known=False))
CONTEXT = Context(at=NOON, request=RequestKind.SAML, account_id="ann", device_known=True)
ZONES = {"one": compile_zone(["192.0.2.0/24"], [], [], []), "two": compile_zone([], [], ["DE"], [])}


def rule(id_="r", conditions=KNOWN, answer=ALLOW, mode=Mode.ON):
    return Rule(id_, id_.upper(), conditions, answer, mode)


def guard(id_="g", conditions=KNOWN, mode=Mode.ON):
    return Rule(id_, id_.upper(), conditions, DENY, mode)


def said(guards=(), rules=(), catch_all=ALLOW, context=CONTEXT, **how) -> Evaluation:
    return evaluate(Compiled("p", "Sessions", 3, Rules(tuple(guards), tuple(rules), catch_all), ZONES), context, **how)


def test_the_empty_policy_allows_and_asks_for_nothing():
    assert said().outcome == Allowed("access-policy Sessions: catch-all")
    assert Compiled("p", "P", 1, Rules()).trivial


def test_a_policy_with_a_rule_is_not_trivial_unless_it_is_switched_off():
    assert not Compiled("p", "P", 1, Rules(rules=(rule(),))).trivial
    assert not Compiled("p", "P", 1, Rules(rules=(rule(mode=Mode.REPORT_ONLY),))).trivial
    assert not Compiled("p", "P", 1, Rules(catch_all=STRONG)).trivial
    assert Compiled("p", "P", 1, Rules(rules=(rule(mode=Mode.OFF),))).trivial


def test_a_guard_rail_denies_whatever_the_rules_allow():
    found = said([guard()], [rule()])

    assert found.outcome == Denied("access-policy Sessions: G", "Not from here.")
    assert found.rule_id == "g"


def test_a_guard_rail_that_does_not_match_changes_nothing():
    assert said([guard(conditions=UNKNOWN)], [rule(answer=STRONG)]).rule_id == "r"


def test_the_first_rule_that_matches_answers():
    rules = [rule("a", UNKNOWN, DENY), rule("b", KNOWN, STRONG), rule("c", KNOWN, DENY)]

    assert said(rules=rules).rule_id == "b"
    assert said(rules=reversed(rules)).rule_id == "c"


def test_the_catch_all_answers_where_no_rule_does():
    assert said(rules=[rule(conditions=UNKNOWN)], catch_all=DENY).outcome == Denied(
        "access-policy Sessions: catch-all", "Not from here."
    )


def test_what_a_rule_requires_is_a_demand_that_no_weak_step_satisfies():
    answer = Answer(Effect.REQUIRE, Strength.SECOND_STEP, frozenset({Method.TOTP}), timedelta(minutes=5))

    found = said(rules=[rule(answer=answer)]).outcome

    words = "access-policy Sessions: R"
    assert found == Allowed(
        words,
        Decision(Strength.SECOND_STEP, words, any_of=(frozenset({Method.TOTP}),), within=timedelta(minutes=5)),
    )
    assert not found.requires.weak_suffices


@pytest.mark.parametrize("explain", [False, True])
def test_a_rule_in_report_only_decides_nothing_and_is_reported(explain):
    found = said(
        [guard("g", mode=Mode.REPORT_ONLY)], [rule("a", answer=DENY, mode=Mode.REPORT_ONLY), rule("b")], explain=explain
    )

    assert found.rule_id == "b"
    assert [(one.rule_id, one.kind, type(one.outcome)) for one in found.report] == [
        ("g", "guard", Denied),
        ("a", "rule", Denied),
    ]


def test_only_what_would_have_been_reached_is_reported():
    late = [rule("a"), rule("b", answer=DENY, mode=Mode.REPORT_ONLY)]

    assert said(rules=late).report == ()
    assert said([guard()], [rule("b", mode=Mode.REPORT_ONLY)]).report == ()
    assert [one.rule_id for one in said([guard(), guard("h", mode=Mode.REPORT_ONLY)]).report] == ["h"]


def test_a_rule_that_is_switched_off_neither_decides_nor_is_reported():
    found = said([guard(mode=Mode.OFF)], [rule(answer=DENY, mode=Mode.OFF)], explain=True)

    assert (found.rule_id, found.report) == (CATCH_ALL, ())
    assert [(step.matched, step.why) for step in found.trace[:2]] == [(False, "it is switched off")] * 2


UNRECORDED = replace(CONTEXT, device_known=None)


@pytest.mark.parametrize(
    ("guards", "rules", "catch_all", "rule_id", "uncertain"),
    [
        ([guard()], [], ALLOW, CATCH_ALL, ("device_known",)),
        ([guard()], [], DENY, CATCH_ALL, ()),
        ([], [rule(answer=STRONG)], ALLOW, CATCH_ALL, ("device_known",)),
        ([], [rule(answer=STRONG)], STRONG, CATCH_ALL, ()),
        ([], [rule("a", answer=DENY), rule("b", Conditions(), DENY)], ALLOW, "b", ()),
        ([], [rule("a", answer=ALLOW), rule("b", Conditions(), DENY)], ALLOW, "b", ("device_known",)),
        ([], [rule("a", Conditions(), STRONG), rule("b", answer=DENY)], ALLOW, "a", ()),
        ([guard("g"), guard("h", Conditions())], [], ALLOW, "h", ()),
        ([], [rule("a", answer=DENY, mode=Mode.REPORT_ONLY)], ALLOW, CATCH_ALL, ()),
    ],
)
def test_what_cannot_be_told_is_no_match_and_is_named_where_the_outcome_turns_on_it(
    guards, rules, catch_all, rule_id, uncertain
):
    found = said(guards, rules, catch_all, UNRECORDED)

    assert (found.rule_id, found.uncertain) == (rule_id, uncertain)


def test_every_fact_for_want_of_which_it_cannot_be_told_is_named():
    conditions = Conditions(
        people=People(groups=frozenset({"staff"}), kinds=frozenset({AccountKind.GUEST})),
        networks=Networks(frozenset({"one", "two"})),
        devices=Devices(True, True, frozenset({"Linux"}), frozenset({"Firefox"})),
        behaviours=frozenset({Behaviour.NEW_DEVICE}),
        sessions=Sessions(older_than=timedelta(hours=1), proven=frozenset({Method.TOTP})),
    )
    nothing = {
        one.name: None for one in fields(Context) if "None" in str(one.type) and one.name != "session_started_at"
    }

    found = said([guard(conditions=conditions)], context=replace(CONTEXT, **nothing, session_known=False))

    assert set(found.uncertain) == {
        *("ip", "country", "kind", "groups", "device_known", "operating_system", "browser", "certificate"),
        *("behaviours", "proofs", "session_started_at"),
    }


def test_the_trace_has_a_line_for_every_rule_in_order():
    found = said(
        [guard("g", UNKNOWN)],
        [rule("a", UNKNOWN), rule("b", KNOWN, STRONG), rule("c", KNOWN, DENY)],
        explain=True,
    )

    assert [(step.rule_id, step.kind, step.matched, step.why) for step in found.trace] == [
        ("g", "guard", False, "only if the device is not known, but it is known"),
        ("a", "rule", False, "only if the device is not known, but it is known"),
        ("b", "rule", True, "the device is known"),
        ("c", "rule", True, "the device is known; not reached: “B” decided"),
        ("catch-all", "catch-all", False, "not reached: “B” decided"),
    ]


def test_the_trace_calls_things_by_their_names():
    conditions = Conditions(
        people=People(groups=frozenset({"grp_1"})), networks=Networks(except_zones=frozenset({"one"}))
    )
    found = said([guard(conditions=conditions)], explain=True, context=replace(CONTEXT, groups=frozenset({"grp_1"}), ip="192.0.2.1"), names={"grp_1": "Staff", "one": "Office", "ann": "ann@acme.example"})  # fmt: skip

    assert found.trace[0].why == "only if the address is not in Office, but 192.0.2.1 is in Office"


def test_each_zone_is_looked_up_at_most_once(monkeypatch):
    looked_up = []
    real = CompiledZone.contains
    monkeypatch.setattr(CompiledZone, "contains", lambda *of: looked_up.append(of[0]) or real(*of))
    office = Conditions(networks=Networks(frozenset({"one"}), frozenset({"two"})))
    context = replace(CONTEXT, ip="192.0.2.1", country="DE")

    said([guard(conditions=office)] * 3, [rule(f"r{n}", office) for n in range(20)], context=context, explain=True)

    assert looked_up == [ZONES["one"], ZONES["two"]]


# --- properties

ids = st.sampled_from(["ann", "bob"])
groups = st.frozensets(st.sampled_from(["staff", "guests"]))
conditions = st.builds(
    Conditions,
    people=st.builds(
        People,
        accounts=st.frozensets(ids, max_size=1),
        groups=groups,
        kinds=st.frozensets(st.sampled_from([AccountKind.MEMBER, AccountKind.GUEST])),
        except_accounts=st.frozensets(ids, max_size=1),
        except_groups=groups,
    )
    | st.just(People()),
    targets=st.builds(Targets, applications=st.frozensets(st.just("wiki"))) | st.just(Targets()),
    networks=st.builds(
        Networks,
        zones=st.frozensets(st.sampled_from(["one", "two", "gone"]), max_size=2),
        except_zones=st.frozensets(st.sampled_from(["one", "two"]), max_size=1),
    )
    | st.just(Networks()),
    devices=st.builds(Devices, known=st.none() | st.booleans(), certificate=st.none() | st.booleans()),
    requests=st.frozensets(st.sampled_from([RequestKind.SAML, RequestKind.OIDC]), max_size=1),
    times=st.none() | st.builds(Times, days=st.frozensets(st.integers(0, 6))),
    behaviours=st.frozensets(st.sampled_from(list(Behaviour)), max_size=2),
    sessions=st.builds(
        Sessions, proven=st.frozensets(st.just(Method.TOTP)), older_than=st.none() | st.just(timedelta(hours=1))
    ),
)
answers = st.sampled_from([ALLOW, DENY, STRONG, Answer(Effect.REQUIRE, Strength.SECOND_STEP)])
modes = st.sampled_from([Mode.ON, Mode.ON, Mode.REPORT_ONLY, Mode.OFF])


def numbered(kind: str, answer: Answer | None):
    def named(made: list[tuple[Conditions, Answer, Mode]]) -> tuple[Rule, ...]:
        return tuple(
            Rule(f"{kind}{place}", f"{kind}{place}", one[0], answer or one[1], one[2]) for place, one in enumerate(made)
        )

    return st.lists(st.tuples(conditions, answers, modes), max_size=5).map(named)


policies = st.builds(Rules, guards=numbered("g", DENY), rules=numbered("r", None), catch_all=answers)
contexts = st.builds(
    Context,
    at=st.datetimes(datetime(2029, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    request=st.sampled_from([RequestKind.SAML, RequestKind.OIDC, RequestKind.TOKEN]),
    account_id=ids | st.just(""),
    kind=st.none() | st.sampled_from([AccountKind.MEMBER, AccountKind.GUEST]),
    groups=st.none() | groups,
    application_id=st.sampled_from(["", "wiki"]),
    ip=st.none() | st.sampled_from(["", "192.0.2.1", "198.51.100.1"]),
    country=st.none() | st.sampled_from(["", "DE", "FR"]),
    device_known=st.none() | st.booleans(),
    certificate=st.none() | st.sampled_from(["", "CN=laptop"]),
    behaviours=st.none() | st.frozensets(st.sampled_from(list(Behaviour)), max_size=2),
    proofs=st.sampled_from([(), (Proof(Method.TOTP, NOON),)]),
    session_started_at=st.none() | st.just(NOON),
    session_known=st.booleans(),
)


def of(rules: Rules, context: Context, **how) -> Evaluation:
    return evaluate(Compiled("p", "P", 1, rules, ZONES), context, **how)


def substance(found: Evaluation):
    if isinstance(found.outcome, Denied):
        return "denied"
    wanted = found.outcome.requires
    return None if wanted is None else replace(wanted, rule="")


@settings(max_examples=300)
@given(policies, contexts)
def test_the_first_match_wins_and_the_trace_agrees_with_the_outcome(rules, context):
    found = of(rules, context, explain=True)

    assert len(found.trace) == len(rules.guards) + len(rules.rules) + 1
    decider = next(step for step in found.trace if step.matched and step.mode is Mode.ON)
    assert decider.rule_id == found.rule_id
    by_id = {one.id: one.answer for one in (*rules.guards, *rules.rules)} | {CATCH_ALL: rules.catch_all}
    assert isinstance(found.outcome, Denied) is (by_id[found.rule_id].effect is Effect.DENY)
    assert all(step.why for step in found.trace)


@given(policies, contexts)
def test_to_explain_changes_nothing(rules, context):
    assert replace(of(rules, context, explain=True), trace=()) == of(rules, context)


@given(policies, contexts, st.randoms(use_true_random=False))
def test_the_order_of_guard_rails_does_not_matter(rules, context, random):
    shuffled = list(rules.guards)
    random.shuffle(shuffled)

    one, other = of(rules, context), of(replace(rules, guards=tuple(shuffled)), context)

    assert (substance(one), one.uncertain) == (substance(other), other.uncertain)
    assert {said.rule_id for said in one.report} == {said.rule_id for said in other.report}


@given(policies, contexts, conditions, answers, st.integers(0, 5), st.booleans())
def test_a_report_only_rule_never_changes_the_outcome(rules, context, asked, answer, place, as_guard):
    added = Rule("new", "new", asked, DENY if as_guard else answer, Mode.REPORT_ONLY)
    part = "guards" if as_guard else "rules"
    there = getattr(rules, part)
    with_it = replace(rules, **{part: (*there[:place], added, *there[place:])})

    one, other = of(rules, context), of(with_it, context)

    assert (one.outcome, one.rule_id, one.uncertain) == (other.outcome, other.rule_id, other.uncertain)


FILLED = {
    "kind": [AccountKind.MEMBER, AccountKind.GUEST],
    "groups": [frozenset(), frozenset({"staff"}), frozenset({"guests"}), frozenset({"staff", "guests"})],
    "ip": ["", "192.0.2.1"],
    "country": ["", "DE"],
    "device_known": [True, False],
    "certificate": ["", "CN=laptop"],
    "behaviours": [frozenset(), *(frozenset({one}) for one in Behaviour), frozenset(Behaviour)],
}


@settings(max_examples=400)
@given(policies, contexts, st.data())
def test_what_is_certain_stays_so_whatever_the_facts_were_that_were_not_recorded(rules, context, data):
    """Unknown never silently counts as a match, nor as none: else the facts are named."""
    told = {
        name: data.draw(st.sampled_from(values)) for name, values in FILLED.items() if getattr(context, name) is None
    }
    if not context.session_known:
        told |= {
            "session_known": True,
            "proofs": data.draw(st.sampled_from([(), (Proof(Method.TOTP, NOON),)])),
            "session_started_at": data.draw(st.none() | st.just(context.at - timedelta(days=1))),
        }
        context = replace(context, session_started_at=None)

    if not of(rules, context).uncertain:
        assert substance(of(rules, replace(context, **told))) == substance(of(rules, context))


@given(policies, contexts)
def test_a_context_in_which_everything_is_known_is_never_uncertain(rules, context):
    known = {name: values[0] for name, values in FILLED.items() if getattr(context, name) is None}
    zones = ZONES | {"gone": compile_zone([], [], [], [])}

    found = evaluate(Compiled("p", "P", 1, rules, zones), replace(context, **known, session_known=True))

    assert found.uncertain == ()
