"""Rules of release: the narrowest level wins name by name, and nothing that may not leave bears on what is sent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.base.errors import Invalid
from idp.policy.release import Level, Silent, Statement, outcomes, statements
from idp.policy.rules import MOST_RULES, Rule, differences, rules_from_json

ADA = {
    "email": ("ada@example.org",),
    "name": ("Ada",),
    "groups": ("aws-admin", "aws-audit", "Staff"),
    "salary": ("100000",),
}
OPEN = Level("organization", ("email", "name", "groups"))


def rule(name="mail", source="attribute", value="email", **more) -> Rule:
    return Rule(name=name, source=source, value=value, **more)


def sent(*rules: Rule, levels=(OPEN,), attributes=ADA) -> dict[str, tuple[str, ...]]:
    found = statements(attributes, [*levels, Level("application", None, rules)])
    return {one.name: one.values for one in found}


def why(*rules: Rule, levels=(OPEN,), attributes=ADA) -> list[str]:
    found = outcomes(attributes, [*levels, Level("application", None, rules)])
    return [one.because for one in found if isinstance(one, Silent)]


def test_without_a_rule_each_attribute_that_may_leave_goes_under_its_own_name():
    (mail, name, groups) = statements(ADA, [OPEN])

    assert mail == Statement(
        "email",
        "mail",
        "basic",
        "none",
        ("ada@example.org",),
        "there is no rule: what may leave is sent under its own name",
    )
    assert (name.name, groups.values) == ("name", ADA["groups"])


def test_without_a_policy_nothing_is_sent_but_constants():
    """Deny by default: what a person has leaves nowhere; what an administrator wrote is no secret of the person."""
    rules = (rule(), rule("tenant", "constant", "acme"), rule("id", "expression", 'lower(email) + "x"'))

    assert statements(ADA, []) == ()
    assert [one.name for one in statements(ADA, [Level("application", None, rules)])] == ["tenant"]


def test_with_a_rule_only_what_a_rule_says_is_sent():
    assert sent(rule()) == {"mail": ADA["email"]}


def test_a_statement_says_everything_that_the_rule_says_and_where_it_is_from():
    (found,) = statements(
        ADA,
        [
            OPEN,
            Level("site", None, (rule("urn:oid:0.9.1", friendly_name="m", name_format="uri", type="string"),)),
        ],
    )

    assert found == Statement(
        "urn:oid:0.9.1", "m", "uri", "string", ("ada@example.org",), "rule of the site, from the attribute email"
    )


def test_narrower_levels_win_name_by_name():
    levels = [
        Level("organization", ("email", "name"), (rule("a", "constant", "1"), rule("b", "constant", "1"), rule("c", "constant", "1"))),
        Level("site", None, (rule("b", "constant", "2"), rule("c", "constant", "2"))),
        Level("application", None, (rule("c", "constant", "3"), rule("d", "constant", "3"))),
    ]  # fmt: skip

    found = statements(ADA, levels)

    assert [(one.name, one.values[0]) for one in found] == [("a", "1"), ("b", "2"), ("c", "3"), ("d", "3")]
    assert [one.origin.split(",")[0].split()[-1] for one in found] == [
        "organization", "site", "application", "application",
    ]  # fmt: skip


def test_a_narrower_level_takes_back_a_name():
    levels = [Level("organization", ("email",), (rule(), rule("id", "constant", "x")))]

    assert sent(Rule(name="mail", source="nothing"), levels=levels) == {"id": ("x",)}
    assert why(Rule(name="mail", source="nothing"), levels=levels) == ["the rule says so"]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("attribute", "salary"),
        ("expression", "salary"),
        ("expression", 'if(salary contains "1*", "rich", "poor")'),
        ("expression", 'map(salary, "100000", "rich", "poor")'),
        ("expression", "first(email, salary)"),
        ("expression", '"x" + lower(join(salary, ","))'),
    ],
)
def test_x24_a_rule_cannot_reach_what_may_not_leave(source, value):
    """X24: under another name, as a part, through a condition, or as what comes second."""
    made = rule("harmless", source, value, rename={"100000": "high"})

    assert sent(made) == {}
    assert why(made) == ["the attribute salary may not leave: the organization withholds it"]


def test_x24_what_the_application_narrows_its_own_rules_cannot_reach():
    levels = [OPEN, Level("application", ("name",), (rule(), rule("n", value="name")))]

    assert [one.name for one in statements(ADA, levels)] == ["n"]
    assert outcomes(ADA, levels)[0].because == "the attribute email may not leave: the application withholds it"


def test_groups_are_filtered_and_renamed():
    made = rule("role", value="groups", only=("aws-*", "Nobody"), rename={"aws-admin": "Administrator"})

    assert sent(made) == {"role": ("Administrator", "aws-audit")}
    assert why(rule("role", value="groups", only=("gcp-*",))) == ["no value is left after what the rule leaves out"]


def test_what_becomes_the_same_is_sent_once_and_what_becomes_empty_not_at_all():
    rename = {"aws-admin": "role", "aws-audit": "role", "Staff": ""}

    assert sent(rule("role", value="groups", rename=rename)) == {"role": ("role",)}


@pytest.mark.parametrize(
    ("type_", "values", "sent_"),
    [
        ("boolean", ("true", "TRUE", "0", "yes", ""), ("true", "false")),
        ("integer", ("7", "-7", " 8 ", "+1", "1.5", "٣", "", "-", "9" * 65), ("7", "-7", "8", "+1")),
        ("string", ("a", ""), ("a",)),
    ],
)
def test_values_that_do_not_fit_the_type_are_left_out(type_, values, sent_):
    levels = (Level("organization", ("x",)),)

    assert sent(rule("x", value="x", type=type_), levels=levels, attributes={"x": values}) == {"x": sent_}
    assert why(rule("x", value="x", type="integer"), levels=levels, attributes={"x": ("a",)}) == [
        "there is no value of that type"
    ]


def test_why_nothing_is_sent_is_said():
    assert why(rule("phone", "expression", 'first(name) + groups + "x"'), attributes={"name": ("Ada",)}) == [
        "the person has no groups"
    ]
    many = {"groups": tuple(f"g{n}" for n in range(400))}
    assert "too many" in why(rule("x", "expression", "groups + groups"), attributes=many)[0]


GOOD = {"name": "mail", "source": "attribute", "value": "email"}


def test_json_there_and_back():
    values = {
        "name": "https://aws.amazon.com/SAML/Attributes/Role",
        "friendly_name": "Role",
        "name_format": "uri",
        "type": "string",
        "source": "expression",
        "value": 'after(groups, "aws-")',
        "only": ["a*"],
        "rename": {"admin": "Administrator"},
    }
    assert Rule.from_json(json.loads(json.dumps(values))).to_json() == values


def test_what_is_left_out_of_json_is_the_usual():
    assert Rule.from_json(GOOD).to_json() == {
        "name": "mail",
        "friendly_name": "",
        "name_format": "basic",
        "type": "string",
        "source": "attribute",
        "value": "email",
        "only": [],
        "rename": {},
    }
    assert Rule.from_json({**GOOD, "name": "urn:oid:0.9.2342.19200300.100.1.3"}).name_format == "uri"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " mail"}, "name"),
        ({"name": "x" * 513}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"name": "a\x0b"}, "name"),
        ({"name": "a\ufffe"}, "name"),
        ({"name": "a\ud800"}, "name"),
        ({"source": "\ud800"}, "source"),
        ({"only": ["\ud800"]}, "only"),
        ({"rename": {"\ud800": "x"}}, "rename"),
        ({"\ud800": "x"}, "rules"),
        ({"name": 7}, "name"),
        ({"friendly_name": "a\nb"}, "friendly_name"),
        ({"name_format": "urn"}, "name_format"),
        ({"name_format": "uri"}, "name_format"),
        ({"type": "date"}, "type"),
        ({"source": "python"}, "source"),
        ({"source": "nothing"}, "value"),
        ({"value": "os.environ[1]"}, "value"),
        ({"value": ""}, "value"),
        ({"source": "constant", "value": ""}, "value"),
        ({"source": "constant", "value": "a\x08b"}, "value"),
        ({"source": "constant", "value": "a\uffffb"}, "value"),
        ({"source": "constant", "value": "x" * 2049}, "value"),
        ({"source": "constant", "value": "yes", "type": "boolean"}, "value"),
        ({"source": "constant", "value": "1.5", "type": "integer"}, "value"),
        ({"source": "expression", "value": "first("}, "value"),
        ({"only": "aws-*"}, "only"),
        ({"only": [1]}, "only"),
        ({"only": [""]}, "only"),
        ({"only": ["x"] * 51}, "only"),
        ({"rename": []}, "rename"),
        ({"rename": {"a": 1}}, "rename"),
        ({"rename": {"a": "b\x01"}}, "rename"),
        ({"rename": {str(n): "x" for n in range(201)}}, "rename"),
        ({"rename": {"x" * 1025: "y"}}, "rename"),
        ({"regex": ".*"}, "rules"),
    ],
)
def test_x22_what_cannot_be_a_rule_is_refused(change, field):
    """X22: what XML cannot hold is refused when it is written, not when somebody signs on."""
    Rule.from_json(GOOD)
    with pytest.raises(Invalid) as refused:
        Rule.from_json({**GOOD, **change})
    assert refused.value.field == field


def test_what_cannot_be_rules_is_refused():
    assert rules_from_json([]) == ()
    for wrong in ({}, None, "x", [1], [[]], [GOOD, GOOD], [{"name": "x"}], [{"source": "nothing"}]):
        with pytest.raises(Invalid):
            rules_from_json(wrong)
    with pytest.raises(Invalid, match=str(MOST_RULES)):
        rules_from_json([{**GOOD, "name": str(n)} for n in range(MOST_RULES + 1)])


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.sampled_from(["attribute", "uri", "\ud800"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=8,
)


@given(values=st.one_of(JSON, st.dictionaries(st.sampled_from(list(Rule(name="x", source="nothing").to_json())), JSON)))
def test_any_json_is_a_rule_or_is_refused(values):
    """And every refusal can be printed."""
    said = ""
    try:
        Rule.from_json(values)
    except Invalid as refused:
        said = f"{refused.message}{refused.advice}"

    assert said == said.encode().decode()


def test_no_depth_of_json_is_too_deep_to_be_refused():
    deep: object = []
    for _ in range(900):
        deep = [deep]
    for wrong in ({**GOOD, "only": deep}, {**GOOD, "rename": {"x": deep}}, {**GOOD, "value": deep}, deep):
        with pytest.raises(Invalid):
            Rule.from_json(wrong)


def test_differences_say_which_rule_and_what():
    before = (rule(), rule("role", value="groups", only=("a",)), rule("old", "constant", "x"))
    after = (rule(type="none"), rule("role", value="groups", only=("a", "b")), rule("new", "constant", "y"))

    assert differences(before, before) == ()
    assert differences(before, before[::-1]) == ("changed the order",)
    assert differences(before, after) == (
        "added “new” (the constant y [basic])",
        "removed “old” (the constant x [basic])",
        "changed “mail” (type: string → none)",
        "changed “role” (only: a → a, b)",
    )


ALL = ("email", "name", "groups", "salary")
RULES = st.lists(
    st.builds(
        rule,
        name=st.sampled_from("abcd"),
        source=st.just("expression"),
        value=st.sampled_from(
            ["email", "salary", 'first(groups, name) + "x"', 'if(groups contains "S*", name, salary)', '"c"']
        ),
    ),
    max_size=4,
    unique_by=lambda one: one.name,
).map(tuple)
NAMED = st.one_of(st.none(), st.sets(st.sampled_from(ALL)))


@given(
    names=st.tuples(NAMED, NAMED, NAMED),
    rules=st.tuples(RULES, RULES, RULES),
    other=st.dictionaries(st.sampled_from(ALL), st.just(("changed",)), max_size=4),
)
def test_x24_what_may_not_leave_changes_nothing_of_what_is_sent(names, rules, other):
    """X24, as a property: two people who differ only in what may not leave are indistinguishable."""
    levels = [
        Level(level, allowed, rules_)
        for level, allowed, rules_ in zip(("organization", "site", "application"), names, rules, strict=True)
    ]
    allowed = [set(one) for one in names if one is not None]
    leaves = set.intersection(*allowed) if allowed else set()
    twin = {**ADA, **{name: value for name, value in other.items() if name not in leaves}}

    assert statements(twin, levels) == statements(ADA, levels)
