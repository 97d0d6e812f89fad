"""All rules of a person share one budget of work: the worst policy delays nobody's sign-on (I14)."""

from time import process_time

import pytest

from idp.policy.budget import NONE_LEFT
from idp.policy.expressions import LONGEST_VALUE
from idp.policy.release import Level, Policy, Silent, Statement, outcomes, statements
from idp.policy.rules import MOST_PATTERNS, MOST_RULES, Rule

SHORT = tuple(str(number) for number in range(1000))
LONG = tuple("a" * (LONGEST_VALUE - 1) + str(number % 10) for number in range(50))
EMPTY = tuple("" for _ in range(1000))


def lower(depth: int) -> str:
    return "lower(" * depth + "groups" + ")" * depth


NESTED = "first(" + ", ".join([f'if({lower(10)} contains "z", "z")'] * 8) + ")"
HARD = "a" * 48 + "b" + "a" * 48
WORST: dict[str, tuple[tuple[str, ...], dict]] = {
    "many steps": (SHORT, {"value": NESTED}),
    "steps over nothing": (EMPTY, {"value": NESTED}),
    "values left out": (SHORT, {"value": f'join(after({lower(12)}, "x"), "")'}),
    "every pair": (SHORT[:31], {"value": "groups + groups"}),
    "long values": (LONG, {"value": lower(14)}),
    "replacing": (LONG, {"value": f'replace(groups, "{HARD}", "x")'}),
    "searching": (LONG, {"value": f'before(groups, "{HARD}")'}),
    "replacing each": (LONG, {"value": 'replace(groups, "a", "b")'}),
    "searching in a condition": (LONG, {"value": f'if(groups contains "*{HARD}*", "x", "y")'}),
    "plain patterns": (SHORT, {"source": "attribute", "value": "groups", "only": ("x*",) * MOST_PATTERNS}),
    "patterns": (LONG, {"source": "attribute", "value": "groups", "only": (f"*{HARD}*",) * MOST_PATTERNS}),
    "many parts": (LONG, {"source": "attribute", "value": "groups", "only": ("*a" * 126 + "*b*",) * MOST_PATTERNS}),
    "renamed": (SHORT, {"source": "attribute", "value": "groups", "rename": {str(n): "x" for n in range(200)}}),
    "typed": (SHORT, {"source": "attribute", "value": "groups", "type": "integer"}),
}  # fmt: skip


def policy(values: dict) -> Policy:
    """As many such rules as three levels can have, and one after them all."""
    made = {"source": "expression"} | values
    levels = ["organization", "site", "application"]
    rules = {level: tuple(Rule(f"{level}{n}", **made) for n in range(MOST_RULES)) for level in levels}
    rules["application"] = (*rules["application"][1:], Rule("last", "expression", "lower(email)"))
    return Policy(Level(level, ["groups", "email"], rules[level]) for level in levels)


@pytest.mark.parametrize("worst", WORST)
def test_i14_the_worst_policy_takes_less_than_50_ms(worst):
    groups, values = WORST[worst]
    person, of = {"groups": groups, "email": ("Ann@acme.example",)}, policy(values)
    assert len(of.ready) == 3 * MOST_RULES

    took = []
    while len(took) < 40 and min(took, default=1) >= 0.05:  # on a machine that others use it takes some tries
        began = process_time()
        statements(person, of)
        took.append(process_time() - began)

    assert min(took) < 0.05


def test_what_did_not_fit_is_not_sent_and_is_said_to_be_so():
    person = {"groups": SHORT, "email": ("Ann@acme.example",)}
    of = policy({"value": lower(1)})

    found = outcomes(person, of)

    sent = [one for one in found if isinstance(one, Statement)]
    silent = [one for one in found if isinstance(one, Silent)]
    assert found == (*sent, *silent), "the first ones fit, and none after the first that does not"
    assert sent
    assert all(one.values == SHORT for one in sent), "a rule's values are sent all, or none"
    assert {one.because for one in silent} == {NONE_LEFT}
    assert silent[-1].name == "last"
    assert statements(person, of) == tuple(sent)


def test_what_is_sent_as_it_is_needs_no_work_and_is_always_sent():
    person = {"groups": SHORT, "email": ("ann@acme.example",)}
    rules = (*(Rule(f"r{n}", "expression", lower(12)) for n in range(90)), Rule("mail", "attribute", "email"))

    assert statements(person, [Level("site", ["groups", "email"], rules)])[-1].values == ("ann@acme.example",)


def test_a_person_of_a_thousand_groups_fits_into_an_ordinary_policy():
    groups = tuple(f"cn=group-{number},ou=groups,dc=example" for number in range(1000))
    rules = (
        Rule("names", "expression", 'before(after(groups, "cn="), ",")'),
        Rule("upper", "expression", "upper(groups)"),
        Rule("some", "attribute", "groups", only=tuple(f"cn=group-{n}*" for n in range(10))),
        Rule("role", "expression", 'if(groups contains "cn=group-99*", "admin", "member")'),
    )

    found = outcomes({"groups": groups}, [Level("site", ["groups"], rules)])

    assert [type(one) for one in found] == [Statement] * 4
