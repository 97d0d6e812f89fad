"""Rules as sentences, and how two versions of them differ. Pure."""

from collections.abc import Sequence

from idp.policy.access import conditions
from idp.policy.access.asked import METHODS, Names, lasting, listed
from idp.policy.access.outcome import Denied, Outcome
from idp.policy.access.rules import Answer, Effect, Mode, Rule, Rules
from idp.policy.signon import Decision, Strength

_MODES = {Mode.ON: "", Mode.REPORT_ONLY: " [report-only]", Mode.OFF: " [off]"}
_STRENGTHS = {
    Strength.PASSWORD: "",
    Strength.SECOND_STEP: "a second step",
    Strength.PHISHING_RESISTANT: "a phishing-resistant second step",
}


def sentences(rules: Rules, names: Names) -> tuple[str, ...]:
    """Return one sentence for each guard rail and rule, and one for the catch-all, in the order in which they count."""
    said = [f"guard rail “{rule.name}”{_MODES[rule.mode]}: {sentence(rule, names)}" for rule in rules.guards]
    said += [
        f"{place}. “{rule.name}”{_MODES[rule.mode]}: {sentence(rule, names)}"
        for place, rule in enumerate(rules.rules, start=1)
    ]
    return (*said, f"otherwise: {answer(rules.catch_all)}")


def sentence(rule: Rule, names: Names) -> str:
    """Return in words when a rule matches and what it answers."""
    asked = [condition.said(names) for condition in conditions.compiled(rule.conditions)]
    return f"{f'if {_joined(asked)}' if asked else 'always'}: {answer(rule.answer)}"


def demand(of: Decision) -> str:
    """Return in words what a decision asks for."""
    wanted = [_STRENGTHS[of.required] or "one step"]
    wanted += [listed(frozenset(methods), METHODS) for methods in of.any_of]
    age = "" if of.within is None else f", not older than {lasting(of.within)}"
    weak = " (a weak one suffices)" if of.weak_suffices and of.required is Strength.SECOND_STEP else ""
    return f"{' and '.join(wanted)}{weak}{age}"


def outcome(of: Outcome) -> str:
    """Return in words what an access policy says."""
    if isinstance(of, Denied):
        return f"deny (“{of.text}”)" if of.text else "deny"
    return "allow" if of.requires is None else f"require {_required(of.requires)}"


def _required(of: Decision) -> str:
    return answer(Answer(Effect.REQUIRE, of.required, frozenset().union(*of.any_of), of.within)).removeprefix(
        "require "
    )


def answer(of: Answer) -> str:
    """Return in words what a rule answers."""
    if of.effect is Effect.DENY:
        return f"deny (“{of.text}”)" if of.text else "deny"
    if of.effect is Effect.ALLOW:
        return "allow"
    wanted = [_STRENGTHS[of.strength]] if _STRENGTHS[of.strength] else []
    wanted += [listed(frozenset(of.methods), METHODS)] if of.methods else []
    words = " and ".join(wanted) or "a proof"
    return f"require {words}" + (f", not older than {lasting(of.within)}" if of.within is not None else "")


def differences(before: Rules, after: Rules, names: Names) -> tuple[str, ...]:
    """Return in words, one line a rule, what was added, removed and changed. Rules are told apart by their ids."""
    found: list[str] = []
    for kind, old, new in (("guard rail", before.guards, after.guards), ("rule", before.rules, after.rules)):
        found += _between(kind, old, new, names)
    if before.catch_all != after.catch_all:
        found.append(f"changed what holds otherwise: {answer(before.catch_all)} → {answer(after.catch_all)}")
    return tuple(found)


def _between(kind: str, before: Sequence[Rule], after: Sequence[Rule], names: Names) -> list[str]:
    old, new = {rule.id: rule for rule in before}, {rule.id: rule for rule in after}
    found = [f"added the {kind} {_whole(rule, names)}" for id_, rule in new.items() if id_ not in old]
    found += [f"removed the {kind} {_whole(rule, names)}" for id_, rule in old.items() if id_ not in new]
    for id_, rule in new.items():
        if id_ in old and old[id_] != rule:
            found.append(f"changed the {kind} {_whole(old[id_], names)} → {_whole(rule, names)}")
    stayed = [id_ for id_ in old if id_ in new]
    if kind == "rule" and stayed != [id_ for id_ in new if id_ in old]:
        found.append(f"changed the order of the rules: {', '.join(f'“{rule.name}”' for rule in after)}")
    return found


def _whole(rule: Rule, names: Names) -> str:
    return f"“{rule.name}”{_MODES[rule.mode]} ({sentence(rule, names)})"


def _joined(parts: Sequence[str]) -> str:
    return ", and ".join(parts)
