"""Rules of an access policy, changed one at a time: each answers with new rules. Pure."""

from collections.abc import Callable
from dataclasses import replace

from idp.base.errors import Conflict, NotFound
from idp.policy.access.rules import Answer, Mode, Rule, Rules

GUARD, RULE = "guard", "rule"


def find(rules: Rules, rule_id: str) -> tuple[str, Rule]:
    """
    Return what a rule is (``guard`` or ``rule``), and the rule.

    Raises:
        NotFound: there is none of that id.
    """
    for kind, every in ((GUARD, rules.guards), (RULE, rules.rules)):
        for rule in every:
            if rule.id == rule_id:
                return kind, rule
    raise NotFound("There is no such rule any more.", field="rule", advice="Go back to the rules of the policy.")


def added(rules: Rules, kind: str, rule: Rule, *, first: bool = False) -> Rules:
    """Return *rules* with one more: a rule at the end, where it changes least, or *first*."""
    if kind == GUARD:
        return replace(rules, guards=(*rules.guards, rule))
    return replace(rules, rules=(rule, *rules.rules) if first else (*rules.rules, rule))


def changed(rules: Rules, rule: Rule) -> Rules:
    """
    Return *rules* with the one of the same id replaced by *rule*.

    Raises:
        NotFound: there is none.
    """
    find(rules, rule.id)
    return _each(rules, lambda one: rule if one.id == rule.id else one)


def removed(rules: Rules, rule_id: str) -> Rules:
    """
    Return *rules* without one.

    Raises:
        NotFound: there is none.
    """
    find(rules, rule_id)
    return replace(
        rules,
        guards=tuple(one for one in rules.guards if one.id != rule_id),
        rules=tuple(one for one in rules.rules if one.id != rule_id),
    )


def moved(rules: Rules, rule_id: str, by: int) -> Rules:
    """
    Return *rules* with a rule so many places further down (negative: up), as far as that goes.

    Raises:
        NotFound: there is none.
        Conflict: it is a guard rail: their order does not matter.
    """
    kind, rule = find(rules, rule_id)
    if kind == GUARD:
        raise Conflict("Guard rails have no order: each denies, whatever the others say.", field="rule")
    others = [one for one in rules.rules if one.id != rule_id]
    place = max(0, min(len(others), rules.rules.index(rule) + by))
    return replace(rules, rules=(*others[:place], rule, *others[place:]))


def with_mode(rules: Rules, rule_id: str, mode: Mode) -> Rules:
    """
    Return *rules* with one that counts, is in report-only, or is off.

    Raises:
        NotFound: there is none.
    """
    _, rule = find(rules, rule_id)
    return changed(rules, replace(rule, mode=mode))


def with_catch_all(rules: Rules, answer: Answer) -> Rules:
    """Return *rules* with another answer where none of them matches."""
    return replace(rules, catch_all=answer)


def _each(rules: Rules, change: Callable[[Rule], Rule]) -> Rules:
    return replace(rules, guards=tuple(map(change, rules.guards)), rules=tuple(map(change, rules.rules)))
