"""One rule changed at a time: everything else stays as it was."""

import pytest

from idp.base.errors import Conflict, NotFound
from idp.policy.access import editing
from idp.policy.access.rules import Answer, Effect, Mode, Rule, Rules

DENY = Answer(Effect.DENY)
GUARD = Rule("g", "guard", answer=DENY)
A, B, C = (Rule(name, name) for name in "abc")
RULES = Rules((GUARD,), (A, B, C))
NEW = Rule("n", "new")


def order(rules: Rules) -> str:
    return "".join(rule.id for rule in rules.rules)


def test_a_new_rule_comes_last_unless_it_is_to_be_first():
    assert order(editing.added(RULES, "rule", NEW)) == "abcn"
    assert order(editing.added(RULES, "rule", NEW, first=True)) == "nabc"


def test_a_new_guard_rail_is_none_of_the_rules():
    found = editing.added(RULES, "guard", NEW)

    assert (found.guards, found.rules) == ((GUARD, NEW), RULES.rules)


@pytest.mark.parametrize(
    ("rule_id", "by", "then"),
    [("a", 1, "bac"), ("c", -1, "acb"), ("c", -2, "cab"), ("a", -1, "abc"), ("c", 5, "abc"), ("b", 0, "abc")],
)
def test_a_rule_moves_as_far_as_there_is_room(rule_id, by, then):
    assert order(editing.moved(RULES, rule_id, by)) == then


def test_guard_rails_do_not_move():
    with pytest.raises(Conflict, match="no order"):
        editing.moved(RULES, "g", 1)


@pytest.mark.parametrize("rule_id", ["g", "b"])
def test_another_mode_changes_that_rule_alone(rule_id):
    found = editing.with_mode(RULES, rule_id, Mode.REPORT_ONLY)

    assert [rule.id for rule in (*found.guards, *found.rules) if rule.mode is Mode.REPORT_ONLY] == [rule_id]
    assert editing.with_mode(found, rule_id, Mode.ON) == RULES


def test_a_rule_is_replaced_where_it_stands():
    found = editing.changed(RULES, Rule("b", "renamed"))

    assert [rule.name for rule in found.rules] == ["a", "renamed", "c"]


def test_a_removed_rule_is_gone_and_no_other_one():
    assert order(editing.removed(RULES, "b")) == "ac"
    assert editing.removed(RULES, "g").guards == ()


@pytest.mark.parametrize("change", [editing.removed, editing.find, lambda r, i: editing.moved(r, i, 1)])
def test_a_rule_that_is_gone_is_not_there(change):
    with pytest.raises(NotFound):
        change(RULES, "x")


def test_the_catch_all_is_changed_alone():
    assert editing.with_catch_all(RULES, DENY) == Rules(RULES.guards, RULES.rules, DENY)
