"""
Rules as sentences, and how two versions of them differ. Pure.

They are phrases (`base.texts`): in English as they stand, and a page says them in the language of its reader.
"""

from collections.abc import Sequence

from idp.base.texts import joined, phrase
from idp.policy.access import conditions
from idp.policy.access.asked import METHODS, Names, lasting, listed
from idp.policy.access.outcome import Denied, Outcome
from idp.policy.access.rules import Answer, Effect, Mode, Rule, Rules
from idp.policy.signon import Decision, Strength

_STRENGTHS = {
    Strength.SECOND_STEP: phrase("a second step"),
    Strength.PHISHING_RESISTANT: phrase("a phishing-resistant second step"),
}
_GUARD, _RULE = "guard rail", "rule"


def sentences(rules: Rules, names: Names) -> tuple[str, ...]:
    """Return one sentence for each guard rail and rule, and one for the catch-all, in the order in which they count."""
    said: list[str] = [
        phrase("guard rail %(rule)s: %(says)s", rule=called(rule.name, rule.mode), says=sentence(rule, names))
        for rule in rules.guards
    ]
    said += [
        phrase(
            "%(place)s. %(rule)s: %(says)s", place=place, rule=called(rule.name, rule.mode), says=sentence(rule, names)
        )
        for place, rule in enumerate(rules.rules, start=1)
    ]
    return (*said, phrase("otherwise: %(answer)s", answer=answer(rules.catch_all)))


def called(name: str, mode: Mode) -> str:
    """Return the name of a rule in quotes, and whether it does not count."""
    if mode is Mode.REPORT_ONLY:
        return phrase("“%(rule)s” [report-only]", rule=name)
    return phrase("“%(rule)s” [off]", rule=name) if mode is Mode.OFF else phrase("“%(rule)s”", rule=name)


def sentence(rule: Rule, names: Names) -> str:
    """Return in words when a rule matches and what it answers."""
    asked = [condition.said(names) for condition in conditions.compiled(rule.conditions)]
    if not asked:
        return phrase("always: %(answer)s", answer=answer(rule.answer))
    return phrase("if %(asked)s: %(answer)s", asked=joined(asked, ", and "), answer=answer(rule.answer))


def demand(of: Decision) -> str:
    """Return in words what a decision asks for."""
    wanted = [_STRENGTHS.get(of.required) or phrase("one step")]
    proofs = joined([*wanted, *(listed(frozenset(methods), METHODS) for methods in of.any_of)], " and ")
    if of.weak_suffices and of.required is Strength.SECOND_STEP:
        proofs = phrase("%(proofs)s (a weak one suffices)", proofs=proofs)
    if of.within is None:
        return proofs
    return phrase("%(proofs)s, not older than %(time)s", proofs=proofs, time=lasting(of.within))


def outcome(of: Outcome) -> str:
    """Return in words what an access policy says."""
    if isinstance(of, Denied):
        return _deny(of.text)
    if of.requires is None:
        return phrase("allow")
    wanted = of.requires
    return answer(Answer(Effect.REQUIRE, wanted.required, frozenset().union(*wanted.any_of), wanted.within))


def answer(of: Answer) -> str:
    """Return in words what a rule answers."""
    if of.effect is Effect.DENY:
        return _deny(of.text)
    if of.effect is Effect.ALLOW:
        return phrase("allow")
    wanted: list[str] = [_STRENGTHS[of.strength]] if of.strength in _STRENGTHS else []
    wanted += [listed(frozenset(of.methods), METHODS)] if of.methods else []
    proofs = joined(wanted, " and ") if wanted else phrase("a proof")
    if of.within is None:
        return phrase("require %(proofs)s", proofs=proofs)
    return phrase("require %(proofs)s, not older than %(time)s", proofs=proofs, time=lasting(of.within))


def _deny(text: str) -> str:
    return phrase("deny (“%(text)s”)", text=text) if text else phrase("deny")


def differences(before: Rules, after: Rules, names: Names) -> tuple[str, ...]:
    """Return in words, one line a rule, what was added, removed and changed. Rules are told apart by their ids."""
    found: list[str] = []
    for kind, old, new in ((_GUARD, before.guards, after.guards), (_RULE, before.rules, after.rules)):
        found += _between(kind, old, new, names)
    if before.catch_all != after.catch_all:
        old_answer, new_answer = answer(before.catch_all), answer(after.catch_all)
        found.append(phrase("changed what holds otherwise: %(old)s → %(new)s", old=old_answer, new=new_answer))
    return tuple(found)


def _between(kind: str, before: Sequence[Rule], after: Sequence[Rule], names: Names) -> list[str]:
    old, new = {rule.id: rule for rule in before}, {rule.id: rule for rule in after}
    found = [_added(kind, _whole(rule, names)) for id_, rule in new.items() if id_ not in old]
    found += [_removed(kind, _whole(rule, names)) for id_, rule in old.items() if id_ not in new]
    for id_, rule in new.items():
        if id_ in old and old[id_] != rule:
            found.append(_changed(kind, _whole(old[id_], names), _whole(rule, names)))
    stayed = [id_ for id_ in old if id_ in new]
    if kind is _RULE and stayed != [id_ for id_ in new if id_ in old]:
        order = joined([called(rule.name, Mode.ON) for rule in after], ", ")
        found.append(phrase("changed the order of the rules: %(order)s", order=order))
    return found


def _added(kind: str, whole: str) -> str:
    if kind is _GUARD:
        return phrase("added the guard rail %(rule)s", rule=whole)
    return phrase("added the rule %(rule)s", rule=whole)


def _removed(kind: str, whole: str) -> str:
    if kind is _GUARD:
        return phrase("removed the guard rail %(rule)s", rule=whole)
    return phrase("removed the rule %(rule)s", rule=whole)


def _changed(kind: str, old: str, new: str) -> str:
    if kind is _GUARD:
        return phrase("changed the guard rail %(old)s → %(new)s", old=old, new=new)
    return phrase("changed the rule %(old)s → %(new)s", old=old, new=new)


def _whole(rule: Rule, names: Names) -> str:
    return phrase("%(rule)s (%(says)s)", rule=called(rule.name, rule.mode), says=sentence(rule, names))
