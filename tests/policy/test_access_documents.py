"""The document of an access policy: what is read, what is written, what is refused and where it says so."""

import json
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.base import user_agents
from idp.base.errors import Invalid
from idp.policy.access import documents, words
from idp.policy.access.context import AccountKind, Behaviour, RequestKind
from idp.policy.access.document_writing import rules_to_json
from idp.policy.access.documents import from_text, rules_from_json, with_ids
from idp.policy.access.rules import (
    BROWSERS,
    OPERATING_SYSTEMS,
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
from idp.policy.signon import STRONG_SECOND_STEPS, Method, Strength

WHOLE = {
    "guards": [
        {
            "id": "rul_1",
            "name": "Not from there",
            "conditions": {"networks": {"zones": ["zon_1"], "except_zones": ["zon_2"]}},
            "text": "Come back from elsewhere.",
        }
    ],
    "rules": [
        {
            "id": "rul_2",
            "name": "Everything",
            "mode": "report-only",
            "conditions": {
                "people": {
                    "accounts": ["acc_1"],
                    "groups": ["grp_1", "grp_2"],
                    "kinds": ["guest"],
                    "except_accounts": ["acc_2"],
                    "except_groups": ["grp_3"],
                },
                "targets": {"applications": ["app_1"], "sites": ["sit_1"], "except_applications": ["app_2"]},
                "devices": {
                    "known": False,
                    "certificate": True,
                    "operating_systems": ["Windows"],
                    "browsers": ["Firefox"],
                },
                "requests": ["oidc", "saml"],
                "times": {
                    "zone": "Europe/Berlin",
                    "days": ["mon", "fri"],
                    "begins": "22:00",
                    "ends": "06:00",
                    "not_before": "2030-01-01",
                    "not_after": "2030-12-31",
                },
                "behaviours": ["new-device"],
                "sessions": {
                    "older_than_seconds": 3600,
                    "proven": ["pwd"],
                    "not_proven": ["otp"],
                    "proof_older_than_seconds": 0,
                },
            },
            "answer": {
                "effect": "require",
                "strength": "phishing-resistant",
                "methods": ["passkey", "security-key"],
                "within_seconds": 300,
            },
        }
    ],
    "catch_all": {"effect": "deny", "text": "Not at all."},
}
CONDITIONS = WHOLE["rules"][0]["conditions"]


def put(path: str, value):
    """The whole document with one thing changed."""
    document = deepcopy(WHOLE)
    at = document
    *way, last = path.split(".")
    for step in way:
        at = at[int(step)] if step.isdigit() else at[step]
    at[int(last) if last.isdigit() else last] = value
    return document


def test_the_empty_document_lets_everybody_pass():
    assert rules_from_json({}) == Rules()
    assert rules_from_json({}).trivial
    assert rules_to_json(Rules()) == {}


def test_a_document_is_read_whole():
    rules = rules_from_json(WHOLE)

    assert rules == Rules(
        guards=(
            Rule(
                "rul_1",
                "Not from there",
                Conditions(networks=Networks(frozenset({"zon_1"}), frozenset({"zon_2"}))),
                Answer(Effect.DENY, text="Come back from elsewhere."),
            ),
        ),
        rules=(
            Rule(
                "rul_2",
                "Everything",
                Conditions(
                    people=People(
                        frozenset({"acc_1"}),
                        frozenset({"grp_1", "grp_2"}),
                        frozenset({AccountKind.GUEST}),
                        frozenset({"acc_2"}),
                        frozenset({"grp_3"}),
                    ),
                    targets=Targets(frozenset({"app_1"}), frozenset({"sit_1"}), frozenset({"app_2"})),
                    devices=Devices(False, True, frozenset({"Windows"}), frozenset({"Firefox"})),
                    requests=frozenset({RequestKind.SAML, RequestKind.OIDC}),
                    times=Times(
                        "Europe/Berlin", frozenset({0, 4}), 22 * 60, 6 * 60, date(2030, 1, 1), date(2030, 12, 31)
                    ),
                    behaviours=frozenset({Behaviour.NEW_DEVICE}),
                    sessions=Sessions(
                        timedelta(hours=1), frozenset({Method.PASSWORD}), frozenset({Method.TOTP}), timedelta(0)
                    ),
                ),
                Answer(
                    Effect.REQUIRE,
                    Strength.PHISHING_RESISTANT,
                    frozenset({Method.PASSKEY, Method.SECURITY_KEY}),
                    timedelta(minutes=5),
                ),
                Mode.REPORT_ONLY,
            ),
        ),
        catch_all=Answer(Effect.DENY, text="Not at all."),
    )


def test_what_was_read_is_written_as_it_was():
    assert json.dumps(rules_to_json(rules_from_json(WHOLE))) == json.dumps(WHOLE)


BAD = [
    ("guards", {}, "guards"),
    ("guards", None, "guards"),
    ("guard", [], "rules"),
    ("guards.0", [], "guards[0]"),
    ("guards.0.answer", {"effect": "allow"}, "guards[0]"),
    ("guards.0.text", "", "guards[0].text"),
    ("guards.0.text", "x" * 1001, "guards[0].text"),
    ("guards.0.text", "a\nb", "guards[0].text"),
    ("guards.0.name", "Everything", "rules[0].name"),
    ("guards.0.name", "EVERYTHING", "rules[0].name"),
    ("guards.0.id", "rul_2", "rules[0].id"),
    ("guards.0.id", "../x", "guards[0].id"),
    ("guards.0.id", "catch-all", "guards[0].id"),
    ("guards.0.id", "x" * 65, "guards[0].id"),
    ("rules.0.name", "", "rules[0].name"),
    ("rules.0.name", " x", "rules[0].name"),
    ("rules.0.name", "x" * 121, "rules[0].name"),
    ("rules.0.name", "a\x00b", "rules"),
    ("rules.0.name", "a\ud800", "rules"),
    ("rules.0.name", "a\u0085b", "rules[0].name"),
    ("rules.0.name", 7, "rules[0].name"),
    ("rules.0.mode", "maybe", "rules[0].mode"),
    ("rules.0.mode", ["on"], "rules[0].mode"),
    ("rules.0.text", "no", "rules[0]"),
    ("rules.0.conditions.people", [], "rules[0].conditions.people"),
    ("rules.0.conditions.place", {}, "rules[0].conditions"),
    ("rules.0.conditions.people.group", ["x"], "rules[0].conditions.people"),
    ("rules.0.conditions.people.groups", "grp_1", "rules[0].conditions.people.groups"),
    ("rules.0.conditions.people.groups.1", 1, "rules[0].conditions.people.groups[1]"),
    ("rules.0.conditions.people.groups.1", "", "rules[0].conditions.people.groups[1]"),
    ("rules.0.conditions.people.groups", ["x"] * 501, "rules[0].conditions.people.groups"),
    ("rules.0.conditions.people.kinds", ["break-glass"], "rules[0].conditions.people.kinds[0]"),
    ("rules.0.conditions.people.kinds", ["admin"], "rules[0].conditions.people.kinds[0]"),
    ("rules.0.conditions.devices.known", "yes", "rules[0].conditions.devices.known"),
    ("rules.0.conditions.devices.known", 1, "rules[0].conditions.devices.known"),
    ("rules.0.conditions.devices.browsers", ["firefox"], "rules[0].conditions.devices.browsers[0]"),
    ("rules.0.conditions.devices.operating_systems", ["Window"], "rules[0].conditions.devices.operating_systems[0]"),
    ("rules.0.conditions.requests", ["SAML"], "rules[0].conditions.requests[0]"),
    ("rules.0.conditions.behaviours", ["strange"], "rules[0].conditions.behaviours[0]"),
    ("rules.0.conditions.times.zone", "Mars/Olympus", "rules[0].conditions.times.zone"),
    ("rules.0.conditions.times.zone", "../../etc/passwd", "rules[0].conditions.times.zone"),
    ("rules.0.conditions.times.zone", "/etc/localtime", "rules[0].conditions.times.zone"),
    ("rules.0.conditions.times.zone", "localtime", "rules[0].conditions.times.zone"),
    ("rules.0.conditions.times.zone", "Europe", "rules[0].conditions.times.zone"),
    ("rules.0.conditions.times.days", ["monday"], "rules[0].conditions.times.days[0]"),
    ("rules.0.conditions.times.days", [0], "rules[0].conditions.times.days[0]"),
    ("rules.0.conditions.times.begins", "24:00", "rules[0].conditions.times.begins"),
    ("rules.0.conditions.times.ends", "24:01", "rules[0].conditions.times.ends"),
    ("rules.0.conditions.times.ends", "12:60", "rules[0].conditions.times.ends"),
    ("rules.0.conditions.times.ends", "6:00", "rules[0].conditions.times.ends"),
    ("rules.0.conditions.times.ends", "٠٦:٠٠", "rules[0].conditions.times.ends"),
    ("rules.0.conditions.times.ends", 600, "rules[0].conditions.times.ends"),
    ("rules.0.conditions.times.not_before", "2031-01-01", "rules[0].conditions.times.not_after"),
    ("rules.0.conditions.times.not_before", "20300101", "rules[0].conditions.times.not_before"),
    ("rules.0.conditions.times.not_before", "2030-02-30", "rules[0].conditions.times.not_before"),
    ("rules.0.conditions.sessions.older_than_seconds", -1, "rules[0].conditions.sessions.older_than_seconds"),
    ("rules.0.conditions.sessions.older_than_seconds", 1.5, "rules[0].conditions.sessions.older_than_seconds"),
    ("rules.0.conditions.sessions.older_than_seconds", True, "rules[0].conditions.sessions.older_than_seconds"),
    ("rules.0.conditions.sessions.older_than_seconds", 10**12, "rules[0].conditions.sessions.older_than_seconds"),
    ("rules.0.conditions.sessions.proven", ["password"], "rules[0].conditions.sessions.proven[0]"),
    ("rules.0.answer", {}, "rules[0].answer"),
    ("rules.0.answer", {"effect": "permit"}, "rules[0].answer.effect"),
    ("rules.0.answer", {"effect": "require"}, "rules[0].answer"),
    ("rules.0.answer", {"effect": "require", "strength": "password"}, "rules[0].answer"),
    ("rules.0.answer", {"effect": "allow", "strength": "second-step"}, "rules[0].answer.strength"),
    ("rules.0.answer", {"effect": "allow", "text": "x"}, "rules[0].answer.text"),
    ("rules.0.answer", {"effect": "deny", "within_seconds": 60}, "rules[0].answer.within_seconds"),
    ("rules.0.answer.strength", "any", "rules[0].answer.strength"),
    ("rules.0.answer.methods", ["otp"], "rules[0].answer.methods"),
    ("rules.0.answer.methods", ["pwd"], "rules[0].answer.methods[0]"),
    ("rules.0.answer.methods", ["email-code"], "rules[0].answer.methods[0]"),
    ("rules.0.answer.methods", ["known-device"], "rules[0].answer.methods[0]"),
    ("rules.0.answer.within_seconds", 59, "rules[0].answer.within_seconds"),
    ("catch_all", None, "catch_all"),
    ("catch_all", {}, "catch_all"),
    ("catch_all", [], "catch_all"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "field"), BAD)
def test_what_is_wrong_is_refused_with_its_place(path, value, field):
    with pytest.raises(Invalid) as refused:
        rules_from_json(put(path, value))

    assert refused.value.field == field


def test_a_document_that_is_too_deep_is_refused():
    with pytest.raises(Invalid, match="too deep"):
        rules_from_json(from_text(b'{"rules":' + b"[" * 900 + b"]" * 900 + b"}"))


@pytest.mark.parametrize("document", [None, [], "{}", 0, True])
def test_what_is_no_object_is_no_document(document):
    with pytest.raises(Invalid):
        rules_from_json(document)


@pytest.mark.parametrize("missing", ["name", "answer"])
def test_a_rule_needs_a_name_and_an_answer(missing):
    document = deepcopy(WHOLE)
    del document["rules"][0][missing]

    with pytest.raises(Invalid, match=f"has no {missing}"):
        rules_from_json(document)


@pytest.mark.parametrize("missing", ["begins", "ends"])
def test_hours_have_a_beginning_and_an_end(missing):
    document = deepcopy(WHOLE)
    del document["rules"][0]["conditions"]["times"][missing]

    with pytest.raises(Invalid, match="has one of begins and ends"):
        rules_from_json(document)


def test_a_policy_has_at_most_200_rules():
    def many(guards, rules):
        return {
            "guards": [{"name": f"g{n}"} for n in range(guards)],
            "rules": [{"name": f"r{n}", "answer": {"effect": "allow"}} for n in range(rules)],
        }

    assert len(rules_from_json(many(100, 100)).rules) == 100
    with pytest.raises(Invalid, match="at most 200"):
        rules_from_json(many(100, 101))


@pytest.mark.parametrize("text", [b"", b"{", b"{]", b"\xff", b"[" * 100_000, b"{'guards': []}"])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(Invalid, match="not JSON"):
        from_text(text)


def test_a_name_that_stands_twice_is_refused():
    """Else the guard rails of the first would be lost without a word."""
    with pytest.raises(Invalid, match="“guards” stands twice"):
        from_text(b'{"guards": [{"name": "No"}], "rules": [], "guards": []}')


def test_a_rule_without_an_id_keeps_that_of_the_rule_of_its_name():
    before = rules_from_json(WHOLE)
    after = replace(before, rules=(replace(before.rules[0], id=""), Rule("", "New")), guards=())

    found = with_ids(after, lambda: "rul_new", before=before)

    assert [rule.id for rule in found.rules] == ["rul_2", "rul_new"]


def test_an_id_that_another_rule_has_taken_is_not_given_twice():
    before = rules_from_json(WHOLE)
    after = Rules(rules=(Rule("rul_2", "Other"), Rule("", "Everything")))

    assert [rule.id for rule in with_ids(after, lambda: "rul_new", before=before).rules] == ["rul_2", "rul_new"]


def test_everything_that_rules_name_is_found():
    assert documents.named(rules_from_json(WHOLE)) == {
        "account": {"acc_1", "acc_2"},
        "group": {"grp_1", "grp_2", "grp_3"},
        "application": {"app_1", "app_2"},
        "site": {"sit_1"},
        "zone": {"zon_1", "zon_2"},
    }


def test_rules_can_name_every_family_that_browsers_are_read_as():
    assert set(BROWSERS) == {family for _, family, _ in user_agents._BROWSERS}
    assert set(OPERATING_SYSTEMS) == {family for _, family, _, _ in user_agents._SYSTEMS}


def test_a_rule_is_a_sentence():
    assert words.sentences(rules_from_json(WHOLE), {"zon_1": "Tor", "zon_2": "Office", "grp_1": "Staff"}) == (
        "guard rail “Not from there”: if the address is in Tor, but not in Office: deny (“Come back from elsewhere.”)",
        "1. “Everything” [report-only]: if it is a sign-on by OpenID Connect or a sign-on by SAML, and it is for app_1 or"
        " an application of sit_1, except app_2, and the person is acc_1 or is in one of the groups Staff or grp_2 or is"
        " a guest, except acc_2 and who is in grp_3, and the device is not known, and the device presents a client"
        " certificate, and the operating system is Windows, and the browser is Firefox, and there is a new device, and"
        " the password was proven, and a code from an authenticator app was not proven, and the session is older than"
        " 1 hour, and the last proof is older than 0 seconds, and it is on Monday, Friday, from 22:00 to 06:00, not"
        " before 2030-01-01, not after 2030-12-31 (Europe/Berlin): require a phishing-resistant second step and a"
        " passkey or a security key, not older than 5 minutes",
        "otherwise: deny (“Not at all.”)",
    )


def test_differences_are_told_rule_by_rule():
    before = rules_from_json({"rules": [{"id": "a", "name": "A", "answer": {"effect": "allow"}}, {"id": "b", "name": "B", "answer": {"effect": "deny"}}]})  # fmt: skip
    after = rules_from_json({"guards": [{"id": "g", "name": "G"}], "rules": [{"id": "b", "name": "B", "mode": "off", "answer": {"effect": "deny"}}, {"id": "c", "name": "A", "answer": {"effect": "allow"}}], "catch_all": {"effect": "require", "strength": "second-step"}})  # fmt: skip

    assert words.differences(before, after, {}) == (
        "added the guard rail “G” (always: deny)",
        "added the rule “A” (always: allow)",
        "removed the rule “A” (always: allow)",
        "changed the rule “B” (always: deny) → “B” [off] (always: deny)",
        "changed what holds otherwise: allow → require a second step",
    )


def test_a_new_order_of_rules_is_a_difference_and_one_of_guard_rails_is_none():
    rules = tuple(Rule(name, name.upper()) for name in "abc")

    assert words.differences(Rules(rules=rules), Rules(rules=rules[::-1]), {}) == (
        "changed the order of the rules: “C”, “B”, “A”",
    )
    assert words.differences(Rules(guards=rules), Rules(guards=rules[::-1]), {}) == ()


# --- properties

texts = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)
spans = st.none() | st.integers(60, 86400).map(lambda seconds: timedelta(seconds=seconds))
some = st.frozensets(texts, max_size=3)
answers = st.one_of(
    st.just(Answer()),
    st.builds(Answer, st.just(Effect.DENY), text=st.just("") | texts),
    st.builds(
        Answer,
        st.just(Effect.REQUIRE),
        st.sampled_from([Strength.SECOND_STEP, Strength.PHISHING_RESISTANT]),
        st.frozensets(st.sampled_from(sorted(STRONG_SECOND_STEPS)), max_size=2).map(lambda m: m | {Method.PASSKEY}),
        spans,
    ),
)
conditions = st.builds(
    Conditions,
    people=st.builds(People, some, some, st.frozensets(st.sampled_from([AccountKind.MEMBER, AccountKind.GUEST])), some, some),
    targets=st.builds(Targets, some, some, some),
    networks=st.builds(Networks, some, some),
    devices=st.builds(
        Devices,
        st.none() | st.booleans(),
        st.none() | st.booleans(),
        st.frozensets(st.sampled_from(OPERATING_SYSTEMS)),
        st.frozensets(st.sampled_from(BROWSERS)),
    ),
    requests=st.frozensets(st.sampled_from(list(RequestKind))),
    times=st.none()
    | st.builds(
        Times,
        st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"]),
        st.frozensets(st.integers(0, 6), min_size=1),
        *(st.integers(0, 1439), st.integers(0, 1440)),
        st.none() | st.dates(date(2000, 1, 1), date(2029, 12, 31)),
        st.none() | st.dates(date(2030, 1, 1), date(2100, 1, 1)),
    ),
    behaviours=st.frozensets(st.sampled_from(list(Behaviour))),
    sessions=st.builds(
        Sessions, spans, st.frozensets(st.sampled_from(list(Method))), st.frozensets(st.sampled_from(list(Method))), spans
    ),
)  # fmt: skip


@given(st.lists(st.tuples(conditions, answers, st.sampled_from(list(Mode)), texts), max_size=4), answers)
def test_whatever_is_written_is_read_as_it_was(made, catch_all):
    rules = Rules(
        guards=tuple(
            Rule(f"g{n}", f"guard {n}", asked, Answer(Effect.DENY, text=text), mode)
            for n, (asked, _, mode, text) in enumerate(made)
        ),
        rules=tuple(Rule(f"r{n}", f"rule {n}", *one[:3]) for n, one in enumerate(made)),
        catch_all=catch_all,
    )
    written = json.dumps(rules_to_json(rules))

    assert rules_from_json(json.loads(written)) == rules
    assert json.dumps(rules_to_json(rules_from_json(json.loads(written)))) == written
    assert words.sentences(rules, {})


nested = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["guards", "rules", "name", "conditions", "answer", "effect", "times"]), inner
        )
    ),
    max_leaves=20,
)


@given(nested)
def test_nothing_but_a_refusal_comes_of_a_document_that_is_none(document):
    with suppress(Invalid):
        assert rules_from_json(rules_to_json(rules_from_json(document))) == rules_from_json(document)
